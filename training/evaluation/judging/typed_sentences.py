"""Sentences as people type them: the file format, layouts of the things that they are about, and what is expected.

A file is a JSON list of entries with ``id``, ``instruction``, ``things`` (``red block``, small unless it says big),
``placed`` (what lies in or on what at the start) and ``expect``: either ``plan``, the goals that hold when it is done
(:mod:`moe3d_ros.tabletop.rules.typed_goals`), or ``refuse``, the sense of the sentence that says why not.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from moe3d_ros.tabletop.rules.success import find_named
from moe3d_ros.tabletop.rules.typed_goals import RULES, SIDES, Expectation, Outcome, shift_bounds
from moe3d_ros.tabletop.scenes.arrange import NoRoom, Thing, arrange
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.single_step import MARGIN
from moe3d_ros.world import kinds
from moe3d_ros.world.areas import AREAS, DIRECTIONS
from moe3d_ros.world.vocabulary import COLOR_NAMES, KIND, SIZE_NAMES

OWN_SENTENCES = Path(__file__).parents[1] / "data" / "typed_sentences.json"
SEED = 9_400_000  # of layouts: neither training's nor another suite's
ATTEMPTS = 400  # layouts that are drawn until one is clear and has room
REACH, GRID = 0.2, 0.02  # metres around a thing in which room for another one is sought, and in which steps
LAID_OUT = (kinds.BLOCK, kinds.BOWL, kinds.ZONE)
_KIND_OF = {word: name for name in LAID_OUT for word in KIND[name].words}
_EXTREMES = {"nearest": "near", "closest": "near", "farthest": "far", "leftmost": "left", "rightmost": "right"}
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_RANKED = re.compile(rf"({'|'.join(_ORDINALS)}) (.+) from the (left|right|near side|far side)")
_EXTREME = re.compile(rf"({'|'.join(_EXTREMES)}) (.+)")


class Disputable(ValueError):
    """In this layout people could disagree about what is meant."""


@dataclass(frozen=True)
class Sentence:
    """An entry of a file.

    Attributes:
        number: its ``id``.
        things: on the table, as the file names them. on: for each the number of the thing that it lies in or on, or None.
        plan: goals as the file has them; empty for what is to be refused.
        refuse: the sense of the reason; empty for what is to be planned.
    """

    number: int
    instruction: str
    things: tuple[str, ...]
    on: tuple[int | None, ...]
    plan: tuple[tuple[Any, ...], ...]
    refuse: str

    @property
    def sorts(self) -> list[str]:
        """Kinds of goals that it has, or ``refuse``."""
        return list(dict.fromkeys(goal[0] for goal in self.plan)) or ["refuse"]


@dataclass(frozen=True)
class LaidOut:
    """A sentence with a scene that it is about, and the goals on the scene's things."""

    sentence: Sentence
    layout: int
    scene: Scene
    goals: tuple[Expectation, ...]


def load_sentences(path: Path) -> list[Sentence]:
    """The sentences of a file.

    Raises:
        ValueError: there is no such file, or an entry is not as it should be; says which and why.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is no file of sentences ({error}): give a JSON list, as {OWN_SENTENCES}.") from error
    found = []
    for place, entry in enumerate(entries if isinstance(entries, list) else [entries]):
        try:
            sentence = _sentence(entry)
            lay_out(sentence, 0)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            name = entry.get("id", place) if isinstance(entry, dict) else place
            raise ValueError(f"{path}, entry {name}: {error if str(error) else type(error).__name__}") from error
        found.append(sentence)
    return found


def _sentence(entry: dict) -> Sentence:
    things = tuple(entry["things"])
    on: list[int | None] = [None] * len(things)
    for pair in (pair for placed in entry.get("placed", []) for pair in placed.values()):
        upper, lower = (things.index(name) for name in pair)
        on[upper] = lower
    expect = entry["expect"]
    if len(expect) != 1 or not expect.keys() <= {"plan", "refuse"}:
        raise ValueError("'expect' holds either 'plan' or 'refuse'")
    plan = tuple(tuple(goal) for goal in expect.get("plan", []))
    return Sentence(int(entry["id"]), entry["instruction"], things, tuple(on), plan, expect.get("refuse", ""))


def lay_out(sentence: Sentence, layout: int) -> LaidOut:
    """A random layout of the sentence's things, the same for everybody: what is meant is clear, not done yet, and has room.

    Raises:
        ValueError: a thing or a goal that is not known, or no such layout is found.
    """
    ordered = sorted(range(len(sentence.things)), key=lambda i: _depth(sentence.on, i))
    things = [_ordered(sentence, index, ordered) for index in ordered]
    for attempt in range(ATTEMPTS):
        try:
            scene = arrange(things, np.random.default_rng((SEED, sentence.number, layout, attempt)))
            scene = replace(scene, objects=tuple(scene.objects[ordered.index(i)] for i in range(len(ordered))))
            goals = tuple(_expectation(goal, sentence, scene) for goal in sentence.plan)
        except (NoRoom, Disputable):
            continue
        undone = [goal for goal in goals if not goal.holds(Outcome(scene, scene))]
        if (undone or not goals) and all(_has_room(goal, scene) for goal in undone):
            return LaidOut(sentence, layout, scene, goals)
    raise ValueError(f"no layout of its things is clear, undone and has room for {sentence.instruction!r}")


def _depth(on: tuple[int | None, ...], index: int) -> int:
    below = on[index]
    return 0 if below is None else 1 + _depth(on, below)


def _ordered(sentence: Sentence, index: int, ordered: list[int]) -> Thing:
    """Order for a thing, whose support is told by its place in ``ordered``."""
    below = sentence.on[index]
    *size, color, word = sentence.things[index].split()
    if word not in _KIND_OF or color not in COLOR_NAMES or len(size) > 1 or not set(size) <= set(SIZE_NAMES):
        raise ValueError(f"{sentence.things[index]!r} is no thing: say 'red block', 'big red block', 'green bowl'")
    kind = _KIND_OF[word]
    sized = (size or ["small"])[0] if KIND[kind].sized else ""
    return Thing(kind, color, sized, on=None if below is None else ordered.index(below))


def _expectation(goal: tuple[Any, ...], sentence: Sentence, scene: Scene) -> Expectation:
    kind, *values = goal
    if kind not in RULES:
        raise ValueError(f"{kind!r} is no kind of goal: use {', '.join(RULES)}")
    rule = RULES[kind]
    if not len(rule.arguments) - ("words" in rule.arguments) <= len(values) <= len(rule.arguments):
        raise ValueError(f"the goal {kind!r} has {', '.join(rule.arguments)}, not {values}")
    return Expectation(kind, tuple(_argument(*pair, sentence, scene) for pair in zip(rule.arguments, values)))


def _argument(name: str, value: Any, sentence: Sentence, scene: Scene) -> Any:
    """The value of a goal's argument as rules take it: things as the indices that they can be."""
    if name == "thing" or (name == "base" and value is not None):
        return things_meant(value, sentence.things, scene)
    if name == "things":
        names = [value] if isinstance(value, str) else value
        return tuple(index for each in names for index in things_meant(each, sentence.things, scene))
    if name == "kind" and value not in KIND:
        raise ValueError(f"{value!r} is no kind of thing: use {', '.join(KIND)}")
    if name == "area" and value not in AREAS:
        raise ValueError(f"{value!r} is no area: use {', '.join(AREAS)}")
    if name == "words":
        shift_bounds(value)
    return value


def things_meant(phrase: str, names: tuple[str, ...], scene: Scene) -> tuple[int, ...]:
    """Indices of the things of the scene that a phrase means: by its name in the file, by words, or by where it lies.

    Args:
        phrase: ``red block``, ``bowl``, ``nearest block``, ``second block from the left``.
        names: of the scene's things, as the file has them.

    Raises:
        Disputable: two things lie so that people could disagree.
        ValueError: it means nothing here.
    """
    found = tuple(i for i, name in enumerate(names) if name == phrase) or tuple(find_named(scene, phrase))
    if found:
        return found
    if match := _EXTREME.fullmatch(phrase):
        side, rank, group = _EXTREMES[match[1]], 0, find_named(scene, match[2])
    elif match := _RANKED.fullmatch(phrase):
        side, rank, group = match[3].split()[0], _ORDINALS.index(match[1]), find_named(scene, match[2])
    else:
        raise ValueError(f"{phrase!r} is none of its things ({', '.join(names)})")
    if len(group) <= rank:
        raise ValueError(f"there are not enough things for {phrase!r}")
    return (_ranked(group, side, rank, scene),)


def _ranked(group: list[int], side: str, rank: int, scene: Scene) -> int:
    """The one of ``group`` that is number ``rank`` (from 0) from a side of the table. Raises Disputable."""
    axis, sign = DIRECTIONS[side]
    place = {i: -sign * scene.objects[i].position[axis] for i in group}
    order = sorted(group, key=place.__getitem__)
    gaps = np.diff([place[i] for i in order])[max(rank - 1, 0) : rank + 1]
    if (gaps < MARGIN).any():
        raise Disputable("two of the things are about as far from the side that is meant")
    if side in ("near", "far"):  # to some the nearest is what has the least way to the robot
        away = sorted(group, key=lambda i: -sign * float(np.hypot(*scene.objects[i].position[:2])))
        if away[rank] != order[rank]:
            raise Disputable("the robot's distance says otherwise than the distance from the table's side")
    return order[rank]


def _has_room(goal: Expectation, scene: Scene) -> bool:
    """True if a place that the goal asks for beside, between or away from things is free; of other goals always."""
    if goal.kind in ("next_to", "between", *SIDES):
        (thing, *_), *others = goal.arguments
        middle = np.mean([scene.objects[others_of[0]].position[:2] for others_of in others], axis=0)
        offsets = np.arange(-REACH, REACH + GRID, GRID)
        spots = [middle + (dx, dy) for dx in offsets for dy in offsets]
    elif goal.kind == "shifted":
        (thing, *_), by, *_ = goal.arguments
        spots = [np.add(scene.objects[thing].position[:2], by)]
    else:
        return True
    return any(_fits(goal, thing, spot, scene) for spot in spots)


def _fits(goal: Expectation, thing: int, spot: np.ndarray, scene: Scene) -> bool:
    moved = scene.objects[thing]
    reach = float(np.hypot(*moved.half_extents[:2]))
    if (np.abs(spot - scene.workspace.center[:2]) > np.subtract(scene.workspace.half_range[:2], reach)).any():
        return False
    objects = list(scene.objects)
    objects[thing] = replace(moved, position=(float(spot[0]), float(spot[1]), moved.half_extents[2]))
    outcome = Outcome(scene, replace(scene, objects=tuple(objects)))
    return goal.holds(outcome) and outcome.now.untouched(thing)
