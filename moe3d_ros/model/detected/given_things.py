"""Things that a detector gives, taken among the objects that the encoder has found in the same cloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from moe3d_ros.model.perception.encoder import Detections
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.sensing.color_names import nearest_color
from moe3d_ros.sensing.detections import LEAST_POINTS, TABLE_LAYER
from moe3d_ros.world.kinds import OBJECT, Kind
from moe3d_ros.world.named_things import NamedThing
from moe3d_ros.world.vocabulary import COLOR_NAMES, KIND, KINDS
from moe3d_ros.world.workspace import Workspace

SLACK = 0.015  # metres by which a detector's box may be too small


@dataclass(frozen=True)
class Given:
    """Objects of one scene with what a detector gave.

    Attributes:
        objects: a batch of one, from left to right.
        labels: of each object; empty for one that only the encoder has found; none at all: no object has one.
        notes: sentences on what was given and could not be taken.
    """

    objects: ObjectSet
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def with_given(
    objects: ObjectSet,
    queries: Detections,
    things: Sequence[NamedThing],
    points: np.ndarray,
    colors: np.ndarray | None,
    workspace: Workspace,
) -> Given:
    """Objects of one scene with things that a detector gives: each takes over what the encoder has found there, or is added.

    A thing takes over the nearest object whose middle lies in its box, or in whose box its own middle lies, with colour and
    box, for the encoder's are finer; its label says the kind. Other objects inside a thing that contains and bears nothing
    are its parts: they go, and the detector's box counts. A thing that the encoder has not found has its colour from the
    cloud, and from the encoder the features of the query that looked nearest to it.

    Args:
        objects: that the encoder has found, a batch of one. queries: all that it looked for, in the same cloud.
        points: (N, 3) of that cloud, metres, planning frame. colors: (N, 3) in 0 to 255; None for a cloud without colour.
        workspace: box outside which nothing is planned with.
    """
    columns = torch.nonzero(objects.mask[0]).flatten().tolist()
    whole = objects.span(slice(0, 1)).row(0)
    taken = _taken_over(whole, columns, things)
    rows, labels, notes = [], [], []
    gone: set[int] = set()
    for number, thing in enumerate(things):
        column = taken.get(number)
        parts = _parts(whole, [c for c in columns if c not in taken.values()], thing)
        gone.update(parts)
        if column is not None:
            row = _single(whole, column)
            row = replace(row, kind=_one_hot(KINDS.index(thing.kind), row.kind))
            if parts:
                row = replace(row, **_box(thing, row))
        else:
            inside = np.isfinite(points).all(1) & thing.holds(points, SLACK)
            inside &= (points[:, 2] > TABLE_LAYER) | KIND[thing.kind].flat
            problem = _problem(thing, int(inside.sum()), workspace)
            if problem:
                notes.append(problem)
                continue
            row = _added(thing, whole, queries, None if colors is None else np.asarray(colors)[inside])
        rows.append(row)
        labels.append(thing.label)
    kept = [column for column in columns if column not in gone and column not in taken.values()]
    rows += [_single(whole, column) for column in kept]
    labels += [""] * len(kept)
    if not rows:
        return Given(objects, notes=tuple(notes))
    order = sorted(range(len(rows)), key=lambda i: -float(rows[i].center[0, 0, 1]))
    return Given(_joined([rows[i] for i in order]), tuple(labels[i] for i in order), tuple(notes))


def _taken_over(objects: ObjectSet, columns: Sequence[int], things: Sequence[NamedThing]) -> dict[int, int]:
    """Object that each thing takes over, by the thing's number; the nearest pairs first, each object once."""
    pairs = []
    for number, thing in enumerate(things):
        for column in columns:
            center, seen = objects.center[0, column].tolist(), _as_thing(objects, column)
            if _kind(objects, column).flat != KIND[thing.kind].flat:
                continue
            if thing.holds(np.array(center), SLACK) or seen.holds(np.array(thing.center), SLACK):
                pairs.append((float(np.linalg.norm(np.subtract(center, thing.center))), number, column))
    taken: dict[int, int] = {}
    for _, number, column in sorted(pairs):
        if number not in taken and column not in taken.values():
            taken[number] = column
    return taken


def _parts(objects: ObjectSet, columns: Sequence[int], thing: NamedThing) -> list[int]:
    """Of the objects that nothing has taken over those that are parts of a thing."""
    kind = KIND[thing.kind]
    if kind.contains or kind.flat:  # what lies in it or on it is a thing of its own
        return []
    inside = [column for column in columns if thing.holds(objects.center[0, column].numpy(force=True))]
    return [column for column in inside if not _kind(objects, column).flat]


def _problem(thing: NamedThing, inside: int, workspace: Workspace) -> str:
    """Sentence on a thing that cannot be added; empty for one that can."""
    where = np.round(np.array(thing.center), 3).tolist()
    if not workspace.contains(thing.center):
        box = f"{list(workspace.low)} to {list(workspace.high)} m"
        return f"The detector's {thing.label!r} at {where} m lies outside the workspace {box} and was left out."
    if inside < LEAST_POINTS:
        return (
            f"The detector's {thing.label!r} at {where} m was left out, because the cloud has {inside} points in its box: compare "
            "the frame and the stamp of the detections with those of the cloud."
        )
    return ""


def _kind(objects: ObjectSet, column: int) -> Kind:
    return KIND[KINDS[int(objects.kind[0, column].argmax())]]


def _as_thing(objects: ObjectSet, column: int) -> NamedThing:
    """Box of an object, to ask what lies in it."""
    x, y, z = objects.center[0, column].tolist()
    along, across, up = objects.half[0, column].clamp(min=1e-4).tolist()
    return NamedThing(OBJECT, (x, y, z), (along, across, up), float(objects.yaw[0, column]))


def _single(objects: ObjectSet, column: int) -> ObjectSet:
    """One object of the first scene as a scene of its own."""
    return objects.mapped(lambda value: value[:1, column : column + 1])


def _joined(rows: Sequence[ObjectSet]) -> ObjectSet:
    """Objects of several scenes of one object each as one scene."""
    values = {name: [getattr(row, name) for row in rows] for name in vars(rows[0])}
    whole: dict[str, Any] = {name: None if v[0] is None else torch.cat(v, dim=1) for name, v in values.items()}
    return ObjectSet(**whole)


def _one_hot(index: int, like: torch.Tensor) -> torch.Tensor:
    """Certainty (1, 1, classes) of one class."""
    return F.one_hot(torch.tensor([[index]], device=like.device), like.shape[-1]).to(like.dtype)


def _box(thing: NamedThing, like: ObjectSet) -> dict[str, torch.Tensor]:
    """A thing's box as the fields of an object, with the heading of the least quarter, as the encoder has it."""
    quarters = round(thing.yaw / (np.pi / 2))
    along, across, up = thing.half
    half = (across, along, up) if quarters % 2 else thing.half
    new = like.center.new_tensor
    return {"center": new([[thing.center]]), "half": new([[half]]), "yaw": new([[thing.yaw - quarters * np.pi / 2]])}


def _added(thing: NamedThing, objects: ObjectSet, queries: Detections, colors: np.ndarray | None) -> ObjectSet:
    """A thing that the encoder has not found as a scene of its own.

    Args:
        colors: (n, 3) of the cloud's points in its box; None: it has no colour, and any is as likely.
    """
    like = _single(objects, 0)
    color = torch.full_like(like.color, 1 / len(COLOR_NAMES))
    if colors is not None:
        color = _one_hot(COLOR_NAMES.index(nearest_color(np.median(colors, axis=0))), like.color)
    box = _box(thing, like)
    nearest = int((queries.center[0] - box["center"][0, 0]).norm(dim=-1).argmin())
    up = like.center.new_tensor([[[0.0, 0.0, 1.0]]])
    return ObjectSet(
        _one_hot(KINDS.index(thing.kind), like.kind),
        color,
        box["center"],
        box["half"],
        box["yaw"],
        torch.ones_like(like.mask),
        torch.full_like(like.score, thing.score),
        queries.features[:1, nearest : nearest + 1],
        None if like.normal is None else up,
    )
