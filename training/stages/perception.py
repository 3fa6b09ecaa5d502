"""Pretraining of the 3D encoder by detection on generated scenes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from moe3d_ros.model.perception.patches import PatchBatch, make_patches
from moe3d_ros.model.policy import build_model
from moe3d_ros.tabletop.scenes.batch import SceneBatch, batch_scenes
from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE, sample_scenes
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from training.data.mixture import join, sample_moments
from training.data.sixd_data import sample_sixd
from training.engine.state import load_matching
from training.stages.detection import detection_loss, visible_objects
from training.stages.settings import PerceptionStage

# Things that look the same and lie near each other are what queries take for one, and long tasks are full of them.
PERCEPTION_RANGE = replace(TRAINING_RANGE, twins=0.5, few_colors=0.5)


@dataclass
class PerceptionBatch:
    """Scenes, their clouds as patches with slots as labels, and which objects can be seen (B, S) bool."""

    scenes: SceneBatch
    patches: PatchBatch
    visible: torch.Tensor


class PerceptionTask:
    """Detect every visible object of random scenes, and of moments of long tasks, seen by random cameras."""

    def __init__(self, config: PerceptionStage):
        self.config = config
        self.encoder = build_model(config.model, ("encoder",), seed=config.seed).encoder
        load_matching({"encoder": self.encoder}, config.init or "")
        if config.part == "second_look":
            self.encoder.requires_grad_(False)
            self.encoder.second_look.requires_grad_(True)

    def module(self) -> torch.nn.Module:
        return self.encoder

    def make_batch(self, seed: int) -> PerceptionBatch:
        device = "cpu" if self.config.workers else self.config.device
        generator = torch.Generator(device).manual_seed(seed)
        tilted = round(self.config.sixd * self.config.batch_size)
        long = round(self.config.long_tasks * (self.config.batch_size - tilted))
        rng = np.random.default_rng(seed)
        parts = [sample_sixd(tilted, rng, device)] if tilted else []
        if long:
            moments = sample_moments(long, rng, names=self.config.long_names or ())
            parts.append(batch_scenes([moment.scene for moment in moments], device))
        if self.config.batch_size > tilted + long:
            scene_range = replace(PERCEPTION_RANGE, known=self.config.model.encoder.kinds)
            parts.append(sample_scenes(self.config.batch_size - tilted - long, scene_range, generator))
        scenes = join(parts) if len(parts) > 1 else parts[0]
        cloud = sense(scenes, SensorRange(), generator)
        model = self.config.model
        patches = make_patches(
            cloud.scene, cloud.points, cloud.colors, len(scenes), model.patches, model.workspace, cloud.slot
        )
        return PerceptionBatch(scenes, patches, visible_objects(scenes, cloud.scene, cloud.slot))

    def loss(self, batch: PerceptionBatch) -> tuple[torch.Tensor, dict[str, float]]:
        return detection_loss(self.encoder, batch.patches, batch.scenes, batch.visible)
