"""Suite ``alike``: blocks of one look on and close beside each other, which an encoder may take for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from tqdm import tqdm

from moe3d_ros.plan import PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.batch import SceneBatch
from moe3d_ros.tabletop.scenes.sampling import sample_scenes
from moe3d_ros.tabletop.simulation.raycast import CloudBatch, SensorRange, sense
from moe3d_ros.world.vocabulary import BLOCK
from training.data.alike_blocks import with_alike_blocks
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED
from training.evaluation.judging.shares import shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.suite import Suite, add_scenes
from training.stages.detection import visible_objects
from training.stages.perception import PERCEPTION_RANGE

FOUND = 0.015  # metres from a block's middle within which something is seen
TOWER_APART, LEVEL = 0.015, 0.015  # metres: blocks of a tower are less apart in the plane; of one layer, in height
DISTANCES = (0.06, 0.08, 0.1)  # metres between middles
TOWER, ALONE = "in a tower of one look", "with none of its look near"


def run(planner: Planner, scenes: int = 400, seed: int = HELD_OUT_SEED) -> dict:
    """Visible blocks within FOUND of whose middle something is seen, by what of their own look stands near.

    Returns:
        a share of each group, with counts and 95 % intervals.
    """
    groups: dict[str, list[bool]] = {name: [] for name in _names()}
    scene_range = replace(PERCEPTION_RANGE, known=planner.config.encoder.kinds)
    for number in tqdm(range(scenes), desc="alike", unit="scene"):
        generator = torch.Generator().manual_seed(seed + number)
        drawn = with_alike_blocks(sample_scenes(1, scene_range, generator), 1.0, np.random.default_rng((seed, number)))
        cloud = sense(drawn, SensorRange(), generator)
        visible = visible_objects(drawn, cloud.scene, cloud.slot)[0]
        for name, found in judged(drawn, visible, _seen(planner, cloud)):
            groups[name].append(found)
    return shares(groups)


def _seen(planner: Planner, cloud: CloudBatch) -> torch.Tensor:
    """Middles (K, 3) of what the planner sees in a batch of one."""
    try:
        found = planner.look(*cloud.as_sensed()).objects
    except PlanningError:  # nothing at all
        found = ()
    return torch.tensor([thing.center for thing in found], dtype=torch.float32).reshape(-1, 3)


def _names() -> tuple[str, ...]:
    """Names of all groups."""
    near = [f"{name} cm from another" for name in ("under 6", "6 to 8", "8 to 10")]
    return (*near, TOWER, ALONE)


def judged(scenes: SceneBatch, visible: torch.Tensor, seen: torch.Tensor) -> list[tuple[str, bool]]:
    """Group of each ``visible`` (S,) block of a batch of one, and whether one of the middles that are ``seen`` (K, 3) is its own."""
    blocks = torch.nonzero(scenes.exists[0] & (scenes.kind[0] == BLOCK)).flatten()
    centers, colors = scenes.center[0, blocks], scenes.color[0, blocks]
    found = (torch.cdist(centers, seen) < FOUND).any(dim=1).tolist()  # false for all where nothing is seen
    judged = []
    for own, center in enumerate(centers):
        others = (colors == colors[own]) & (torch.arange(len(blocks)) != own)
        apart = (centers[others] - center)[:, :2].norm(dim=1)
        higher = (centers[others] - center)[:, 2].abs()
        flat = apart[higher < LEVEL]
        nearest = float(flat.min()) if len(flat) else np.inf
        if bool(((apart < TOWER_APART) & (higher > LEVEL)).any()):
            name = TOWER
        elif nearest >= DISTANCES[-1]:
            name = ALONE
        else:
            name = _names()[int(np.searchsorted(DISTANCES, nearest, side="right"))]
        if visible[blocks[own]]:
            judged.append((name, found[own]))
    return judged


SUITE = Suite(
    name="alike",
    run=lambda planner, options: run(planner, options.scenes),
    table=shares_table,
    add_options=lambda parser: add_scenes(parser, 400),
)
