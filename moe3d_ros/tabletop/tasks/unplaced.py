"""Orders for places that no step of a plan has, about things that are there: distances, exchanges, rows, turns."""

from __future__ import annotations

import re

import numpy as np

from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.single_step import refer
from moe3d_ros.tabletop.words import form_wordings as words
from moe3d_ros.tabletop.words.forms import CENTIMETERS, decorated
from moe3d_ros.tabletop.words.wordings import finished

UNPLACED = "other work"  # the reason with which they are refused
# What makes a relation one that no step has; the others, such as "behind", are places beside a thing.
_BEYOND = re.compile(
    r"\{n\}|some \{cm\}|swap|switch|exchange|change places|trade|replace|takes the place|where \{b\}|\brow\b|\bline|circle|wall|"
    r"triangle|align|around|surround|spread|rotate|turn|lift|at x|same distance|apart|separate|touch|join|towards|away|halfway|"
    r"\bfar from|far as|under|below|edge|rim|diagonal|opposite|slightly|a bit|a little|nearer|closer|further|against|north|"
    r"half a meter|hand's|nudge|corner|left to right|to the \{s\}$|each other|side by side|center of"
)
RELATIONS = tuple(pattern for pattern in words.RELATIONS if _BEYOND.search(pattern))
PLACES = tuple(place for place in words.BESIDE if _BEYOND.search(place))


def unplaced_instruction(scene: Scene, rng: np.random.Generator) -> str | None:
    """A random order of this sort about things of the scene; None if it has too few that can be told by their colours."""
    movable = [refer(scene, i, rng, False) for i, thing in enumerate(scene.objects) if thing.traits.sized]
    others = [refer(scene, i, rng, False) for i in range(len(scene.objects))]
    told, there = [list(filter(None, names)) for names in (movable, others)]
    if not told or len(there) < 3:
        return None
    a = str(rng.choice(told))
    b, c = (str(name) for name in rng.choice([name for name in there if name != a] * 2, 2, replace=False))
    pattern = str(rng.choice(RELATIONS))
    if rng.random() < 0.4:
        pattern = str(rng.choice(words.PLACING)).replace("{r}", str(rng.choice(PLACES)))
    side = str(rng.choice(("left", "right")))
    amount = {"n": str(rng.integers(1, 31)), "cm": str(rng.choice(CENTIMETERS)), "s": side, "x": a.split()[-2]}
    return decorated(finished(pattern.format(a=a, b=b, c=c, **amount), rng), rng)
