"""Moments that a reasoner came to by its own decisions, with the oracle's answer in them: rounds of DAgger (arXiv 1011.0686)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.reasoning.deciding import Choice
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.tasks.goals import Move
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, next_step, remaining_steps, right_moves, satisfied
from moe3d_ros.tabletop.tasks.progress import _noisy
from moe3d_ros.tabletop.tasks.single_step import make_step
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.vocabulary import COLOR_NAMES, COLORS, KINDS, SHAPES
from training.data.decisions import Moment, Played, Start
from training.stages.described import describe

TOGETHER = 256  # episodes that are played at once
SPARE = 3  # steps beyond those that are needed
NUMBERS = 11  # of a thing: kind, colour, shape, size (0 none, 1 small, 2 big), position, half extents, yaw

Decide = Callable[[ObjectSet, Sequence[tuple[str, Sequence[str]]]], list[Choice]]


@dataclass
class Episode:
    """A task that is being played: where it stands, and how many steps are left."""

    task: LongTask
    scene: Scene
    told_by_place: bool
    left: int = 0
    history: list[str] = field(default_factory=list)
    erred: bool = False

    @property
    def won(self) -> bool:
        """All its goals are reached, without the oracle's help."""
        reached, wanted = satisfied(self.task, self.scene)
        return reached == wanted and not self.erred

    @classmethod
    def of(cls, start: Start) -> Episode:
        """The episode that begins there."""
        return cls(start.task, start.scene, start.told_by_place)

    def __post_init__(self) -> None:
        self.left = len(remaining_steps(self.task, self.scene)) + SPARE


def visit(
    decide: Decide, episodes: Sequence[Episode], kinds: int, seed: int, show: bool = True
) -> tuple[list[Played], float]:
    """Play the episodes by the reasoner's own decisions, on objects as the encoder errs about them.

    Where a decision is no move that can be made, or says done too early, the oracle's step is taken in its place. After a
    wrong move in a task that tells its things by their places the episode ends: what it means has changed.

    Returns:
        every moment, with all that would have been right in it, and the share of them that were decided right.
    """
    found: list[Played] = []
    right_ones = 0
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    for start in tqdm(range(0, len(episodes), TOGETHER), desc="visiting", disable=not show):
        live = list(episodes[start : start + TOGETHER])
        while live:
            objects, slots = describe(batch_scenes([one.scene for one in live]), generator, kinds)
            choices = decide(objects, [(one.task.instruction, one.history) for one in live])
            going = []
            for one, choice, slot in zip(live, choices, slots.tolist()):
                right = tuple(right_moves(one.task, one.scene))
                found.append(Played(one.task.instruction, (Moment(one.scene, tuple(one.history), right),)))
                move = _move(choice, slot)
                good = (
                    move in [move_._replace(aside=False) for move_ in right]
                    if move
                    else not right and choice.end == "done"
                )
                right_ones += good
                one.erred |= not good and move is None
                if not right or one.left <= 1 or (not good and move and one.told_by_place):
                    continue
                if _advance(one, move, rng):
                    going.append(one)
            live = going
    return found, right_ones / max(len(found), 1)


def _move(choice: Choice, slots: Sequence[int]) -> Move | None:
    """A choice in the numbers of the scene's things; None where it is none of a step."""
    if choice.pick is None:
        return None
    return Move(slots[choice.pick], None if choice.place is None else slots[choice.place], choice.area)


def _advance(one: Episode, move: Move | None, rng) -> bool:
    """Take the step, or the oracle's where there is none that can be taken; False where there is none at all."""
    step = None
    if move is not None and Layout(one.scene).free(move.pick) and one.scene.objects[move.pick].traits.piled:
        step = make_step(one.scene, move.pick, move.place, move.area)
    step = step or next_step(one.task, one.scene, rng)
    if step is None:
        return False
    one.scene = _noisy(one.scene, step, rng)
    one.history.append(step.text)
    one.left -= 1
    return True


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
            Move(pick, None if place < 0 else place, AREAS[area] if area >= 0 else None)
            for pick, place, area in entry["right"]
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
        right = [
            (move.pick, -1 if move.place is None else move.place, -1 if move.area is None else AREAS.index(move.area))
            for move in moment.right
        ]
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


def _numbers(thing: SceneObject) -> list[float]:
    size = ("", "small", "big").index(thing.size)
    named = (KINDS.index(thing.kind), COLOR_NAMES.index(thing.color), SHAPES.index(thing.shape), size)
    return [*named, *thing.position, *thing.half_extents, thing.yaw]


def _thing(row: list[float]) -> SceneObject:
    kind, color, shape, size = (int(value) for value in row[:4])
    name = COLOR_NAMES[color]
    return SceneObject(
        KINDS[kind],
        name,
        ("", "small", "big")[size],
        tuple(row[4:7]),
        tuple(row[7:10]),
        row[10],
        SHAPES[shape],
        COLORS[name],
    )
