"""The facade: a cloud and an instruction in, a plan with 6D poses out; torch and numpy, no ROS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike

from moe3d_ros.look import Decision, Look, stopping
from moe3d_ros.model.checkpoint import CheckpointError, checkpoint_checksum, load_checkpoint
from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.detected.given_things import Given, with_given
from moe3d_ros.model.detected.label_words import Asked
from moe3d_ros.model.language.base_llm import load_base_for_serving
from moe3d_ros.model.language.deciding import first_decisions
from moe3d_ros.model.language.form_head import heard_forms
from moe3d_ros.model.llm_weights import AUTO, FLOAT32, convert_llm, served_weights
from moe3d_ros.model.perception.encoder import Detections
from moe3d_ros.model.perception.objects import ObjectSet, from_detections
from moe3d_ros.model.perception.patches import PatchBatch, make_patches, single_cloud_patches
from moe3d_ros.model.policy import ThreeDMoE, WithoutInitialization, check_revision
from moe3d_ros.model.reasoning.decider import Choice
from moe3d_ros.plan import ErrorCode, Plan, PlanningError, check_text
from moe3d_ros.pose_limits import check_inside
from moe3d_ros.posing import EncodedScene
from moe3d_ros.sensing.expectations import WITHHOLD, Unexpected, measure
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.stopwatch import Stopwatch
from moe3d_ros.world.named_things import NamedThing
from moe3d_ros.world.vocabulary import KINDS
from moe3d_ros.world.workspace import Workspace

CHECKPOINTS = Path(__file__).parent / "checkpoints"


def checkpoint_folder(path_or_name: str) -> Path:
    """Folder of a checkpoint, or of one that ships with the package by its name. Raises CheckpointError if there is neither."""
    folder = Path(path_or_name).expanduser()
    if not folder.is_dir() and (CHECKPOINTS / path_or_name).is_dir():
        folder = CHECKPOINTS / path_or_name
    if not folder.is_dir():
        shipped = sorted(path.name for path in CHECKPOINTS.glob("*") if path.is_dir())
        raise CheckpointError(
            f"There is no checkpoint folder {path_or_name!r}, and none of that name ships with the package "
            f"({', '.join(shipped) or 'none'}): train one or give a folder."
        )
    return folder


class Planner:
    """3D-MoE, ready to plan. Build it with :meth:`from_pretrained`.

    Attributes:
        workspace: box in the planning frame that no planned pose leaves, metres; a part of ``model_workspace``.
        model_workspace: box that the model was trained for and sees, metres.
        voxel_size: edge length of the voxels that the model was trained on, metres.
        margin: how far beyond its box the model sees, metres.
        kinds: names of the kinds of things that the checkpoint knows.
        config: all of what the checkpoint's config.json says.
        name: of the checkpoint.
        checksum: sha256 that stands for the checkpoint's files.
        llm_weights: number format that the LLM serves in: float32, bfloat16 or int8.
        pose_tolerance: metres outside the workspace up to which a pose is set on its face, which is said in the plan's
            notes; 0 for none: then every pose outside is refused.
        table_height: WITHHOLD, or WARN_ONLY, for a cloud whose table is 8 mm too low, 1 cm too high or 2 degrees off (sensing/expectations.py).
    """

    def __init__(
        self,
        model: ThreeDMoE,
        checksum: str = "",
        device: str = "cpu",
        workspace: Workspace | None = None,
        pose_tolerance: float = 0.0,
        llm_weights: str = FLOAT32,
    ):
        self.model = model.to(device).eval()
        self.decider, self.answering = model.decider(), model.answering()
        self.device = device
        self.checksum, self.llm_weights = checksum, llm_weights
        self.pose_tolerance = pose_tolerance
        self.table_height = WITHHOLD
        self.config = config = model.config
        self.name = config.name
        self.model_workspace: Workspace = config.workspace
        self.workspace = workspace or config.workspace
        self.voxel_size, self.margin = config.patches.voxel_size, config.patches.margin
        self.kinds: tuple[str, ...] = KINDS[: config.encoder.kinds]
        check_inside(self.workspace, self.model_workspace)

    @classmethod
    def from_pretrained(
        cls,
        path_or_name: str = "default",
        device: str = "cpu",
        base_llm: str | None = None,
        workspace: Workspace | None = None,
        pose_tolerance: float = 0.0,
        llm_weights: str = AUTO,
    ) -> Planner:
        """Load a checkpoint folder, or one that ships with the package by its name.

        Args:
            base_llm: local Hugging Face folder to use instead of the base that the checkpoint names.
            workspace, pose_tolerance: as the attributes; None for all of the box that the model was trained for.
            llm_weights: one of LLM_WEIGHTS (`model/llm_weights.py`): auto, bfloat16 on CPUs that multiply in it and float32
                elsewhere; int8 is for other CPUs, smaller and faster than float32 there.

        Raises:
            ValueError: the workspace is no part of that box, or the weights are none that the device or the LLM can have.
            CheckpointError: the checkpoint is missing, damaged, or does not fit the base LLM.
            BaseModelError: the base LLM is missing or damaged. Each message says what to do.
        """
        weights = served_weights(llm_weights, device)
        folder = checkpoint_folder(path_or_name)
        values, tensors = load_checkpoint(folder)
        try:
            config = ModelConfig.from_dict(values)
        except ValueError as error:
            raise CheckpointError(f"The checkpoint {folder} cannot be used: {error}.") from error
        base = base_llm or config.language.base
        if base_llm is None and (folder / base).is_dir():  # a base that travels with the checkpoint
            base = str(folder / base)
        llm, tokenizer, revision = load_base_for_serving(base)
        check_revision(config, revision, base)
        with WithoutInitialization():
            model = ThreeDMoE(config, llm, tokenizer, adapted=False)
        model.load_for_serving(tensors)
        convert_llm(llm, weights, config)
        return cls(model.requires_grad_(False), checkpoint_checksum(folder), device, workspace, pose_tolerance, weights)

    def plan(
        self,
        points: np.ndarray,
        colors: np.ndarray | None,
        instruction: str,
        completed: Sequence[str] = (),
        max_steps: int = 8,
        on_progress: Callable[[str, str], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        things: Sequence[NamedThing] = (),
    ) -> Plan:
        """Look at the scene and plan.

        Args:
            points: (N, 3) float32 metres in the planning frame; rows that are not finite are ignored.
            colors: (N, 3) uint8 RGB; None for a cloud without colour, which makes colour words guesswork.
            instruction: what should happen, in English, 1 to 1000 characters.
            completed: texts of the steps that are done already.
            max_steps: most steps to plan.
            on_progress: called as ``on_progress(stage, partial_text)``.
            should_stop: asked between the layers of the networks; when it returns True, planning ends with CANCELLED.
            things: that a detector of the user has found in this scene; their labels are names of things in the
                instruction and in the plan. See docs/detectors.md.

        Raises:
            PlanningError: with the code that says why there is no plan.
        """
        check_text(instruction)  # before anything is computed
        look = self.look(points, colors, on_progress, should_stop, things)
        return look.plan(instruction, completed, max_steps, on_progress, should_stop)

    def answer(
        self,
        points: np.ndarray,
        colors: np.ndarray | None,
        question: str,
        should_stop: Callable[[], bool] | None = None,
    ) -> str:
        """Look at the scene and answer a question in a few words; arguments and errors as in :meth:`plan`."""
        check_text(question, "question")
        return self.look(points, colors, should_stop=should_stop).answer(question, should_stop)

    @torch.no_grad()
    def look(
        self,
        points: np.ndarray,
        colors: np.ndarray | None,
        on_progress: Callable[[str, str], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        things: Sequence[NamedThing] = (),
    ) -> Look:
        """See a cloud once, for any number of plans and answers; arguments as in :meth:`plan`.

        Raises:
            PlanningError: EMPTY_WORKSPACE where there is nothing to see, CANCELLED.
        """
        watch = Stopwatch(on_progress)
        with stopping(self.model, should_stop):
            with watch("voxels"):
                note = self._check_table(points)
                patches = self._patches(points, colors)
            with watch("encode"):
                (scene,), found = self._see(patches)
                seen = Given(from_detections(found).row(0))
                if things:
                    seen = with_given(seen.objects, found, things, np.asarray(points), colors, self.model_workspace)
        look = Look(self, seen.objects, scene, labels=seen.labels)
        look.notes = (note, *seen.notes) if note else seen.notes
        look.check_something_seen()
        look.latency_s = watch.seconds
        return look

    @torch.no_grad()
    def looks(self, scene: torch.Tensor, points: torch.Tensor, colors: torch.Tensor, count: int) -> tuple[Look, ...]:
        """See ``count`` clouds in one batch; a look in which nothing is recognised has no objects.

        Args:
            scene: (P,) long, the cloud of each point. points: (P, 3) metres, finite. colors: (P, 3) in [0, 1].
        """
        scene, points, colors = (values.to(self.device) for values in (scene, points, colors))
        patches = make_patches(scene, points, colors, count, self.config.patches, self.model_workspace)
        scenes, found = self._see(patches)
        objects = from_detections(found)
        return tuple(Look(self, objects.row(number), seen) for number, seen in enumerate(scenes))

    def look_at_objects(self, objects: ObjectSet, labels: Sequence[str] = ()) -> Look:
        """A look at objects that are given instead of seen (a batch of one): it decides and answers, without poses.

        Args:
            labels: of each object, as of a :class:`NamedThing`; empty for none.
        """
        return Look(self, objects, labels=labels)

    def first_decisions(
        self, looks: Sequence[Look], asked: Sequence[Sequence[tuple[str, Sequence[str]]]]
    ) -> list[list[tuple[str, float]]]:
        """Begin a step or end the plan: what is likeliest for each instruction, in one batch.

        Args:
            asked: of each look, instructions with the texts of the steps that are done.

        Returns:
            of each look and instruction ``step``, ``done`` or ``cannot`` and its probability.
        """
        if self.decider is None:
            return first_decisions(self.model.language, ObjectSet.stacked([look.found() for look in looks]), asked)
        choices = iter(self._choices([look.asked(*one) for look, group in zip(looks, asked) for one in group]))
        return [[(choice.end, choice.probability) for choice in islice(choices, len(group))] for group in asked]

    def decisions(self, looks: Sequence[Look], asked: Sequence[tuple[str, Sequence[str]]]) -> list[Decision]:
        """Decide on the first step of each look, or on an end, as :meth:`Look.decide`; in one batch where there is a reasoner.

        The words of the steps are then those of what is seen, which the LLM did not read.

        Args:
            asked: of each look an instruction, with the texts of the steps that are done.
        """
        if self.decider is None:
            return [look.decide(*one) for look, one in zip(looks, asked)]
        choices = self._choices([look.asked(*one) for look, one in zip(looks, asked)])
        return [look.decided(choice) for look, choice in zip(looks, choices)]

    def _choices(self, asked: Sequence[Asked]) -> list[Choice]:
        """Choices of the reasoner, in one batch."""
        if self.decider is None or not asked:
            return []
        objects = ObjectSet.stacked([one.objects for one in asked])
        return self.decider.choose(objects, [(one.text, one.completed) for one in asked], [one.told for one in asked])

    def heard_forms(self, instructions: Sequence[str]) -> list[list[float]]:
        """Probability of each form of ``config.form.classes`` for each instruction. Raises ValueError without such a head."""
        if self.model.form is None:
            raise ValueError(f"The checkpoint {self.name} has no head that hears an instruction's form.")
        return heard_forms(self.model.form, self.model.language, instructions).tolist()

    @property
    def decided_noise(self) -> bool:
        """Noise of poses that is decided between equally right turns (action/symmetry.py); by the checkpoint at first."""
        return self.model.pose.config.decided

    @decided_noise.setter
    def decided_noise(self, decided: bool) -> None:
        self.model.pose.config = replace(self.model.pose.config, decided=decided)

    def _patches(self, points: np.ndarray, colors: np.ndarray | None) -> PatchBatch:
        points = np.asarray(points, dtype=np.float32)
        if points.ndim != 2 or points.shape[1] != 3:
            raise ValueError(f"points must be (N, 3), got {points.shape}")
        if colors is not None and np.shape(colors) != points.shape:
            raise ValueError(f"colors must be {points.shape} like the points, got {np.shape(colors)}")
        box = self.model_workspace
        voxels, shades = voxelize(points, colors, self.voxel_size, box, self.margin)
        if len(voxels) == 0:
            raise PlanningError(
                ErrorCode.EMPTY_WORKSPACE,
                f"None of the {len(points)} points lies in the workspace {box.low} to {box.high} m of the planning frame: "
                "check the camera's transform and what it looks at.",
            )
        patches = single_cloud_patches(voxels, shades, self.config.patches, box, self.device)
        if not bool(patches.mask.any()):
            raise PlanningError(
                ErrorCode.EMPTY_WORKSPACE, "Only a bare table is in the workspace: put something there, or look again."
            )
        return patches

    def _check_table(self, points: ArrayLike) -> str:
        """A note on a table that is slightly off, or empty. Raises PlanningError where it is off by more."""
        try:
            return measure(np.asarray(points, np.float32), None, self.model_workspace, self.table_height).note
        except Unexpected as error:
            raise PlanningError(ErrorCode.TRANSFORM, str(error)) from error

    def _see(self, patches: PatchBatch) -> tuple[list[EncodedScene], Detections]:
        """Each scene as Pose-DiT reads it, and what the encoder's queries have found in all of them."""
        encoded, found = self.model.encoder(patches)
        rows = [slice(row, row + 1) for row in range(len(patches.mask))]
        counts = torch.bincount(patches.voxel_scene, minlength=len(rows)).tolist()  # voxels are sorted by scene
        scenes = [
            EncodedScene(encoded[row], patches.centroids[row], patches.mask[row], surface)
            for row, surface in zip(rows, patches.voxels.split(counts))
        ]
        return scenes, found
