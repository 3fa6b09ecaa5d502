"""Suite ``answerable``: answers that must agree with the detections, and questions without an answer that must be refused."""

from __future__ import annotations

import numpy as np

from moe3d_ros.look import Look
from moe3d_ros.plan import PlanningError, check_text
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.questions.unanswerable import KINDS, unanswerable_question
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.scene import Scene
from training.evaluation.judging.detected_truth import SORTS, detected_question, detected_scene
from training.evaluation.judging.first_step import BATCH, look_at
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED
from training.evaluation.judging.shares import grouped, shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.suite import Suite, add_scenes, bars_of

AGREES_BAR, REFUSED_BAR, FALSELY_REFUSED_BAR = 0.95, 0.95, 0.02


def run(planner: Planner, scenes: int = 100, seed: int = HELD_OUT_SEED) -> dict:
    """A question of each of SORTS and one of each of KINDS about each of ``scenes`` held-out scenes that the encoder sees.

    Odd scenes are asked in held-out wordings; questions without an answer are held out always. The truth of an answer is
    computed from the objects that were detected.

    Returns:
        ``agrees`` by sort (an answer that is refused does not agree), ``refused`` by kind, ``refused_falsely`` by wording,
        with counts and 95 % intervals; a record of every question.
    """
    drawn = [random_scene(np.random.default_rng((seed, 8, number)), stacked=0.5) for number in range(scenes)]
    records: list[dict] = []
    for start in range(0, scenes, BATCH):
        part = drawn[start : start + BATCH]
        for number, look in enumerate(look_at(planner, part, seed % 1_000_000 + start), start):
            if look.objects:
                records += ask(look, questions_about(detected_scene(look.objects), number, seed), number)
    return {**summary(records), "records": records}


def questions_about(scene: Scene, number: int, seed: int) -> list[dict]:
    """Questions about what is detected: ``question``, ``expected`` (None where it has no answer), ``kind``, ``wording``."""
    held_out = number % 2 == 1
    rng = np.random.default_rng((seed, 9, number))
    found = []
    for sort in SORTS:
        asked = detected_question(scene, rng, sort, held_out)
        if asked is not None:
            found.append(_record(*asked, sort, "held out" if held_out else "trained"))
    for kind in KINDS:
        without = unanswerable_question(scene, rng, kind, held_out=True)
        if without is not None:
            found.append(_record(without.text, None, kind, "held out"))
    return found


def _record(question: str, expected: str | None, kind: str, wording: str) -> dict:
    return {"question": question, "expected": expected, "kind": kind, "wording": f"{wording} wording"}


def ask(look: Look, asked: list[dict], number: int) -> list[dict]:
    """The records with the ``answer`` of the planner or, where it has none, the ``reason``."""
    for record in asked:
        record |= {"scene": number, "answer": None, "reason": None}
        try:
            record["answer"] = look.answer(check_text(record["question"], "question"))
        except PlanningError as error:
            record["reason"] = str(error)
        record["refused"] = record["reason"] is not None
        record["agrees"] = record["answer"] == record["expected"]
    return asked


def summary(records: list[dict]) -> dict:
    """Shares of answers that agree, of refusals, and of false ones."""
    answerable, without = ([r for r in records if (r["expected"] is None) is which] for which in (False, True))
    groups = {"agrees": [r["agrees"] for r in answerable]}
    groups |= {f"agrees, {sort}": values for sort, values in grouped(answerable, "agrees", "kind").items()}
    groups["refused"] = [r["refused"] for r in without]
    groups |= {f"refused, {kind}": values for kind, values in grouped(without, "refused", "kind").items()}
    groups["refused_falsely"] = [r["refused"] for r in answerable]
    falsely = grouped(answerable, "refused", "wording")
    return shares(groups | {f"refused falsely, {wording}": values for wording, values in falsely.items()})


def bars(figures: dict) -> dict[str, bool]:
    """Goals of the suite and whether each is met."""
    at_least = {f"agrees, {sort}": AGREES_BAR for sort in SORTS} | {f"refused, {kind}": REFUSED_BAR for kind in KINDS}
    return bars_of(
        figures,
        {name: bar for name, bar in at_least.items() if name in figures},
        {"refused_falsely": FALSELY_REFUSED_BAR},
    )


SUITE = Suite(
    name="answerable",
    run=lambda planner, options: run(planner, options.scenes),
    table=shares_table,
    bars=bars,
    add_options=lambda parser: add_scenes(parser, 100),
)
