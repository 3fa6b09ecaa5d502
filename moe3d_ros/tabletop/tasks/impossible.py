"""Instructions that cannot be carried out in a scene, by kind of impossibility, with held-out wordings of each kind."""

from __future__ import annotations

import string
from dataclasses import dataclass

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.single_step import impossible_task
from moe3d_ros.tabletop.words import unrelated_wordings as unrelated
from moe3d_ros.tabletop.words.other_languages import foreign_instruction
from moe3d_ros.tabletop.words.wordings import KIND_WORDS, finished
from moe3d_ros.world.kinds import BLOCK
from moe3d_ros.world.vocabulary import COUNTED

# What is wrong with it, and how often training draws it: most often a thing is named that is not there.
KINDS = {
    "absent color": 0.5,  # the red bowl, where no bowl is red
    "absent thing": 0.12,  # the banana, the drawer
    "other work": 0.1,  # paint the red block
    "unrelated": 0.06,  # play some music
    "chat": 0.06,  # hello, what time is it
    "language": 0.08,
    "nonsense": 0.05,
    "nothing": 0.03,  # please, the, um
}


@dataclass(frozen=True)
class Impossible:
    """An instruction and what is wrong with it, one of KINDS."""

    instruction: str
    kind: str


def impossible_instruction(
    scene: Scene, rng: np.random.Generator, kind: str | None = None, held_out: bool = False
) -> Impossible | None:
    """An instruction that must be refused in this scene; None if the scene offers none of that kind.

    Args:
        kind: one of KINDS; drawn by their shares if None.
        held_out: words, things, languages that training never uses.

    Raises:
        ValueError: there is no such kind.
    """
    if kind is None:
        kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of impossible instruction: use one of {', '.join(KINDS)}.")
    if kind == "absent color":
        task = impossible_task(scene, rng, held_out)
        return None if task is None else Impossible(task.instruction, kind)
    text = _WORDED[kind](scene, rng, held_out)
    return None if text is None else Impossible(finished(text, rng), kind)


def _chosen(rng, train: tuple[str, ...], held_out: tuple[str, ...], which: bool) -> str:
    return str(rng.choice(held_out if which else train))


def _fill(pattern: str, scene: Scene, rng, **more: str) -> str | None:
    """The pattern with things of the scene; None if the scene has none of a kind that it names."""
    names = {}
    for kind in COUNTED:
        things = [o for o in scene.objects if o.kind == kind]
        if not things and "{" + kind + "}" in pattern:
            return None
        if things:
            thing = things[int(rng.integers(len(things)))]
            names[kind] = f"the {thing.color} {rng.choice(KIND_WORDS[kind])}"
    names["a"] = names.get(str(rng.choice(list(names) or [BLOCK])), "the table")
    return pattern.format(**names, **more)


def _absent_thing(scene: Scene, rng, held_out: bool) -> str | None:
    pattern = _chosen(rng, unrelated.MISSING, unrelated.HELD_OUT_MISSING, held_out)
    thing = _chosen(rng, unrelated.THINGS, unrelated.HELD_OUT_THINGS, held_out)
    return _fill(pattern, scene, rng, t=thing, u=_chosen(rng, unrelated.PLACES, unrelated.HELD_OUT_PLACES, held_out))


def _other_work(scene: Scene, rng, held_out: bool) -> str | None:
    return _fill(_chosen(rng, unrelated.OTHER_WORK, unrelated.HELD_OUT_OTHER_WORK, held_out), scene, rng)


def _nonsense(scene: Scene, rng, held_out: bool) -> str:
    """Syllables of no word, words of no sentence, or keys hit at random."""
    draw = rng.random()
    if draw < 0.4:
        syllables = unrelated.HELD_OUT_SYLLABLES if held_out else unrelated.SYLLABLES
        words = ["".join(rng.choice(syllables, int(rng.integers(1, 4)))) for _ in range(int(rng.integers(1, 7)))]
    elif draw < 0.8:
        salad = unrelated.HELD_OUT_SALAD if held_out else unrelated.SALAD
        words = [str(word) for word in rng.choice(salad, int(rng.integers(2, 8)))]
    elif held_out:  # a finger that slides along the keyboard
        rows = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
        slides = [str(row) for row in rng.choice(rows, int(rng.integers(1, 4)))]
        words = [row[int(rng.integers(0, 4)) :][: int(rng.integers(3, 8))] * int(rng.integers(1, 3)) for row in slides]
    else:
        keys = list(string.ascii_lowercase + "0123456789")
        words = ["".join(rng.choice(keys, int(rng.integers(2, 10)))) for _ in range(int(rng.integers(1, 4)))]
    return " ".join(words)


_WORDED = {
    "absent thing": _absent_thing,
    "other work": _other_work,
    "unrelated": lambda _, rng, held_out: _chosen(rng, unrelated.REQUESTS, unrelated.HELD_OUT_REQUESTS, held_out),
    "chat": lambda _, rng, held_out: _chosen(rng, unrelated.CHAT, unrelated.HELD_OUT_CHAT, held_out),
    "language": lambda _, rng, held_out: foreign_instruction(rng, held_out),
    "nonsense": _nonsense,
    "nothing": lambda _, rng, held_out: _chosen(rng, unrelated.NOTHING, unrelated.HELD_OUT_NOTHING, held_out),
}
