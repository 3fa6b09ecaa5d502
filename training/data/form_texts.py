"""Sentences for the head that hears an instruction's form: doable ones from every trained task, and the forms it refuses."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, NoRoom, arrange
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.sixd_scenes import sixd_scene
from moe3d_ros.tabletop.tasks import registry
from moe3d_ros.tabletop.tasks.impossible import impossible_instruction
from moe3d_ros.tabletop.tasks.progress import TRAINING_TASKS
from moe3d_ros.tabletop.tasks.single_step import single_step_task
from moe3d_ros.tabletop.tasks.sixd_tasks import random_sixd_task
from moe3d_ros.tabletop.things.thing_tasks import worded_order
from moe3d_ros.tabletop.words.forms import FORMS, asked, decorated, doable_instruction, form_instruction
from training.data.decisions import FORMS as DRAWN
from training.data.decisions import ORDERS, Recipe
from training.data.marks import marked

DOABLE = "doable"
CLASSES = (DOABLE, *FORMS)
DOABLE_SHARE = 0.45
FORM_SHARES = (0.37, 0.11, 0.12, 0.4)  # of FORMS; people forbid and correct in more ways than they relate
SORTS = {"single": 0.12, "long": 0.2, "sixd": 0.04, "impossible": 0.09, "worded": 0.55}
# Orders of the grammar that a reasoner plans, in place of a doable sentence; several orders and places beside things have their form.
COMPOSED_SHARE = 0.45
COMPOSED = {"composed": 0.41, "small": 0.24, "everyday": 0.13, "things": 0.06, "beside": 0.09, "series": 0.07}
SEEDS = 1 << 40
ASKED_SHARE = 0.3  # of the doable ones begin with a phrase with which people ask
_RELATED = "next to"  # an absent thing's pattern says this of a place: that is a relation


def form_text(rng: np.random.Generator) -> tuple[str, int]:
    """A sentence in a trained wording and the number of its class in CLASSES; in all of them some have marks of writing."""
    text, label = _worded(rng)
    return marked(text, rng), label


def _worded(rng: np.random.Generator) -> tuple[str, int]:
    if rng.random() < DOABLE_SHARE:
        if rng.random() < COMPOSED_SHARE:
            return composed_text(rng)
        text = decorated(doable_text(rng), rng)
        return (asked(text, rng) if rng.random() < ASKED_SHARE else text), 0
    form = int(rng.choice(len(FORMS), p=FORM_SHARES))
    text = form_instruction(rng, FORMS[form])
    return (asked(text, rng) if rng.random() < ASKED_SHARE / 3 else text), form + 1


def doable_text(rng: np.random.Generator) -> str:
    """An instruction in a form that plans are trained for, in a trained wording; it may name what is not there."""
    sort = str(rng.choice(list(SORTS), p=list(SORTS.values())))
    text = None
    while text is None or (sort == "impossible" and _RELATED in text):
        text = _SAID[sort](rng)
    return text


def composed_text(rng: np.random.Generator) -> tuple[str, int]:
    """An order of the grammar in a trained wording, as a reasoner is trained on it, and the number of its class."""
    source = str(rng.choice(list(COMPOSED), p=list(COMPOSED.values())))
    text: str | None = None
    form = ""
    while text is None:
        text, form = _composed(source, int(rng.integers(SEEDS)))
    return text, CLASSES.index(form)


def _composed(source: str, seed: int) -> tuple[str | None, str]:
    """Words of a recipe for decisions, and their form."""
    clauses = 1
    if source in ORDERS:
        clauses = len(worded_order(seed, ORDERS[source])[0].order.clauses)
    elif source in DRAWN:
        clauses = len(DRAWN[source](seed)[0].clauses)
    form = "relation" if source == "beside" else "clauses" if clauses > 1 else DOABLE
    return Recipe(source, seed).instruction(), form


def _single(rng) -> str | None:
    task = single_step_task(random_scene(rng), rng, grounded=bool(rng.random() < 0.6), areas=0.15)
    return task.instruction if task else None


def _long(rng) -> str | None:
    entry = registry.find(str(rng.choice(TRAINING_TASKS)))
    draft = entry.draft(rng, SEEN_COLORS, float(rng.uniform(0.4, 1.0)), False)
    said = entry.generator(draft)
    if entry.settled:
        try:
            said = said(arrange(draft.things, rng))
        except NoRoom:
            return None
    return said and said[0]


def _sixd(rng) -> str | None:
    task = random_sixd_task(sixd_scene(rng), rng)
    return task.instruction if task else None


def _impossible(rng) -> str | None:
    found = impossible_instruction(random_scene(rng), rng)
    return found.instruction if found else None


_SAID = {
    "single": _single,
    "long": _long,
    "sixd": _sixd,
    "impossible": _impossible,
    "worded": doable_instruction,
}
