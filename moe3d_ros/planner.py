"""The facade: a cloud and an instruction in, a plan with 6D poses out; torch and numpy, no ROS."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from moe3d_ros.model.action.anchors import anchor_inputs, step_condition
from moe3d_ros.model.action.free_spots import free_spot
from moe3d_ros.model.action.pose_dit import sample_poses
from moe3d_ros.model.checkpoint import CheckpointError, checkpoint_checksum, load_checkpoint
from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.interrupt import Stopped, interruptible
from moe3d_ros.model.language.answering import generate_answer
from moe3d_ros.model.language.base_llm import load_base_for_serving
from moe3d_ros.model.language.grammar import parse_step
from moe3d_ros.model.language.writing import GeneratedStep, generate_plan, names_of
from moe3d_ros.model.perception.objects import ObjectSet, from_detections
from moe3d_ros.model.perception.patches import single_cloud_patches
from moe3d_ros.model.policy import ThreeDMoE, WithoutInitialization
from moe3d_ros.plan import Action, ErrorCode, Plan, PlanningError, check_text
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.footprints import circle_radius
from moe3d_ros.world.geometry import pose_from_matrix
from moe3d_ros.world.vocabulary import kinds_that
from moe3d_ros.world.workspace import Workspace

CHECKPOINTS = Path(__file__).parent / "checkpoints"


class Planner:
    """3D-MoE, ready to plan. Build it with :meth:`from_pretrained`.

    Attributes:
        workspace: box in the planning frame that plans are made for, metres.
        voxel_size: edge length of the voxels that the model was trained on, metres.
        name: of the checkpoint.
        checksum: sha256 that stands for the checkpoint's files.
    """

    def __init__(self, model: ThreeDMoE, checksum: str = "", device: str = "cpu"):
        self.model = model.to(device).eval()
        self.device = device
        self.checksum = checksum
        self.name = model.config.name
        self.workspace: Workspace = model.config.workspace
        self.voxel_size = model.config.patches.voxel_size

    @classmethod
    def from_pretrained(
        cls, path_or_name: str = "default", device: str = "cpu", base_llm: str | None = None
    ) -> Planner:
        """Load a checkpoint folder, or one that ships with the package by its name.

        Args:
            base_llm: local Hugging Face folder to use instead of the base that the checkpoint names.

        Raises:
            CheckpointError: the checkpoint is missing, damaged, or does not fit the base LLM.
            BaseModelError: the base LLM is missing or damaged. Each message says what to do.
        """
        folder = Path(path_or_name).expanduser()
        if not folder.is_dir() and (CHECKPOINTS / path_or_name).is_dir():
            folder = CHECKPOINTS / path_or_name
        if not folder.is_dir():
            shipped = sorted(path.name for path in CHECKPOINTS.glob("*") if path.is_dir())
            raise CheckpointError(
                f"There is no checkpoint folder {path_or_name!r}, and none of that name ships with the package "
                f"({', '.join(shipped) or 'none'}): train one or give a folder."
            )
        values, tensors = load_checkpoint(folder)
        try:
            config = ModelConfig.from_dict(values)
        except ValueError as error:
            raise CheckpointError(f"The checkpoint {folder} cannot be used: {error}.") from error
        base = base_llm or config.language.base
        if base_llm is None and (folder / base).is_dir():  # a base that travels with the checkpoint
            base = str(folder / base)
        llm, tokenizer, revision = load_base_for_serving(base)
        if config.language.revision and revision != config.language.revision:
            raise CheckpointError(
                f"The checkpoint {folder} was trained on another base LLM than {base} (revision "
                f"{config.language.revision[:12]}, found {revision[:12]}): its adapters would only do harm."
            )
        with WithoutInitialization():
            model = ThreeDMoE(config, llm, tokenizer, adapted=False)
        model.load_for_serving(tensors)
        return cls(model.requires_grad_(False), checkpoint_checksum(folder), device)

    @torch.no_grad()
    def plan(
        self, points, colors, instruction: str, completed=(), max_steps: int = 8, on_progress=None, should_stop=None
    ) -> Plan:
        """Plan from one look at the scene.

        Args:
            points: (N, 3) float32 metres in the planning frame; rows that are not finite are ignored.
            colors: (N, 3) uint8 RGB; None for a cloud without colour, which makes colour words guesswork.
            instruction: what should happen, in English, 1 to 1000 characters.
            completed: texts of the steps that are done already.
            max_steps: most steps to plan.
            on_progress: called as ``on_progress(stage, partial_text)``.
            should_stop: asked between the layers of the networks; when it returns True, planning ends with CANCELLED.

        Raises:
            PlanningError: with the code that says why there is no plan.
        """
        instruction = check_text(instruction)
        watch = _Stopwatch(on_progress)
        with self._stopping(should_stop):
            with watch("voxels"):
                patches = self._patches(points, colors)
            with watch("encode"):
                encoded, objects = self._see(patches)
            with watch("language"):
                steps, end, _ = generate_plan(
                    self.model.language,
                    objects,
                    instruction,
                    tuple(completed),
                    max_steps,
                    on_text=lambda text: watch.report("language", text),
                    should_stop=should_stop,
                )
            if end == "cannot":
                raise refusal(instruction, objects)
            with watch("poses"):
                actions = self._actions(steps, encoded, patches, objects)
        return Plan(instruction, actions, end == "done" and not actions, watch.seconds)

    @torch.no_grad()
    def answer(self, points, colors, question: str, should_stop=None) -> str:
        """Answer a question about the scene in a few words; arguments and errors as in :meth:`plan`."""
        question = check_text(question, "question")
        with self._stopping(should_stop):
            return generate_answer(self.model.language, self.see(points, colors), question)

    @torch.no_grad()
    def see(self, points, colors) -> ObjectSet:
        """The objects that the encoder finds in a cloud, a batch of one; arguments and errors as in :meth:`plan`."""
        return self._see(self._patches(points, colors))[1]

    @contextmanager
    def _stopping(self, should_stop):
        """Context: the networks stop between two layers once ``should_stop()`` is true."""
        encoder, decoder = self.model.encoder, self.model.language.llm.get_decoder()
        layers = (*encoder.patches.layers, *encoder.decoder, *decoder.layers, *self.model.pose.blocks)
        try:
            with interruptible(layers, should_stop):
                yield
        except Stopped:
            raise PlanningError(ErrorCode.CANCELLED, "Planning was cancelled; nothing was published.") from None

    def _patches(self, points, colors):
        points = np.asarray(points, dtype=np.float32)
        if points.ndim != 2 or points.shape[1] != 3:
            raise ValueError(f"points must be (N, 3), got {points.shape}")
        if colors is not None and np.shape(colors) != points.shape:
            raise ValueError(f"colors must be {points.shape} like the points, got {np.shape(colors)}")
        config = self.model.config
        voxels, shades = voxelize(points, colors, self.voxel_size, self.workspace, config.patches.margin)
        if len(voxels) == 0:
            raise PlanningError(
                ErrorCode.EMPTY_WORKSPACE,
                f"None of the {len(points)} points lies in the workspace {self.workspace.low} to {self.workspace.high} m "
                "of the planning frame: check the camera's transform and what it looks at.",
            )
        return single_cloud_patches(voxels, shades, config.patches, self.workspace, self.device)

    def _see(self, patches):
        if not bool(patches.mask.any()):
            raise PlanningError(
                ErrorCode.EMPTY_WORKSPACE, "Only a bare table is in the workspace: put something there, or look again."
            )
        encoded, found = self.model.encoder(patches)
        objects = from_detections(found)
        if not bool(objects.mask.any()):
            raise PlanningError(
                ErrorCode.EMPTY_WORKSPACE,
                "No object is recognised in the workspace: check light, camera and transform.",
            )
        return encoded, objects

    def _actions(self, steps: list[GeneratedStep], encoded, patches, objects: ObjectSet) -> tuple[Action, ...]:
        if not steps:
            return ()
        model = self.model
        index = torch.tensor([step.state.chosen for step in steps], device=objects.mask.device)  # (M, 2)
        anchors = anchor_inputs(objects, index[None])
        condition = step_condition(torch.stack([step.state.state for step in steps]))[None]
        generator = torch.Generator(self.device).manual_seed(0)  # the same cloud gives the same poses
        positions, rotations = sample_poses(
            model.pose,
            condition,
            encoded,
            patches.centroids,
            patches.mask,
            anchors=anchors.positions,
            anchor_features=anchors.features,
            tilt=anchors.tilt(),
            steps=model.config.pose_steps,
            draws=model.config.pose_draws,
            generator=generator,
        )
        positions, rotations = positions[0].cpu().numpy(), (anchors.turn() @ rotations)[0].cpu().numpy()
        self._check_reachable(positions, rotations)
        self._keep_free(steps, positions, objects)
        actions = []
        for number, step in enumerate(steps):
            target, destination = parse_step(step.text)
            pick, place = (pose_from_matrix(positions[number, i], rotations[number, i]) for i in (0, 1))
            confidence = model.config.calibrated(step_confidence(step))
            actions.append(Action(number, "pick_place", target, destination, pick, place, confidence, step.text))
        return tuple(actions)

    def _keep_free(self, steps: list[GeneratedStep], positions: np.ndarray, objects: ObjectSet) -> None:
        """Move places on the table (M, 2, 3), in place, that what is seen there, or an earlier step puts there, is in the way of.

        What goes in or on another thing stays where Pose-DiT puts it.
        """
        count = int(objects.mask[0].sum())
        centers, half = (value[0, :count].cpu().double().numpy() for value in (objects.center, objects.half))
        kinds = objects.kind[0, :count].argmax(-1).cpu().numpy()
        radii = circle_radius(half, np.isin(kinds, kinds_that(lambda kind: kind.round)))
        centers, solid = centers[:, :2].copy(), ~np.isin(kinds, kinds_that(lambda kind: kind.flat))
        for step, (_, place) in zip(steps, positions):
            pick, goal = step.state.chosen
            if pick < count and goal == count:
                others = solid & (np.arange(count) != pick)
                area = parse_step(step.text)[1].removeprefix("on the ")
                place[:2] = free_spot(
                    place[:2],
                    radii[pick],
                    centers[others],
                    radii[others],
                    self.workspace,
                    area if area in AREAS else "",
                )
            if pick < count:
                centers[pick] = place[:2]

    def _check_reachable(self, positions: np.ndarray, rotations: np.ndarray) -> None:
        if not (np.isfinite(positions).all() and np.isfinite(rotations).all()):
            raise PlanningError(ErrorCode.MODEL, "The model gave poses that are not finite: report the cloud as a bug.")
        outside = ~self.workspace.contains(positions)
        if outside.any():
            where = np.round(positions[outside][0], 3).tolist()
            raise PlanningError(
                ErrorCode.OUTSIDE_WORKSPACE,
                f"A planned pose at {where} m lies outside the workspace {self.workspace.low} to {self.workspace.high}: "
                "nothing was published. Move the objects towards its middle, or enlarge the workspace.",
            )


def step_confidence(step: GeneratedStep) -> float:
    """Probability of a step's words and of the objects pointed at, in [0, 1], before the checkpoint's calibration."""
    pointer = step.state.pointer.softmax(-1)  # (2, n + 1)
    chance = pointer.gather(-1, torch.tensor(step.state.chosen, device=pointer.device)[:, None])
    return min(max(step.probability * float(chance.prod()), 0.0), 1.0)


def refusal(instruction: str, objects: ObjectSet) -> PlanningError:
    """The error that says that an instruction cannot be done, and what there is."""
    return PlanningError(
        ErrorCode.BAD_INSTRUCTION,
        f"{instruction!r} cannot be done here: the planner sees {describe(objects)}. Name things that are there.",
    )


def describe(objects: ObjectSet) -> str:
    """What the encoder found, in words, from left to right."""
    seen = [names_of(objects, column) for column in torch.nonzero(objects.mask[0]).flatten().tolist()]
    return ", ".join(f"a {color} {kind}" for kind, color, _ in seen)


class _Stopwatch:
    """Seconds spent per stage, and the caller's progress function."""

    def __init__(self, on_progress):
        self.seconds: dict[str, float] = {}
        self._on_progress = on_progress

    def report(self, stage: str, text: str = "") -> None:
        if self._on_progress is not None:
            self._on_progress(stage, text)

    @contextmanager
    def __call__(self, stage: str):
        self.report(stage)
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start
