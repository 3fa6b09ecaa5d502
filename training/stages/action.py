"""The action stage: Pose-DiT learns the poses of steps, on the frozen encoder and, if asked, the LLM.

By rectified flow, or as one of the baselines (``head``)."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace

import numpy as np
import torch

from moe3d_ros.model.action.anchors import anchor_inputs, step_condition
from moe3d_ros.model.action.pose_dit import pose_loss
from moe3d_ros.model.action.rectified_flow import nearest_index
from moe3d_ros.model.action.symmetry import TOP_DOWN, quarter_turns
from moe3d_ros.model.language.packing import object_index, pack, step_states
from moe3d_ros.model.perception.objects import ObjectSet, from_detections
from moe3d_ros.model.perception.patches import PatchBatch, make_patches
from moe3d_ros.model.policy import build_model
from moe3d_ros.tabletop.scenes.batch import SceneBatch
from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from moe3d_ros.tabletop.tasks.single_step import random_step
from moe3d_ros.world.geometry import symmetric_angle_error, tool_angle, yaw_of
from training.data.datasets.demonstrations import Demonstrated, DemonstrationMixture
from training.data.mixture import sample_mixture
from training.data.side_steps import random_side_step
from training.data.sixd_data import is_sixd, random_sixd_step
from training.data.targets import PoseTargets, SceneStep, pose_targets
from training.data.texts import StepText
from training.engine.state import load_matching
from training.stages.detection import visible_objects
from training.stages.language import LanguageTask
from training.stages.matching import nearest_slots
from training.stages.settings import ActionStage


@dataclass
class ActionBatch:
    """Scenes and the poses to be learnt in them.

    Attributes:
        scenes: generated ones, or the objects of demonstrations.
        texts: of one step each behind every scene, where the LLM is read.
    """

    scenes: SceneBatch | Demonstrated
    patches: PatchBatch
    targets: PoseTargets
    texts: list[list[StepText]] | None = None


class ActionTask:
    """Poses of random steps (no LLM), or of instructed ones with the frozen LLM's step states."""

    def __init__(self, config: ActionStage):
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self.config = config
        self.mixture = DemonstrationMixture(config.data, config.model) if config.data else None
        self.language: LanguageTask | None = None
        torch.manual_seed(config.seed)
        if config.with_llm:
            self.language = LanguageTask(config.language_stage())
            self.language.model.requires_grad_(False)
        self.identity = {"pose head": config.model.pose_head} | (self.language.identity if self.language else {})
        llm_width = self.language.model.width if self.language else config.llm_width
        built = build_model(config.model, ("encoder", "pose"), llm_width=llm_width)
        self.encoder, self.pose = built.encoder.eval().requires_grad_(False), built.pose
        modules = {"encoder": self.encoder, "pose": self.pose}
        if self.language:
            modules |= {"language": self.language.model, "objects": self.language.model.objects}
        if config.fresh_pose:
            del modules["pose"]
        load_matching(modules, config.init or "", self.identity)
        if self.pose.sides is not None:
            self.pose.requires_grad_(False)
            self.pose.sides.requires_grad_(True)
        for helper in (self.encoder, self.language and self.language.model):
            if helper:
                helper.to(config.device)

    def module(self) -> torch.nn.Module:
        return self.pose

    def make_batch(self, seed: int) -> ActionBatch:
        generator = torch.Generator().manual_seed(seed)
        rng = np.random.default_rng(seed)
        if self.mixture and rng.random() < self.config.data_share:
            demonstrated, patches, steps = self.mixture.batch(self.config.batch_size, rng)
            return ActionBatch(demonstrated, patches, pose_targets(steps, 1))
        scenes, moments = sample_mixture(
            self.config.batch_size,
            self.config.long_tasks,
            replace(TRAINING_RANGE, known=self.config.model.encoder.kinds),
            rng,
            generator,
            self.config.sixd,
            self.config.long_names or (),
        )
        cloud = sense(scenes, SensorRange(), generator)
        model = self.config.model
        patches = make_patches(
            cloud.scene, cloud.points, cloud.colors, len(scenes), model.patches, model.workspace, cloud.slot
        )
        scenes.exists &= visible_objects(scenes, cloud.scene, cloud.slot)
        if self.language:
            texts = [self._texts(scenes, index, moment, rng) for index, moment in enumerate(moments)]
            steps = [[text.step for text in row] for row in texts]
        else:
            texts, steps = None, []
            for index in range(len(scenes)):
                scene, slots = scenes.scene(index)
                draw = self._drawn(scene)
                drawn = [draw(scene, rng) for _ in range(self.config.pairs)]
                steps.append([SceneStep(step, slots) for step in drawn if step is not None])
        return ActionBatch(scenes, patches, pose_targets(steps, self.config.pairs), texts)

    def _drawn(self, scene):
        """The drawing of random steps in a scene."""
        if self.config.model.pose_sides:
            return random_side_step
        return random_sixd_step if is_sixd(scene) else random_step

    def _texts(self, scenes, index: int, moment, rng) -> list[StepText]:
        """Texts of one step behind a scene, with their steps."""
        assert self.language is not None
        writer = self.language.writer
        scene, named = scenes.scene(index)
        drawn = [writer.single_step(scene, named, rng) for _ in range(self.config.pairs - 1)]
        if moment and moment.steps:
            slots = list(range(len(moment.scene.objects)))
            drawn.append(writer.for_pose(writer.long(moment, slots, rng, most=1), moment.steps[0], slots))
        else:
            drawn.append(writer.single_step(scene, named, rng))
        return [text for text in drawn if text is not None]

    def loss(self, batch: ActionBatch) -> tuple[torch.Tensor, dict[str, float]]:
        scenes, patches, targets = batch.scenes, batch.patches, batch.targets
        slots, valid = targets.slots, targets.valid
        with torch.no_grad():
            encoded, found = self.encoder(patches)
            objects = from_detections(found)
            if isinstance(scenes, Demonstrated):
                slot = scenes.nearest_slots(objects)
            else:
                slot = nearest_slots(objects, scenes)
            condition = self._conditions(objects, slot, batch.texts, valid)
            index = object_index(slots.flatten(1), slot).view_as(slots)
            second = object_index(targets.second, slot)
        draws = self.config.draws
        if self.language:  # now and then the poses must be found from the step's state alone
            index = index.masked_fill(torch.rand(index.shape, device=index.device) < 0.05, -1)
        anchors = anchor_inputs(objects, index, targets.side, second)
        if not self.language:  # without a state, a step whose objects the encoder missed cannot be known
            valid = valid & (index >= 0).all(-1) & ((second >= 0) | (targets.second < 0))

        def repeat(value):
            return value.repeat_interleave(draws, dim=1)

        target = self.pose.normalize(targets.positions, anchors.turn().mT @ targets.matrices)  # (B, M, 2, 9)
        target, seen = repeat(target), repeat(anchors.positions)
        noise = self.pose.draw_noise(target.shape[:2], seen)
        if self.config.symmetric:
            target = self._equally_right(target, noise)
        head = self.pose.head
        t = head.times(torch.rand(target.shape[:2], device=target.device))
        if self.config.from_start:
            t = t.masked_fill(torch.rand_like(t) < self.config.from_start, 1.0)
        assert patches.labels is not None  # training's patches have them
        marked = (patches.labels[:, None, None] == slots[..., None]) & (slots[..., None] >= 0)
        marked = repeat(marked)
        output = self.pose(
            head.corrupt(target, noise, t),
            t,
            repeat(condition),
            encoded,
            patches.centroids,
            patches.mask,
            anchors=seen,
            anchor_features=repeat(anchors.features),
            pointer_target=marked,
            tilt=None if anchors.normal is None else repeat(anchors.tilt()),
            side=repeat(targets.side),
        )
        error = head.error(output.data - target, t)
        loss, parts = pose_loss(output, target, marked, valid=repeat(valid), error=error)
        figures = {name: float(value) for name, value in parts.items()}
        figures |= self._accuracy(output.data.detach(), target, t, repeat(valid))
        figures["loss"] = float(loss.detach())
        return loss, figures

    def _equally_right(self, target, noise):
        """The turn of the tool to learn, of the four (B, M, 2, 9): the nearest to the noise, or, for a head without
        noise, to the object's heading."""
        if not self.pose.head.noisy:
            noise = torch.zeros_like(noise)
            noise[..., 3:] = torch.tensor(TOP_DOWN)
        turns = quarter_turns(target)  # (B, M, 4, 2, 9)
        chosen = nearest_index(turns.flatten(-2), noise.flatten(-2))
        return turns.gather(2, chosen[..., None, None, None].expand(-1, -1, 1, 2, 9))[:, :, 0]

    def _conditions(self, objects: ObjectSet, slot, texts, valid) -> torch.Tensor:
        width = self.pose.config.condition_width
        condition = torch.zeros(*valid.shape, width, device=valid.device)
        if texts is not None and self.language is not None:
            model = self.language.model
            _, tokens = model.objects(objects)
            packed = pack(model, tokens, objects, slot, [[text.text for text in row] for row in texts])
            penultimate = self.language.run(packed)[1]
            condition[valid] = step_condition(step_states(penultimate, packed))
        return condition

    def _accuracy(self, data, target, t, valid) -> dict[str, float]:
        """Errors of the estimate at high noise, which is what one-step sampling returns."""
        high = valid & (t > 0.8)
        if not bool(high.any()):
            return {}
        position, rotation = self.pose.denormalize(data[high])
        truth, matrix = self.pose.denormalize(target[high])
        error = (position - truth).norm(dim=-1)
        turn = tool_angle(rotation.cpu().numpy(), matrix.cpu().numpy())
        lean = {
            f"{end}_turn_deg": math.degrees(float(np.median(turn[:, i]))) for i, end in enumerate(("pick", "place"))
        }
        turn = symmetric_angle_error(yaw_of(rotation.cpu().numpy()), yaw_of(matrix.cpu().numpy()), math.pi / 2)
        return lean | {
            "pick_15mm": float((error[:, 0] < 0.015).float().mean()),
            "place_20mm": float((error[:, 1] < 0.02).float().mean()),
            "pick_mm": 1000 * float(error[:, 0].median()),
            "place_mm": 1000 * float(error[:, 1].median()),
            "yaw_10deg": float((turn[:, 0] < math.radians(10)).mean()),
            "place_yaw_10deg": float((turn[:, 1] < math.radians(10)).mean()),
        }
