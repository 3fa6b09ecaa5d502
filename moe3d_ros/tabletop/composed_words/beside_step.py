"""Single steps beside a thing, drawn in a scene and put into words; things are told as in other single steps."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.composed_words.instructions import decorated
from moe3d_ros.tabletop.composed_words.speaker import Named, Speaker, agreeing, tidied
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.rules.placing import NoSpot
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.tasks.single_step import Task, make_step, refer
from moe3d_ros.world.sides import BETWEEN, SIDES

TRIES = 12
SIZED_SHARE = 0.9  # of the things that are picked, where there are such
SAID, FRONT, LED = 0.25, 0.08, 0.25  # shares of wishes, of sentences that begin with the place, and with a "please"
GROUNDED_SHARE = 0.5  # of each thing's names, where at least one is told by where it is or how big it is


def beside_step_task(scene: Scene, rng: np.random.Generator, grounded: bool, held_out: bool = False) -> Task | None:
    """A random instruction of one step beside a thing that is unambiguous in the scene; None if this scene offers none.

    Args:
        grounded: at least one of the things is named by where it is or how big it is.
        held_out: word it in a way that training never uses.
    """
    layout, speaker = Layout(scene), Speaker(rng, held_out)
    for _ in range(TRIES):
        step = _random_step(layout, rng)
        if step is None:
            continue
        names = _names(scene, step, rng, grounded)
        if names is not None:
            return Task(_said(speaker, step.side, names, rng), (step,), grounded, held_out)
    return None


def _random_step(layout: Layout, rng: np.random.Generator) -> Step | None:
    """A step of any side, for which there is room and that is not done already; None where the draw has none."""
    things = layout.scene.objects
    movable = [i for i, thing in enumerate(things) if thing.traits.piled and layout.free(i)]
    sized = [i for i in movable if things[i].traits.sized]
    if not movable:
        return None
    pick = int(rng.choice(sized if sized and rng.random() < SIZED_SHARE else movable))
    side = str(rng.choice(SIDES))
    others = [i for i, thing in enumerate(things) if thing.traits.destination and i != pick]
    chosen: list[int] = []
    while others and len(chosen) < 1 + (side == BETWEEN):
        kind = rng.choice(sorted({things[i].kind for i in others}))
        chosen.append(int(rng.choice([i for i in others if things[i].kind == kind])))
        others.remove(chosen[-1])
    if len(chosen) < 1 + (side == BETWEEN) or layout.beside(pick, side, *chosen):
        return None
    try:
        return make_step(layout.scene, pick, chosen[0], None, side, *chosen[1:])
    except NoSpot:
        return None


def _names(scene: Scene, step: Step, rng: np.random.Generator, grounded: bool) -> list[str] | None:
    """Phrases for what is picked and for one or two things beside which it goes; None where one cannot be told."""
    things = [i for i in (step.pick_index, step.place_index, step.second) if i is not None]
    by_place = [grounded and rng.random() < GROUNDED_SHARE for _ in things]
    by_place[int(rng.integers(len(things)))] |= grounded
    names = [refer(scene, i, rng, placed) for i, placed in zip(things, by_place)]
    if None in names or " next to " in str(names[0]) or str(names[0]).endswith(("left", "right")):
        return None  # "the block next to the bowl left of the zone" has two meanings
    return [str(name) for name in names]


def _said(speaker: Speaker, side: str, names: list[str], rng: np.random.Generator) -> str:
    """The instruction around the names of the things."""
    thing, other, *second = names
    place = speaker.pattern(f"beside.{side}").format(o=other, p="".join(second))
    named = Named(thing, False)
    draw = rng.random()
    manner = "say" if draw < SAID else "front" if draw > 1 - FRONT and not speaker.held_out else "do"
    where = dict.fromkeys(("w", "v", "to"), place)
    text = speaker.pattern(f"put.{manner}").format(a=thing, **agreeing(False), **named.pronouns, **where)
    if manner == "do" and speaker.chance(LED):
        text = speaker.pattern("lead").format(do=text)
    return decorated(speaker, tidied(text), rng)
