"""From a sentence to a long task: a person says one, and a table for it is drawn with the goals by which it is judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.long_tasks import LongTask
from moe3d_ros.tabletop.tasks.registry import Entry, sample_task, tasks

EXAMPLES = (
    "put the blocks in the bowls with matching colors",
    "put the blocks in the bowls with mismatched colors",
    "stack the smaller blocks over the bigger blocks of the same color",
)


def said_task(instruction: str, seed: int) -> tuple[LongTask, Scene]:
    """The long task that a sentence tells, and a scene for it.

    Tasks are known by their phrases, those among them that name nothing in particular on a table: "the bowls with matching
    colors" goes with any, "the red bowl" does not.

    Args:
        instruction: as a person says it; the task's instruction is this.
        seed: of the scene.

    Raises:
        ValueError: it is the sentence of no such task.
    """
    heard = _plain(instruction)
    fits = {name: fit for name, entry in tasks().items() if (fit := _fit(entry, heard))}
    if not fits:
        raise ValueError(
            f"'{instruction}' is no long task whose table could be drawn. Say, for example: {'; '.join(EXAMPLES)}. "
            "Any other sentence can be planned on a random table."
        )
    name = max(fits, key=fits.__getitem__)
    task, scene = sample_task(name, np.random.default_rng([seed]))
    return replace(task, instruction=instruction, again=""), scene


def _fit(entry: Entry, heard: str) -> int:
    """Letters of the longest phrases of the thing and of the place that are heard; 0 if either is not, or is too particular."""
    if entry.wording is None:
        return 0
    lengths = [
        max((len(phrase) for phrase in phrases if "{" not in phrase and _plain(phrase) in heard), default=0)
        for phrases in (entry.wording.a, entry.wording.b)
    ]
    return sum(lengths) if all(lengths) else 0


def _plain(text: str) -> str:
    """Lower case, single spaces around, American spelling, without punctuation."""
    letters = "".join(letter if letter.isalnum() else " " for letter in text.lower().replace("colour", "color"))
    return f" {' '.join(letters.split())} "
