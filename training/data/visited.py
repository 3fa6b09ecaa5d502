"""Moments that a reasoner came to by its own decisions, on disk, with the oracle's answer in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.reasoning.decider import Choice
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.tasks.goals import Move
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.vocabulary import COLOR_NAMES, COLORS, KINDS, SHAPES
from training.data.decisions import Moment, Played

TOGETHER = 256  # episodes that are played at once
SPARE = 3  # steps beyond those that are needed
NUMBERS = 11  # of a thing: kind, colour, shape, size (0 none, 1 small, 2 big), position, half extents, yaw

Decide = Callable[[ObjectSet, Sequence[tuple[str, Sequence[str]]]], list[Choice]]


class Visited:
    """Moments on disk: numbers of the things as one array, the rest as JSON.

    Raises:
        ValueError: the file is none of these.
    """

    def __init__(self, path: Path):
        with np.load(path, allow_pickle=False) as stored:
            self.things, self.starts = stored["things"], stored["starts"]
            self.entries = json.loads(bytes(stored["entries"]).decode())

    def __len__(self) -> int:
        return len(self.entries)

    def texts(self) -> list[str]:
        """Instructions, one of each moment."""
        return [entry["instruction"] for entry in self.entries]

    def __getitem__(self, number: int) -> Played:
        entry = self.entries[number]
        rows = self.things[self.starts[number] : self.starts[number + 1]].tolist()
        scene = Scene(tuple(_thing(row) for row in rows))
        right = tuple(
            Move(pick, None if place < 0 else place, AREAS[area] if area >= 0 else None, False, *beside)
            for pick, place, area, *beside in entry["right"]
        )
        return Played(
            entry["instruction"],
            (Moment(scene, tuple(entry["history"]), right),),
            entry["reason"],
            tuple(entry["missing"]),
        )


def save_visited(path: Path, played: Sequence[Played]) -> None:
    """Write moments, one of each of ``played``."""
    rows, starts, entries = [], [0], []
    for one in played:
        (moment,) = one.moments
        rows += [_numbers(thing) for thing in moment.scene.objects]
        starts.append(len(rows))
        right = [_move_numbers(move) for move in moment.right]
        entries.append(
            {
                "instruction": one.instruction,
                "reason": one.reason,
                "missing": one.missing,
                "history": list(moment.history),
                "right": right,
            }
        )
    text = np.frombuffer(json.dumps(entries).encode(), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    things = np.array(rows, np.float32).reshape(-1, NUMBERS)
    np.savez_compressed(path, things=things, starts=np.array(starts), entries=text)


def _move_numbers(move: Move) -> list:
    """Pick, place and area, -1 for none; and of a move beside a thing its side and the second thing."""
    area = -1 if move.area is None else AREAS.index(move.area)
    beside = [move.side, move.second] if move.side else []
    return [move.pick, -1 if move.place is None else move.place, area, *beside]


def _numbers(thing: SceneObject) -> list[float]:
    size = ("", "small", "big").index(thing.size)
    named = (KINDS.index(thing.kind), COLOR_NAMES.index(thing.color), SHAPES.index(thing.shape), size)
    return [*named, *thing.position, *thing.half_extents, thing.yaw]


def _thing(row: list[float]) -> SceneObject:
    kind, color, shape, size = (int(value) for value in row[:4])
    x, y, z, half_x, half_y, half_z, yaw = row[4:]
    name = COLOR_NAMES[color]
    return SceneObject(
        KINDS[kind],
        name,
        ("", "small", "big")[size],
        (x, y, z),
        (half_x, half_y, half_z),
        yaw,
        SHAPES[shape],
        COLORS[name],
    )
