"""Questions about one scene with short answers: counting, existence, colour, size, place."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.scenes import COLOR_NAMES, Scene
from moe3d_ros.tabletop.tasks import refer, supports

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _count(scene: Scene, rng) -> tuple[str, str]:
    kind = rng.choice(["block", "bowl", "zone"])
    color = rng.choice([o.color for o in scene.objects]) if rng.random() < 0.35 else None
    number = sum(o.kind == kind and color in (None, o.color) for o in scene.objects)
    words = f"{color} {kind}s" if color else f"{kind}s"
    question = rng.choice(["how many {w} are there?", "how many {w} are on the table?", "count the {w}"]).format(w=words)
    return question, NUMBERS[min(number, 10)]


def _exists(scene: Scene, rng) -> tuple[str, str]:
    kind = str(rng.choice(["block", "bowl", "zone"]))
    present = [o.color for o in scene.objects if o.kind == kind]
    color = rng.choice(present) if present and rng.random() < 0.5 else rng.choice(COLOR_NAMES)
    question = rng.choice(["is there a {c} {k}?", "is there a {c} {k} on the table?", "do you see a {c} {k}?"])
    return question.format(c=color, k=kind), "yes" if color in present else "no"


def _color(scene: Scene, rng) -> tuple[str, str] | None:
    index = int(rng.integers(len(scene.objects)))
    phrase = refer(scene, index, rng, grounded=True)
    color = scene.objects[index].color
    if phrase is None or color in phrase:
        return None
    return f"what color is {phrase}?", color


def _size(scene: Scene, rng) -> tuple[str, str] | None:
    blocks = [i for i, o in enumerate(scene.objects) if o.kind == "block"]
    index = int(rng.choice(blocks)) if blocks else None
    phrase = refer(scene, index, rng, grounded=bool(rng.random() < 0.5)) if blocks else None
    if phrase is None or any(w in phrase for w in ("small", "little", "big", "larg")):
        return None
    return f"is {phrase} big or small?", scene.objects[index].size


def _inside(scene: Scene, rng) -> tuple[str, str] | None:
    goals = [i for i, o in enumerate(scene.objects) if o.kind in ("bowl", "zone")]
    if not goals:
        return None
    below = supports(scene)
    occupied = [i for i in goals if i in below.values()]
    index = int(rng.choice(occupied if occupied and rng.random() < 0.7 else goals))
    phrase = refer(scene, index, rng, grounded=False)
    if phrase is None:
        return None
    upper = [i for i, j in below.items() if j == index]
    preposition = "in" if scene.objects[index].kind == "bowl" else "on"
    return f"what is {preposition} {phrase}?", f"the {scene.objects[upper[0]].name}" if upper else "nothing"


KINDS_OF_QUESTION = {"count": _count, "existence": _exists, "color": _color, "size": _size, "contents": _inside}


def random_question(scene: Scene, rng: np.random.Generator) -> tuple[str, str, str] | None:
    """A question, its answer and its type; None if the drawn type has none in this scene."""
    if not scene.objects:
        return None
    name = str(rng.choice(list(KINDS_OF_QUESTION)))
    found = KINDS_OF_QUESTION[name](scene, rng)
    return None if found is None else (*found, name)
