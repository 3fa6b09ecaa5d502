"""Pretraining of the 3D encoder by detection on generated scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from moe3d_ros.model.perception.encoder import EncoderConfig, SceneEncoder
from moe3d_ros.model.perception.patches import make_patches
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE, sample_scenes
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from training.data.mixture import join, sample_moments
from training.data.sixd_data import sample_sixd
from training.engine.config import StageConfig
from training.engine.state import load_matching
from training.stages.detection import detection_loss, visible_objects

# Things that look the same and lie near each other are what queries take for one, and long tasks are full of them.
PERCEPTION_RANGE = replace(TRAINING_RANGE, twins=0.5, few_colors=0.5)


class PerceptionTask:
    """Detect every visible object of random scenes, and of moments of long tasks, seen by random cameras."""

    def __init__(self, config: StageConfig):
        torch.manual_seed(config.seed)
        self.config = config
        self.encoder = SceneEncoder(EncoderConfig(kinds=config.kinds))
        load_matching({"encoder": self.encoder}, config.init or "")
        if config.part == "second_look":
            self.encoder.requires_grad_(False)
            self.encoder.second_look.requires_grad_(True)
        elif config.part != "all":
            raise ValueError(f"part must be all or second_look, not {config.part!r}")

    def module(self) -> torch.nn.Module:
        return self.encoder

    def make_batch(self, seed: int):
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
            scene_range = replace(PERCEPTION_RANGE, known=self.config.kinds)
            parts.append(sample_scenes(self.config.batch_size - tilted - long, scene_range, generator))
        scenes = join(parts) if len(parts) > 1 else parts[0]
        cloud = sense(scenes, SensorRange(), generator)
        patches = make_patches(cloud.scene, cloud.points, cloud.colors, len(scenes), labels=cloud.slot)
        return scenes, patches, visible_objects(scenes, cloud.scene, cloud.slot)

    def loss(self, batch):
        return detection_loss(self.encoder, batch[1], batch[0], batch[2])
