"""Oracle of single-step tasks: the referents of an instruction, and the step (text and poses) that fulfils it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from moe3d_ros.tabletop.rules.placing import pick_pose, place_pose
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.scenes.support import supports
from moe3d_ros.tabletop.words import wordings
from moe3d_ros.world import kinds
from moe3d_ros.world.areas import AREAS, DIRECTIONS
from moe3d_ros.world.sides import beside
from moe3d_ros.world.vocabulary import COLOR_NAMES, SIZE_NAMES

MARGIN = 0.025  # metres by which an extreme thing must beat the next one, so that nobody could dispute it
VARIANTS = {"in": ("in", "in", "into"), "on": ("on", "on", "onto")}  # of prepositions, as often as they are said


@dataclass(frozen=True)
class Task:
    """An instruction and what it means in one scene; no steps means that it cannot be done there."""

    instruction: str
    steps: tuple[Step, ...]
    grounded: bool  # things are named by where they are or how big, not by colour alone
    held_out: bool = False  # the wording is not one of those trained on


def _plain_phrase(scene: Scene, index: int, rng) -> str | None:
    """Colour and kind, with the size where it is needed or sometimes anyway; None if that is not unique."""
    thing = scene.objects[index]
    same = [o for i, o in enumerate(scene.objects) if i != index and (o.kind, o.color) == (thing.kind, thing.color)]
    kind = rng.choice(wordings.KIND_WORDS[thing.kind])
    sized = f"{rng.choice(wordings.SIZE_WORDS[thing.size])} {thing.color} {kind}" if thing.size else None
    if not same:
        return sized if sized and rng.random() < 0.25 else f"{thing.color} {kind}"
    if sized and all(o.size != thing.size for o in same):
        return sized
    return None


def _extreme(values: np.ndarray, member: int, sign: float) -> bool:
    """True if ``values[member] * sign`` beats all others by the margin."""
    others = np.delete(values, member) * sign
    return len(others) > 0 and bool(values[member] * sign > others.max() + MARGIN)


def _grounded_phrases(scene: Scene, index: int, rng) -> list[str]:
    """Phrases that tell the object by where it is or how big it is, and by nothing less than that."""
    thing = scene.objects[index]
    phrases = []
    groups = [("", [i for i, o in enumerate(scene.objects) if o.kind == thing.kind])]
    groups.append((f"{thing.color} ", [i for i in groups[0][1] if scene.objects[i].color == thing.color]))
    for color, group in groups:
        if len(group) < 2:
            continue
        member = group.index(index)
        kind = color + rng.choice(wordings.KIND_WORDS[thing.kind])
        x, y = (np.array([scene.objects[i].position[axis] for i in group]) for axis in (0, 1))
        for name, (axis, sign) in DIRECTIONS.items():
            if _extreme((x, y)[axis], member, sign):
                phrases.append(rng.choice(wordings.EXTREMES[name]).format(k=kind))
                if len(group) == 2 and name in wordings.PAIR_SIDES:
                    phrases.append(wordings.PAIR_SIDES[name].format(k=kind))
        if thing.size:
            of_size = [i for i in group if scene.objects[i].size == thing.size]
            if len(of_size) == 1:
                pair, more = wordings.COMPARATIVES[thing.size][:-1], wordings.COMPARATIVES[thing.size][-1:]
                word = rng.choice(pair + more if len(group) == 2 else more)
                phrases.append(f"{word} {kind}")
                phrases.append(
                    f"{rng.choice(wordings.SIZE_WORDS[thing.size])} {kind}" if not color else f"{word} {kind}"
                )
    for other, landmark in enumerate(scene.objects):
        if landmark.kind == thing.kind or landmark.traits.generic or rng.random() < 0.6:
            continue
        named = _plain_phrase(scene, other, rng)
        group = groups[0][1]
        if named is None or len(group) < 2:
            continue
        apart = np.array([np.hypot(*np.subtract(scene.objects[i].position[:2], landmark.position[:2])) for i in group])
        if _extreme(apart, group.index(index), -1):
            kind = rng.choice(wordings.KIND_WORDS[thing.kind])
            phrases.append(rng.choice(wordings.NEIGHBOURS).format(k=kind, o=f"the {named}"))
    return phrases


def refer(scene: Scene, index: int, rng, grounded: bool) -> str | None:
    """A phrase that can only mean object ``index``: ``the leftmost block``; None if there is none of that sort."""
    if grounded:
        phrases = _grounded_phrases(scene, index, rng)
        return f"the {rng.choice(phrases)}" if phrases else None
    phrase = _plain_phrase(scene, index, rng)
    return f"the {phrase}" if phrase else None


def step_text(
    scene: Scene,
    pick_index: int,
    place_index: int | None,
    area: str | None,
    side: str = "",
    second: int | None = None,
) -> str:
    """The step in the planner's own words, one line of a plan."""
    target = scene.objects[pick_index].name
    if place_index is None:
        return f"pick the {target}, place it on the {area}"
    goal = scene.objects[place_index]
    if side:
        other = "" if second is None else scene.objects[second].name
        return f"pick the {target}, place it {beside(side, goal.name, other)}"
    return f"pick the {target}, place it {goal.traits.preposition} the {goal.name}"


def make_step(
    scene: Scene,
    pick_index: int,
    place_index: int | None = None,
    area: str | None = None,
    side: str = "",
    second: int | None = None,
) -> Step:
    """The step that moves object ``pick_index`` there. Raises NoSpot if there is no room at that side."""
    where = (place_index, area, side, second)
    return Step(
        pick_index,
        place_index,
        area,
        step_text(scene, pick_index, *where),
        pick_pose(scene.objects[pick_index]),
        place_pose(scene, pick_index, *where),
        side,
        second,
    )


def _choose(scene: Scene, rng, areas: float):
    """A random doable pick and destination: indices, or None."""
    below = supports(scene)
    covered = set(below.values())
    movable = [i for i, o in enumerate(scene.objects) if o.traits.piled and not any(below.get(j) == i for j in below)]
    if not movable:
        return None
    sized = [i for i in movable if scene.objects[i].traits.sized]
    pick = int(rng.choice(sized if sized and rng.random() < 0.9 else movable))
    goals = []
    for i, o in enumerate(scene.objects):
        occupied = i in covered and not o.traits.flat
        small_support = o.traits.sized and (
            not scene.objects[pick].traits.sized or (o.size == "small" and scene.objects[pick].size == "big")
        )
        if i != pick and o.traits.destination and below.get(pick) != i and not occupied and not small_support:
            goals.append(i)
    if areas and (not goals or rng.random() < areas):
        return pick, None, str(rng.choice(AREAS))
    if not goals:
        return None
    kind = rng.choice(sorted({scene.objects[i].kind for i in goals}))
    return pick, int(rng.choice([i for i in goals if scene.objects[i].kind == kind])), None


def random_step(scene: Scene, rng: np.random.Generator, areas: float = 0.0) -> Step | None:
    """A random doable step, whether or not words could tell its objects apart; None if there is none."""
    chosen = _choose(scene, rng, areas)
    return None if chosen is None else make_step(scene, *chosen)


def single_step_task(
    scene: Scene, rng: np.random.Generator, grounded: bool, areas: float = 0.0, held_out: bool = False
) -> Task | None:
    """A random instruction of one step that is unambiguous in the scene; None if this scene offers none.

    Args:
        grounded: at least one of the two things is named by where it is or how big it is.
        areas: share of destinations that are an area of the table.
        held_out: word it in a way that training never uses.
    """
    for _ in range(12):
        chosen = _choose(scene, rng, areas)
        if chosen is None:
            return None
        pick, place, area = chosen
        which = int(rng.integers(3)) if grounded else -1  # 0: the pick, 1: the place, 2: both
        target = refer(scene, pick, rng, which in (0, 2))
        if place is None:
            goal: str | None = f"the {rng.choice(wordings.AREA_WORDS[area])}"
            if grounded and which == 1:
                continue
        else:
            goal = refer(scene, place, rng, which in (1, 2))
        if target is None or goal is None:
            continue
        return Task(
            _word(target, goal, _preposition(scene, place, rng), rng, held_out),
            (make_step(scene, pick, place, area),),
            grounded,
            held_out,
        )
    return None


def impossible_task(scene: Scene, rng: np.random.Generator, held_out: bool = False) -> Task | None:
    """An instruction that names a thing which is not there, so that it has no steps."""
    chosen = _choose(scene, rng, areas=0.1)
    if chosen is None:
        return None
    pick, place, area = chosen
    target = refer(scene, pick, rng, False)
    goal = f"the {rng.choice(wordings.AREA_WORDS[area])}" if place is None else refer(scene, place, rng, False)
    if target is None or goal is None:
        return None
    kind = kinds.BLOCK if place is None or rng.random() < 0.6 else scene.objects[place].kind
    absent = [c for c in COLOR_NAMES if all((o.kind, o.color) != (kind, c) for o in scene.objects)]
    phrase = f"the {rng.choice(absent)} {rng.choice(wordings.KIND_WORDS[kind])}"
    if kind == kinds.BLOCK and (place is None or rng.random() < 0.7):
        target = phrase
    else:
        goal = phrase
    return Task(_word(target, goal, _preposition(scene, place, rng), rng, held_out), (), False, held_out)


def _preposition(scene: Scene, place: int | None, rng) -> str:
    if place is None:
        return "on"
    return str(rng.choice(VARIANTS[scene.objects[place].traits.preposition]))


def _word(target: str, goal: str, preposition: str, rng, held_out: bool) -> str:
    template = str(rng.choice(wordings.HELD_OUT_INSTRUCTIONS if held_out else wordings.INSTRUCTIONS))
    return wordings.finished(template.format(a=target, b=goal, p=preposition), rng)


def random_step_text(rng: np.random.Generator) -> str:
    """The text of some step, whatever the scene: for histories."""
    color, other = rng.choice(COLOR_NAMES, 2)
    goal = rng.choice(
        [f"in the {other} {kinds.BOWL}", f"on the {other} {kinds.ZONE}", f"on the big {other} {kinds.BLOCK}"]
    )
    return f"pick the {rng.choice(SIZE_NAMES)} {color} {kinds.BLOCK}, place it {goal}"
