"""Poses of written steps: sampled by Pose-DiT, and places on the table kept free of what stands there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from moe3d_ros.model.action.anchors import anchor_inputs, step_condition
from moe3d_ros.model.action.free_spots import free_side_spot, free_spot
from moe3d_ros.model.action.pose_dit import PoseDiT, sample_poses
from moe3d_ros.model.action.side_block import NO_SIDE
from moe3d_ros.model.language.grammar import parse_step
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.plan_words.generated_step import GeneratedStep
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.footprints import circle_radius
from moe3d_ros.world.geometry import pose_from_matrix
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.side_spots import Outline
from moe3d_ros.world.sides import SIDES
from moe3d_ros.world.vocabulary import kinds_that
from moe3d_ros.world.workspace import Workspace


@dataclass(frozen=True)
class EncodedScene:
    """Patches of one scene as Pose-DiT reads them."""

    patches: torch.Tensor  # (1, N, D) of the encoder
    centroids: torch.Tensor  # (1, N, 3) metres
    mask: torch.Tensor  # (1, N) bool, where there is a patch
    surface: torch.Tensor  # (V, 3) metres, voxels of those patches


class StepPoses:
    """Pose-DiT, ready to sample the poses of M steps in one scene; what is the same for every sample is computed once.

    Args:
        objects: of the scene.
        states: (M, 2W) of the LLM.
        pointed: (M, 2) objects of picks and places; negative, or their number, for none.
        sides: of `world.sides`, for each step that goes beside what it points at, else empty; none at all: no step does.
        seconds: of each step that goes between two objects the other one, else None.
    """

    def __init__(
        self,
        pose: PoseDiT,
        scene: EncodedScene,
        objects: ObjectSet,
        states: torch.Tensor,
        pointed: torch.Tensor,
        sides: Sequence[str] = (),
        seconds: Sequence[int | None] = (),
    ):
        self._pose = pose
        self._condition = step_condition(states)[None]
        side, second = None, None
        if any(sides):
            side = pointed.new_tensor([[SIDES.index(name) if name else NO_SIDE for name in sides]])
            second = pointed.new_tensor([[-1 if other is None else other for other in seconds]])
        self._anchors = anchor_inputs(objects, pointed[None], side, second)
        self._memory = pose.encode_memory(scene.patches, scene.centroids, scene.mask)

    @torch.no_grad()
    def sample(self, steps: int, draws: int = 1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Positions (M, 2, 3) in metres and rotations (M, 2, 3, 3) of picks and places, planning frame.

        Args:
            steps: of the sampler.
            draws: samples whose geodesic medoid is taken.
            seed: of the noise; the same seed gives the same poses.
        """
        positions, rotations = sample_poses(
            self._pose,
            self._condition,
            memory=self._memory,
            anchors=self._anchors.positions,
            anchor_features=self._anchors.features,
            tilt=self._anchors.tilt(),
            side=self._anchors.side,
            steps=steps,
            draws=draws,
            generator=torch.Generator(self._condition.device).manual_seed(seed),
        )
        rotations = self._anchors.turn() @ rotations
        return positions[0].cpu().numpy(), rotations[0].cpu().numpy()

    def poses(self, steps: int, draws: int = 1, seed: int = 0) -> list[tuple[Pose, Pose]]:
        """Pick and place of each step; arguments as in :meth:`sample`."""
        return [
            (pose_from_matrix(position[0], rotation[0]), pose_from_matrix(position[1], rotation[1]))
            for position, rotation in zip(*self.sample(steps, draws, seed))
        ]


def keep_free(
    steps: Sequence[GeneratedStep],
    positions: np.ndarray,
    objects: ObjectSet,
    table: Workspace,
    workspace: Workspace,
) -> None:
    """Move places on the table (M, 2, 3), in place, that are beyond the workspace or that something seen, or put by an earlier step, is in the way of.

    What goes in or on another thing stays where Pose-DiT puts it, and what goes beside one stays at that side. A place that is no
    number stays what it is, and so does one for which nothing is free: checks that follow refuse it.

    Args:
        table: box whose areas the model names. workspace: part of it that places may lie in.
    """
    count = int(objects.mask[0].sum())
    centers, half = (value[0, :count].cpu().double().numpy() for value in (objects.center, objects.half))
    kinds = objects.kind[0, :count].argmax(-1).cpu().numpy()
    is_round = np.isin(kinds, kinds_that(lambda kind: kind.round))
    radii = circle_radius(half, is_round)
    centers, solid = centers[:, :2].copy(), ~np.isin(kinds, kinds_that(lambda kind: kind.flat))
    yaw = objects.yaw[0, :count].cpu().double().numpy()

    def outline(index: int) -> Outline:
        return Outline(centers[index], half[index, :2], float(yaw[index]), bool(is_round[index]))

    for step, (_, place) in zip(steps, positions):
        if not np.isfinite(place).all():
            continue
        pick, goal = step.state.chosen
        named = {pick, goal, step.second}
        others = solid & (np.arange(count) != pick)
        if pick < count and goal < count and step.side:
            references = [outline(index) for index in (goal, step.second) if index is not None]
            besides = [outline(index) for index in np.flatnonzero(others).tolist() if index not in named]
            place[:2] = free_side_spot(place[:2], step.side, outline(pick), references, besides, workspace)
        elif pick < count and goal == count:
            area = parse_step(step.text)[1].removeprefix("on the ")
            area = area if area in AREAS else ""
            place[:2] = free_spot(place[:2], radii[pick], centers[others], radii[others], table, area, workspace)
        if pick < count:
            centers[pick] = place[:2]
