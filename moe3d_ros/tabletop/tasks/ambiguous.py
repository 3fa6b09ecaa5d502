"""Orders that could mean one thing or another, and the same words on tables where they mean just one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, NoRoom, arrange
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.tasks.draft import Draft
from moe3d_ros.tabletop.tasks.single_step import make_step
from moe3d_ros.tabletop.words import ambiguous_wordings as words
from moe3d_ros.tabletop.words.wordings import KIND_WORDS, finished
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE
from moe3d_ros.world.vocabulary import KIND

AMBIGUOUS = "ambiguous"  # the reason why it is not done: several things are meant by the words, of different looks
MOST_THINGS, MOST_PLACES = 5, 3


@dataclass(frozen=True)
class VagueOrder:
    """An order that tells a thing by too little, in a scene; ``step`` does it where the scene leaves no doubt, else None."""

    instruction: str
    scene: Scene
    step: Step | None


def vague_order(
    rng: np.random.Generator, colors: tuple[str, ...] = SEEN_COLORS, held_out: bool = False, jitter: float = 0.05
) -> VagueOrder:
    """A random vague order; on every second table it is clear all the same, since there is only one such thing.

    Things of the same looks leave no doubt: any of them will do.

    Args:
        colors: four or more.
        held_out: say it only in words that training never uses.
        jitter: sizes vary by this fraction.
    """
    while True:
        draft = Draft(rng, colors, 1.0)
        clear, vague_pick, place_kind = rng.random() < 0.5, rng.random() < 0.6, (BOWL, ZONE)[int(rng.integers(2))]
        several_picks = not clear if vague_pick else rng.random() < 0.7
        several_places = rng.random() < 0.5 if vague_pick else not clear
        blocks = [
            draft.add(BLOCK, color, draft.size())
            for color in rng.permutation(colors)[
                : int(rng.integers(2, MOST_THINGS + 1)) if several_picks else 1
            ].tolist()
        ]
        places = [
            draft.add(place_kind, color)
            for color in rng.permutation(colors)[
                : int(rng.integers(2, MOST_PLACES + 1)) if several_places else 1
            ].tolist()
        ]
        draft.distract({ZONE if place_kind == BOWL else BOWL: 2}, draft.colors)
        try:
            scene = arrange(draft.things, rng, jitter)
        except NoRoom:
            continue
        pick, place = blocks[0], places[0]
        text = _worded(rng, scene, pick, place, vague_pick, vague_pick and several_places, held_out)
        return VagueOrder(text, scene, make_step(scene, pick, place) if clear else None)


def _worded(rng, scene: Scene, pick: int, place: int, vague_pick: bool, place_told: bool, held_out: bool) -> str:
    """The order; what is not vague is told by its colour."""
    block, goal = scene.objects[pick], scene.objects[place]
    noun, where = str(rng.choice(KIND_WORDS[block.kind])), str(rng.choice(KIND_WORDS[goal.kind]))
    vague = str(rng.choice(words.HELD_OUT_VAGUE if held_out else words.VAGUE)).format(k=noun)
    it = vague if vague_pick else f"the {block.color} {noun}"
    told = f"the {goal.color} {where}" if place_told or (vague_pick and rng.random() < 0.5) else f"the {where}"
    order = str(rng.choice(words.HELD_OUT_ORDERS if held_out else words.ORDERS))
    preposition = KIND[goal.kind].preposition
    return finished(order.format(it=it, w=f"{preposition} {told}"), rng)
