"""Sentences with which the head for an instruction's form is judged: those of the suites, and refused forms in other words."""

from __future__ import annotations

import numpy as np

from moe3d_ros.tabletop.composed_words.beside_step import beside_step_task
from moe3d_ros.tabletop.composed_words.instructions import said
from moe3d_ros.tabletop.composing.drawing import draw_task
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.sixd_scenes import sixd_scene
from moe3d_ros.tabletop.tasks.sixd_tasks import random_sixd_task
from moe3d_ros.tabletop.things.thing_tasks import worded_order
from moe3d_ros.tabletop.words.forms import FORMS, form_instruction
from moe3d_ros.tabletop.words.typos import with_typos
from moe3d_ros.world.kinds import BLOCK
from training.evaluation.judging.held_out_cases import WORDINGS, Case, moment_pair, single_step_pair

RELATION, CLAUSES = FORMS[1:3]


def doable_sentences(number: int, seed: int) -> list[tuple[str, str]]:
    """Instructions of the suites' kinds with what they are: ``number`` cases each of one step and of long tasks, in both
    wordings and with slips of the keyboard, and half as many of 6D tasks."""
    found: list[tuple[str, str]] = []
    for sort, draw in (("single", single_step_pair), ("long", moment_pair)):
        for case in range(number):
            pair: tuple[Case, Case] = draw(case, seed=seed)
            found += [(said.instruction, f"{sort}, {said.wording} wording") for said in pair]
            typed = with_typos(pair[0].instruction, np.random.default_rng((seed, 5, case)))
            found.append((typed, f"{sort}, typos"))
    for case in range(number // 2):
        rng, task = np.random.default_rng((seed, 6, case)), None
        while task is None:
            task = random_sixd_task(sixd_scene(rng), rng)
        found.append((task.instruction, "6d"))
    return found


def composed_sentences(number: int, seed: int) -> list[tuple[str, str, str]]:
    """Orders that a checkpoint with a reasoner plans: ``number`` of the grammar in each wording, half as many everyday ones
    and a quarter as many of places beside things.

    Returns:
        words, what they are, and the one of FORMS that they have; empty for an order that any checkpoint plans.
    """
    found: list[tuple[str, str, str]] = []
    for held_out, wording in enumerate(WORDINGS):
        for case in range(number):
            rng = np.random.default_rng((seed, 10, held_out, case))
            form, _, _ = draw_task(rng)
            text = said(form, rng, bool(held_out))
            found.append((text, f"composed, {wording} wording", CLAUSES if len(form.clauses) > 1 else ""))
        for case in range(number // 2):
            drawn, text = worded_order(seed + case, BLOCK, bool(held_out))
            found.append((text, f"everyday, {wording} wording", CLAUSES if len(drawn.order.clauses) > 1 else ""))
        for case in range(number // 4):
            rng, task = np.random.default_rng((seed, 11, held_out, case)), None
            while task is None:
                task = beside_step_task(random_scene(rng), rng, case % 2 == 1, bool(held_out))
            found.append((task.instruction, f"beside, {wording} wording", RELATION))
    return found


def refused_sentences(number: int, wording: str, seed: int) -> list[tuple[str, str]]:
    """``number`` sentences of each form in one of the wordings, with the form."""
    return [
        (form_instruction(np.random.default_rng((seed, 7, kind, case)), form, wording), form)
        for kind, form in enumerate(FORMS)
        for case in range(number)
    ]
