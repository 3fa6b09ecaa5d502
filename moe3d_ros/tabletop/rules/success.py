"""Rules of success of the tabletop world, applied to the ground truth before and after a step.

A block is at its goal when it lies within 1 cm and 15 degrees (modulo its symmetry) of it, stacks also within 1.5 cm
in height; in a bowl within 5 cm of the bowl's middle; on a zone with at least ``ZONE_SHARE`` of its footprint
inside; in an area of the table with its centre inside. Where words are judged instead of an oracle's step, the things
are those that the words name.
"""

from __future__ import annotations

import re

import numpy as np

from moe3d_ros.tabletop.rules.furniture_rules import in_slot, on_ramp
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.words.wordings import KIND_WORDS, SIZE_WORDS
from moe3d_ros.world import kinds
from moe3d_ros.world.areas import in_area
from moe3d_ros.world.footprints import share_inside
from moe3d_ros.world.geometry import symmetric_angle_error
from moe3d_ros.world.vocabulary import COLOR_NAMES

XY_TOLERANCE, BOWL_TOLERANCE, Z_TOLERANCE = 0.01, 0.05, 0.015  # metres
YAW_TOLERANCE = np.deg2rad(15)
ZONE_SHARE = 0.9  # of the footprint
_OF_FURNITURE = {kinds.RAMP: on_ramp, kinds.SLOT: in_slot}


def footprint(thing: SceneObject) -> np.ndarray:
    """Outline on the table as a counter-clockwise polygon (P, 2), metres."""
    if thing.shape == "box":
        corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * thing.half_extents[:2]
        cos, sin = np.cos(thing.yaw), np.sin(thing.yaw)
        corners = corners @ np.array([[cos, sin], [-sin, cos]])
    else:
        angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        corners = np.stack([np.cos(angle), np.sin(angle)], axis=1) * thing.half_extents[0]
    return corners + np.asarray(thing.position[:2])


def at_goal(thing: SceneObject, goal: SceneObject) -> tuple[bool, str]:
    """Judge if ``thing`` lies at, in or on ``goal`` (both as they lie now), with a sentence that gives the distance."""
    if goal.kind in _OF_FURNITURE:
        return _OF_FURNITURE[goal.kind](thing, goal)
    apart = float(np.hypot(*np.subtract(thing.position[:2], goal.position[:2])))
    if goal.traits.contains:
        return apart <= BOWL_TOLERANCE, f"the {thing.name} lies {100 * apart:.1f} cm from the middle of the {goal.name}"
    if goal.traits.flat:
        share = share_inside(footprint(thing), footprint(goal))
        return share >= ZONE_SHARE, f"{100 * share:.0f} % of the {thing.name} lie inside the {goal.name}"
    height = thing.position[2] - thing.half_extents[2] - goal.top
    square = np.isclose(*thing.half_extents[:2], rtol=0.02) and np.isclose(*goal.half_extents[:2], rtol=0.02)
    turned = 0.0
    if thing.shape == goal.shape == "box":
        turned = float(symmetric_angle_error(thing.yaw, goal.yaw, np.pi / 2 if square else np.pi))
    flat = apart <= XY_TOLERANCE and (turned <= YAW_TOLERANCE or not goal.traits.sized)
    words = f"{100 * apart:.1f} cm, {np.rad2deg(turned):.0f} degrees and {100 * height:.1f} cm in height"
    return bool(flat and abs(height) < Z_TOLERANCE), f"the {thing.name} lies {words} from its place on the {goal.name}"


def step_reached(after: Scene, pick_index: int, place_index: int | None, area: str | None) -> tuple[bool, str]:
    """Judge if object ``pick_index`` has reached the step's goal, with a sentence that says where it is.

    Args:
        after: the scene as it is now (the supports may have moved too: they count where they are).
    """
    thing = after.objects[pick_index]
    if place_index is not None:
        return at_goal(thing, after.objects[place_index])
    reached = in_area(thing.position[:2], area, after.workspace) and thing.position[2] > 0
    return reached, f"the {thing.name} lies at x {thing.position[0]:.2f} m, y {thing.position[1]:.2f} m"


def find_named(scene: Scene, phrase: str) -> list[int]:
    """Indices of the objects that a phrase such as ``the small red block`` or ``green bowl`` can mean."""
    words = set(re.sub(r"[^a-z ]", " ", phrase.lower()).split()) - {"the", "a", "an", "in", "on", "into", "onto"}
    return [i for i, thing in enumerate(scene.objects) if words and words <= set(thing.name.split())]


def nearest_named(scene: Scene, phrase: str, picked_at) -> int | None:
    """Index of what a phrase can mean nearest to where the tool picked (2 or more,), metres; None if there is nothing."""
    near = {i: np.hypot(*np.subtract(scene.objects[i].position[:2], picked_at[:2])) for i in find_named(scene, phrase)}
    return min(near, key=lambda i: near[i], default=None)


_SIZES = {word: size for size, words in SIZE_WORDS.items() for word in words}
_KINDS = {word: kind for kind, words in KIND_WORDS.items() for word in words}
# Beside the names of the two things: other words may forbid, relate, correct, or ask for more.
_PLAIN_WORD = re.compile(
    "put|place|move|set|drop|bring|get|take|pick|grab|lift|lay|leave|stack|up|down|and|it|please|now|robot|could|can|you|would|"
    "want|i|like|to|should|go|transfer|deliver|carry|shift|position|need|needs|be|belongs|let|have|placed"
)
_NAMED = re.compile(
    rf"(?:\b(?P<goal>in|into|on|onto|to) )?the (?:(?P<size>{'|'.join(_SIZES)}) )?(?P<color>{'|'.join(COLOR_NAMES)}) "
    rf"(?P<kind>{'|'.join(_KINDS)})\b"
)


def plain_meaning(instruction: str) -> tuple[str, str] | None:
    """Meaning of an instruction that asks for one move of a thing named by its colour to another such thing.

    Returns:
        target and destination as ``red block``, ``green bowl``, ``big blue block``; None for any other instruction
        (things named by where they are, several moves, areas), whose meaning needs more than these rules.
    """
    text = " ".join(instruction.lower().split())
    found = list(_NAMED.finditer(text))
    if len(found) != 2 or len(re.findall(r"\bthe\b", text)) != 2 or re.search(r"\b(not|never|don't|then pick)\b", text):
        return None
    goals = [match for match in found if match["goal"]]
    rest = _NAMED.sub(" ", text)
    plain = all(_PLAIN_WORD.fullmatch(word) for word in re.findall(r"[^\W_]+", rest))
    if len(goals) != 1 or not plain or re.search(r"[.;:][^.;:]*\w", rest):
        return None
    words = {bool(m["goal"]): (_SIZES.get(m["size"]), m["color"], _KINDS[m["kind"]]) for m in found}
    return " ".join(filter(None, words[False])), " ".join(filter(None, words[True]))


def names_same(step_words: str, name: str) -> bool:
    """True if a step's words (``in the green bowl``, ``small red block``) name what ``name`` (``red block``) does."""
    return set(name.split()) <= set(step_words.lower().split())


def words_reached(before: Scene, after: Scene, target: str, destination: str, picked_at) -> tuple[bool, str]:
    """Judge a step by its own words: the thing that ``target`` names now lies in or on what ``destination`` names.

    Args:
        before, after: the scene before and after the step.
        target: ``small red block``. destination: ``in the green bowl``, ``on the left side``.
        picked_at: (3,) metres, where the tool picked; it tells things of one name apart.
    """
    index = nearest_named(before, target, picked_at)
    if index is None:
        return False, f"there is no {target}"
    goals = [i for i in find_named(after, destination) if i != index]
    if goals:
        verdicts = [step_reached(after, index, goal, None) for goal in goals]
        return max(verdicts, key=lambda verdict: verdict[0])
    area = re.sub(r"^(in|on|into|onto) ", "", destination.lower().strip()).removeprefix("the ")
    try:
        return step_reached(after, index, None, area)
    except ValueError:
        return False, f"there is no {area}"
