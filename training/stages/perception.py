"""Pretraining of the 3D encoder by detection on generated scenes: of the tabletop world, and of real tables with things."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from moe3d_ros.model.checkpoint import load_checkpoint
from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.perception.encoder import SceneEncoder
from moe3d_ros.model.perception.patches import PatchBatch, make_patches
from moe3d_ros.model.policy import build_model
from moe3d_ros.tabletop.scenes.batch import SceneBatch, batch_scenes
from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE, sample_scenes
from moe3d_ros.tabletop.simulation.raycast import CloudBatch, SensorRange, sense
from training.data.alike_blocks import with_alike_blocks
from training.data.filled_bowls import with_filled_bowls
from training.data.mixture import join, sample_moments
from training.data.sixd_data import sample_sixd
from training.data.table_clouds import sample_things
from training.engine.state import load_matching
from training.stages.detection import Matched, detect_matched, detection_loss, match, visible_objects
from training.stages.settings import PerceptionStage

# Things that look the same and lie near each other are what queries take for one, and long tasks are full of them.
PERCEPTION_RANGE = replace(TRAINING_RANGE, twins=0.5, few_colors=0.5)


@dataclass
class PerceptionBatch:
    """Scenes, their clouds as patches with slots as labels, and which objects can be seen (B, S) bool."""

    scenes: SceneBatch
    patches: PatchBatch
    visible: torch.Tensor
    own: torch.Tensor  # (B,) bool, scenes of the tabletop world


class PerceptionTask:
    """Detect every visible object of random scenes, and of moments of long tasks, seen by random cameras."""

    def __init__(self, config: PerceptionStage):
        self.config = config
        self.encoder = build_model(config.model, ("encoder",), seed=config.seed).encoder
        load_matching({"encoder": self.encoder}, config.init or "")
        if config.part == "second_look":
            self.encoder.requires_grad_(False)
            self.encoder.second_look.requires_grad_(True)
        self.before = _shipped_encoder((config.init or "").split(",")[0]).requires_grad_(False) if config.keep else None

    def module(self) -> torch.nn.Module:
        return self.encoder

    def rate(self, name: str) -> float:
        """Learning rate of a parameter, as a factor of the run's."""
        return self.config.pieces_rate if name.startswith("pieces.") else 1.0

    def make_batch(self, seed: int) -> PerceptionBatch:
        device = "cpu" if self.config.workers else self.config.device
        generator = torch.Generator(device).manual_seed(seed)
        things = round(self.config.things * self.config.batch_size)
        rng = np.random.default_rng(seed)
        parts, clouds = [], []
        if things < self.config.batch_size:
            parts.append(self._own_scenes(self.config.batch_size - things, rng, generator, device))
            clouds.append(sense(parts[0], SensorRange(), generator))
        if things:
            scenes, cloud = sample_things(things, rng)
            cloud.scene += self.config.batch_size - things
            parts.append(scenes)
            clouds.append(cloud)
        scenes = join(parts)
        cloud = CloudBatch(
            *(torch.cat(column).to(device) for column in zip(*(vars(cloud).values() for cloud in clouds)))
        )
        model = self.config.model
        patches = make_patches(
            cloud.scene, cloud.points, cloud.colors, len(scenes), model.patches, model.workspace, cloud.slot
        )
        own = torch.arange(len(scenes), device=device) < self.config.batch_size - things
        return PerceptionBatch(scenes, patches, visible_objects(scenes, cloud.scene, cloud.slot), own)

    def _own_scenes(self, number: int, rng: np.random.Generator, generator: torch.Generator, device: str) -> SceneBatch:
        """Scenes of the tabletop world: 6D ones, moments of long tasks, and random ones."""
        tilted = round(self.config.sixd * number)
        long = round(self.config.long_tasks * (number - tilted))
        parts = [sample_sixd(tilted, rng, device)] if tilted else []
        if long:
            moments = sample_moments(long, rng, names=self.config.long_names or ())
            parts.append(batch_scenes([moment.scene for moment in moments], device))
        if number > tilted + long:
            scene_range = replace(PERCEPTION_RANGE, known=self.config.model.encoder.kinds)
            plain = sample_scenes(number - tilted - long, scene_range, generator)
            if self.config.filled:
                plain = with_filled_bowls(plain, self.config.filled, rng)
            parts.append(with_alike_blocks(plain, self.config.alike, rng) if self.config.alike else plain)
        return join(parts) if len(parts) > 1 else parts[0]

    def loss(self, batch: PerceptionBatch) -> tuple[torch.Tensor, dict[str, float]]:
        found = detect_matched(self.encoder, batch.patches, batch.scenes, batch.visible)
        loss, figures = detection_loss(self.encoder, found, batch.patches, batch.scenes, batch.visible, batch.own)
        if self.before is not None:
            kept = _changes(self.before, found, batch)
            loss, figures["kept"] = loss + self.config.keep * kept, float(kept.detach())
        return loss, figures


def _shipped_encoder(checkpoint: str) -> SceneEncoder:
    """The encoder of a checkpoint, as it is there.

    Raises:
        CheckpointError: there is none.
    """
    encoder = SceneEncoder(ModelConfig.from_dict(load_checkpoint(checkpoint)[0]).encoder)
    load_matching({"encoder": encoder}, checkpoint)
    return encoder


def _changes(before: SceneEncoder, found: Matched, batch: PerceptionBatch) -> torch.Tensor:
    """Distance of features of patches and of things in the tabletop world from what another encoder makes of them.

    What was trained on those features (Pose-DiT) goes on to understand them.
    """
    with torch.no_grad():
        encoded = before.encode_patches(batch.patches)
        old = before.detect(batch.patches, before.detail_patches(batch.patches, encoded))[-1]
    patches = batch.patches.mask & batch.own[:, None]
    kept = (found.encoded - encoded)[patches].square().mean()
    queries = [torch.full(batch.scenes.exists.shape, -1) for _ in range(2)]  # that found each slot, before and now
    for table, (scene, query, slot) in zip(queries, (match(old, batch.scenes, batch.visible), found.last)):
        table[scene.cpu(), slot.cpu()] = query.cpu()
    earlier, now = queries
    scene, slot = torch.nonzero((earlier >= 0) & (now >= 0) & batch.own.cpu()[:, None], as_tuple=True)
    seen = old.exists[scene, earlier[scene, slot]] > 0
    scene, slot = scene[seen.cpu()], slot[seen.cpu()]
    if len(scene):
        things = found.outputs[-1].features[scene, now[scene, slot]] - old.features[scene, earlier[scene, slot]]
        kept = kept + things.square().mean()
    return kept
