"""The registry of long tasks: a new one is a generator in one file of this folder, and nothing else names it.

A module called ``practice_...`` or ``benchmark_...`` beside this one is found and imported when the tasks are first asked
for. Each generator in it says with :func:`long_task` what kind of task it makes; everything that goes by task (training
samples, suites, wordings, step limits) asks here.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from moe3d_ros.tabletop import tasks as package
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, NoRoom, arrange
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.draft import Draft
from moe3d_ros.tabletop.tasks.long_tasks import LongTask
from moe3d_ros.tabletop.words.long_wordings import WORDINGS, Wording

FAMILIES = ("seen", "unseen", "practice")  # the benchmark's tasks to train on, those never trained on, and all others
_PREFIXES = ("benchmark_", "practice_")
# Their order is part of what a seed stands for, so it stays; modules that are not named here come behind, by name.
_FIRST = ("benchmark_tasks", "practice_tasks", "practice_composed", "practice_beside")


@dataclass(frozen=True)
class Entry:
    """A registered task.

    Attributes:
        name: in reports, configurations and seeds.
        family: one of FAMILIES.
        generator: adds things to a draft -> instruction and alternatives (see `LongTask`). Of a ``settled`` task: -> a
            function of the finished scene that returns these, or None where the scene does not offer the task.
        wording: of the task; None if the generator words it by itself.
        told_by_place: its words identify things by their place, so that a wrong move would change the referents.
        recolored: an instruction with one of its colours replaced by an absent one is an impossible one.
        extra_steps: moves that may be wasted.
        settled: the task depends on where the things were placed.
    """

    name: str
    family: str
    generator: Callable
    wording: Wording | None = None
    told_by_place: bool = False
    recolored: bool = True
    extra_steps: int = 2
    settled: bool = False

    def __post_init__(self):
        if self.family not in FAMILIES:
            raise ValueError(f"task {self.name!r}: family must be one of {', '.join(FAMILIES)}, got {self.family!r}")

    def draft(self, rng: np.random.Generator, colors: tuple[str, ...], scale: float, held_out: bool) -> Draft:
        """An empty draft that is said in the task's words."""
        return Draft(rng, tuple(colors), scale, held_out, self.wording)

    def task(self, draft: Draft, instruction: str, alternatives) -> LongTask:
        """The task that a draft came to."""
        return LongTask(
            self.name, instruction, alternatives, draft.held_out, again=draft.again, extra_steps=self.extra_steps
        )

    def sample(self, rng, colors, scale: float, held_out: bool, jitter: float) -> tuple[LongTask, Scene]:
        """Draw drafts until one fits on a table, and there is what the words are about."""
        while True:
            draft = self.draft(rng, colors, scale, held_out)
            said = self.generator(draft)
            try:
                scene = arrange(draft.things, rng, jitter)
            except NoRoom:
                continue
            said = said(scene) if self.settled else said
            if said is not None:
                return self.task(draft, *said), scene


_ENTRIES: dict[str, Entry] = {}


def long_task(family: str, name: str = "", wording: Wording | None = None, **traits: Any):
    """Register the decorated generator; arguments as of :class:`Entry`.

    Args:
        name: the generator's own if empty.
        wording: that of its name in `long_wordings.WORDINGS`, if there is one, if None.

    Raises:
        ValueError: there is a task of that name already, or no such family.
    """

    def register(generator: Callable) -> Callable:
        entry = Entry(own := name or generator.__name__, family, generator, wording or WORDINGS.get(own), **traits)
        if own in _ENTRIES:
            raise ValueError(f"there is a task {own!r} already, in {_ENTRIES[own].generator.__module__}")
        _ENTRIES[own] = entry
        return generator

    return register


@cache
def _load() -> None:
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith(_PREFIXES):
            import_module(f"{package.__name__}.{module.name}")


def _rank(entry: Entry) -> tuple[int, str]:
    module = entry.generator.__module__.rpartition(".")[2]
    return (_FIRST.index(module), "") if module in _FIRST else (len(_FIRST), module)


def tasks(*families: str) -> dict[str, Entry]:
    """All registered tasks, or those of some families, by name and in their order."""
    _load()
    entries = sorted(_ENTRIES.values(), key=_rank)  # stable: within a module, as they stand there
    return {entry.name: entry for entry in entries if entry.family in (families or FAMILIES)}


def names(*families: str) -> tuple[str, ...]:
    """Names of all registered tasks, or of those of some families, in their order."""
    return tuple(tasks(*families))


def find(name: str) -> Entry:
    """The task of that name. Raises KeyError if there is none."""
    _load()
    if name not in _ENTRIES:
        raise KeyError(f"{name!r} is no long task: use one of {', '.join(names())}.")
    return _ENTRIES[name]


def sample_task(
    name: str,
    rng: np.random.Generator,
    colors: tuple[str, ...] = SEEN_COLORS,
    scale: float = 1.0,
    held_out: bool = False,
    jitter: float = 0.0,
) -> tuple[LongTask, Scene]:
    """A random instance of a registered task: the task and the scene that it starts from.

    Args:
        colors: which colours there are; seven at least for full scenes.
        scale: below 1, fewer things.
        held_out: word it in a way that training never uses.
        jitter: sizes vary by this fraction.

    Raises:
        KeyError: no such task.
    """
    return find(name).sample(rng, colors, scale, held_out, jitter)
