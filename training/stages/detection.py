"""Detection objective of the 3D encoder: Hungarian matching, losses per attribute, and the figures that tell how good it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment

from moe3d_ros.model.perception.encoder import Detections, SceneEncoder
from moe3d_ros.model.perception.patches import PatchBatch
from moe3d_ros.tabletop.scenes.batch import SceneBatch, kind_is
from moe3d_ros.world.vocabulary import BOX
from training.engine.precision import fast_precision

EXISTS_WEIGHT = 1.0  # weight of existence, summed over the queries of each thing that is there
READING_WEIGHT = 0.5  # weight of where a query reads
TILTED_WEIGHT = 1.0  # weight of the normals of what does not look up, beside those of everything


def match(found: Detections, scenes: SceneBatch, visible: torch.Tensor):
    """One-to-one assignment of queries to visible objects -> (scene, query, slot) index tensors (M,)."""
    kind = found.kind.detach().log_softmax(-1).cpu().numpy()
    color = found.color.detach().log_softmax(-1).cpu().numpy()
    exists = found.exists.detach().cpu().numpy()
    center = found.rough_center.detach().cpu().numpy()
    truth_kind, truth_color = scenes.kind.cpu().numpy(), scenes.color.cpu().numpy()
    truth_center, shown = scenes.center.cpu().numpy(), visible.cpu().numpy()
    rows = []
    for b in range(len(scenes)):
        slots = np.flatnonzero(shown[b])
        cost = (
            -kind[b][:, truth_kind[b, slots]]
            - 0.5 * color[b][:, truth_color[b, slots]]
            + 15 * np.abs(center[b][:, None] - truth_center[b, slots][None]).sum(-1)
            - 0.3 * exists[b][:, None]
        )
        query, column = linear_sum_assignment(cost)
        rows += [(b, q, slots[c]) for q, c in zip(query, column)]
    index = torch.tensor(rows, dtype=torch.long, device=found.exists.device).reshape(-1, 3)
    return index.unbind(1)


def visible_objects(scenes: SceneBatch, scene: torch.Tensor, slot: torch.Tensor, least: int = 12) -> torch.Tensor:
    """Named objects that at least ``least`` points of the cloud lie on (B, S) bool."""
    slots = scenes.exists.shape[1]
    hit = slot >= 0
    counts = torch.bincount(scene[hit] * slots + slot[hit], minlength=len(scenes) * slots).view(-1, slots)
    return scenes.named & (counts >= least)


@dataclass
class Matched:
    """Findings of an encoder in scenes whose truth is known."""

    encoded: torch.Tensor  # (B, N, width) features of the patches
    detailed: torch.Tensor  # (B, N, width) of them as detection reads them
    outputs: list[Detections]  # of each decoder layer
    last: tuple[torch.Tensor, torch.Tensor, torch.Tensor]  # scene, query, slot (M,) that the last layer's matches join


def detect_matched(encoder: SceneEncoder, patches: PatchBatch, scenes: SceneBatch, visible: torch.Tensor) -> Matched:
    """Detections with a second look at the queries that fit what is visible (B, S)."""
    device, compute = patches.voxels.device.type, fast_precision(patches.voxels.device.type)
    encoder.second_look.compute = compute
    with torch.autocast(device, compute, enabled=compute != torch.float32):  # positions are read in float32
        encoded = encoder.encode_patches(patches)
        detailed = encoder.detail_patches(patches, encoded)
    matches = {}

    def matched(last: Detections) -> torch.Tensor:
        matches["last"] = match(last, scenes, visible)
        chosen = torch.zeros_like(last.exists, dtype=torch.bool)
        chosen[matches["last"][0], matches["last"][1]] = True
        return chosen

    outputs = encoder.detect(patches, detailed, matched)
    return Matched(encoded, detailed, outputs, matches["last"])


def detection_loss(
    encoder: SceneEncoder,
    matched: Matched,
    patches: PatchBatch,
    scenes: SceneBatch,
    visible: torch.Tensor,
    own: torch.Tensor,
) -> tuple[torch.Tensor, dict[str, float]]:
    """Loss over all decoder layers, the second look and the auxiliary patch heads -> loss, figures.

    Args:
        own: (B,) scenes of the tabletop world; the others have figures of their own.
    """
    outputs = matched.outputs
    loss = _patch_loss(encoder, matched.detailed, patches, scenes)
    for layer, found in enumerate(outputs):
        scene, query, slot = matched.last if layer == len(outputs) - 1 else match(found, scenes, visible)
        present = torch.zeros_like(found.exists)
        present[scene, query] = 1
        truth_kind, truth_color = scenes.kind[scene, slot], scenes.color[scene, slot]
        center = scenes.center[scene, slot]
        existing = F.binary_cross_entropy_with_logits(found.exists, present, reduction="sum")
        loss = loss + EXISTS_WEIGHT * existing / max(len(scene), 1)
        loss = loss + F.cross_entropy(found.kind[scene, query], truth_kind)
        loss = loss + F.cross_entropy(found.color[scene, query], truth_color)
        loss = loss + 15 * (found.rough_center[scene, query] - center).abs().sum(-1).mean()
        assert found.attention is not None  # both are there in training
        assert patches.labels is not None
        right = patches.labels[scene] == slot[:, None]
        loss = loss + READING_WEIGHT * reading_loss(found.attention[scene, query], right)
    if outputs[-1].belongs is not None:
        loss = loss + _belonging_loss(outputs[-1].belongs, patches, scenes)
    fine, figures = _fine_loss(outputs[-1], scenes, scene, query, slot, own)
    figures["loss"] = float((loss + fine).detach())
    return loss + fine, figures


def reading_loss(logits: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    """-log of the attention on an object's own patches: split between two equal things, its centroid lies between them.

    Args:
        logits: (M, N) over the patches. own: (M, N) which of them are mostly the object's; it may have none.
    """
    known = own.any(-1)
    missed = -logits[known].log_softmax(-1).masked_fill(~own[known], -torch.inf).logsumexp(-1)
    return missed.sum() / known.sum().clamp(min=1)


def _fine_loss(found, scenes, scene, query, slot, own):
    """Second look: centre, extents, yaw of boxes; with the figures of the last layer."""
    center, half = scenes.center[scene, slot], scenes.half[scene, slot]
    offset = (found.center[scene, query] - center).abs().sum(-1).mean()
    extent = (found.half[scene, query] - half).abs().sum(-1).mean()
    box = (scenes.shape[scene, slot] == BOX).float()
    if found.normal is not None:  # a ramp, a slot, a rack has a heading, too
        box = ((scenes.shape[scene, slot] == BOX) | kind_is(scenes.kind[scene, slot], lambda kind: kind.sixd)).float()
    yaw = 4 * scenes.yaw[scene, slot]
    direction = torch.stack([yaw.cos(), yaw.sin()], dim=-1)
    gap = (found.yaw4[scene, query] - direction).abs().sum(-1)
    tilt = 0.0
    if found.normal is not None:
        truth = _normals(scenes)[scene, slot]
        lean = (found.normal[scene, query] - truth).abs().sum(-1)
        tilted = (truth[:, 2] < 0.999).float()
        tilt = lean.mean() + TILTED_WEIGHT * (lean * tilted).sum() / tilted.sum().clamp(min=1)
    # Centres against the rough ones are a few millimetres: the weight brings them to the scale of the other terms.
    loss = 40 * offset + 20 * extent + 1.0 * (gap * box).sum() / box.sum().clamp(min=1) + tilt
    with torch.no_grad():
        error = (found.center[scene, query] - center).norm(dim=-1)
        kind_right = found.kind[scene, query].argmax(-1) == scenes.kind[scene, slot]
        color_right = found.color[scene, query].argmax(-1) == scenes.color[scene, slot]
        detected = found.exists[scene, query] > 0
        good = detected & kind_right & color_right & (error < 0.02)
        block = kind_is(scenes.kind[scene, slot], lambda kind: kind.sized)
        turn = found.yaw[scene, query] - scenes.yaw[scene, slot]
        turn = ((turn + math.pi / 4) % (math.pi / 2) - math.pi / 4).abs()
        big = found.half[scene, query].mean(-1) > 0.025
        present = torch.zeros_like(found.exists, dtype=torch.bool)
        present[scene, query] = True
        extra = ((found.exists > 0) & ~present).any(1)
        missed = torch.zeros(len(scenes), device=error.device).index_add_(0, scene, (~good).float())
        false = ((found.exists > 0) & ~present).sum(1).float()
        rows = own[scene]
        things = {}
        if not bool(own.all()):
            near = error < 0.03
            things = {
                "things_recall": float((near & detected)[~rows].float().mean()),
                "things_near": float(near[~rows].float().mean()),
                "things_false": float(false[~own].mean()),
                "things_cm": 100 * float(error[~rows].median()),
                "things_kind": float(kind_right[~rows].float().mean()),
                "things_color": float(color_right[~rows].float().mean()),
                "things_half_cm": 100 * float((found.half[scene, query] - half).abs()[~rows].mean()),
            }
        figures = things | {
            "false": float(false[own].mean()),
            "center_cm": 100 * float(error.mean()),
            "rough_cm": 100 * float((found.rough_center[scene, query] - center).norm(dim=-1).mean()),
            "block_cm": 100 * float(error[block].mean()),
            "kind": float(kind_right.float().mean()),
            "color": float(color_right.float().mean()),
            "size": float((big == scenes.big[scene, slot])[block].float().mean()),
            "yaw_deg": math.degrees(float(turn[block].median())) if bool(block.any()) else 0.0,
            "yaw_10deg": float((turn[block] < math.radians(10)).float().mean()),
            "recall": float(good[rows].float().mean()),
            "scene": float(((missed == 0) & ~extra)[own].float().mean()),
        }
        if found.normal is not None and bool(tilted.any()):
            seen, truth = F.normalize(found.normal[scene, query], dim=-1)[tilted > 0], truth[tilted > 0]
            lean = torch.rad2deg((seen * truth).sum(-1).clamp(-1, 1).acos())
            figures |= {"tilt_deg": float(lean.median()), "tilt_10deg": float((lean < 10).float().mean())}
    return loss, figures


def _normals(scenes: SceneBatch) -> torch.Tensor:
    """Outward normals of the faces by which things are taken (B, S, 3)."""
    if scenes.normal is not None:
        return scenes.normal
    up = torch.zeros_like(scenes.center)
    up[..., 2] = 1
    return up


def _belonging_loss(belongs: torch.Tensor, patches: PatchBatch, scenes: SceneBatch) -> torch.Tensor:
    """Dense loss on every patch: is it of a thing that can be named, or of what is around it (B, N)."""
    labels, mask = patches.labels, patches.mask
    assert labels is not None
    named = scenes.named.gather(1, labels.clamp(min=0)) & (labels >= 0)
    return F.binary_cross_entropy_with_logits(belongs[mask], named[mask].float())


def _patch_loss(encoder: SceneEncoder, detailed: torch.Tensor, patches: PatchBatch, scenes: SceneBatch):
    """Dense loss on every patch of a named object: where its centre is, its kind, its colour."""
    kinds = int(scenes.kind.max()) + 1 if scenes.kind.numel() else 1
    assert patches.labels is not None  # patches of generated scenes have them
    scene, place = torch.nonzero(patches.labels >= 0, as_tuple=True)
    slot = patches.labels[scene, place]
    named = scenes.kind[scene, slot] >= 0
    scene, place, slot = scene[named], place[named], slot[named]
    offset, kind, color = encoder.patch_readings(detailed)
    vote = encoder.votes(patches, detailed, offset)[scene, place]
    assert kinds <= kind.shape[-1]
    return (
        F.cross_entropy(kind[scene, place], scenes.kind[scene, slot])
        + F.cross_entropy(color[scene, place], scenes.color[scene, slot])
        + 15 * (vote - scenes.center[scene, slot]).abs().sum(-1).mean()
    )
