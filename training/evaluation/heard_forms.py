"""Suite ``forms``: instructions of a form that the planner does not plan must be refused before it plans, doable ones not.

Beside the constructions that training leaves out it asks what others said (`data/said_by_others.json`): 200 prohibitions, 200
corrections and 300 orders of people who had seen neither this package nor its words, each in a construction of its own.
"""

from __future__ import annotations

import json
from pathlib import Path

from moe3d_ros.form_check import planned_forms
from moe3d_ros.plan import normalised
from moe3d_ros.planner import Planner
from training.evaluation.judging.form_cases import composed_sentences, doable_sentences, refused_sentences
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED
from training.evaluation.judging.shares import grouped, shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.suite import Parser, Suite, bars_of, positive

REFUSED_BAR, FALSELY_REFUSED_BAR = 0.95, 0.02
TOGETHER = 16  # sentences that are read at once
SAID_BY_OTHERS = Path(__file__).parent / "data" / "said_by_others.json"
ORDER, OURS, OTHERS = "order", "", ", others' words"


def others_said() -> list[tuple[str, str]]:
    """Sentences of others and their sort, `ORDER` or a form."""
    said = json.loads(SAID_BY_OTHERS.read_text(encoding="utf-8"))
    return [(text, sort) for sort, texts in said.items() for text in texts]


def run(planner: Planner | None, sentences: int = 200, seed: int = HELD_OUT_SEED) -> dict:
    """``sentences`` of each form that the checkpoint refuses, in held-out constructions, and as many doable cases of one step, of
    long tasks and of the grammar of tasks, as far as the checkpoint plans their form; and what others said.

    Returns:
        ``refused`` by form and ``named`` (for the right reason), ``refused_falsely``, also by wording, with counts and 95 %
        intervals; a record of every sentence.

    Raises:
        ValueError: the checkpoint has no head for it.
    """
    form = planner.config.form if planner else None
    if planner is None or form is None:
        raise ValueError("The checkpoint has no head that hears an instruction's form: train one (--stage form).")
    planned = planned_forms(planner.config)
    refused_ones = refused_sentences(sentences, "held out", seed)
    asked = [(said, sort, False, OURS) for said, sort in refused_ones if sort not in planned]
    asked += [(said, sort, True, OURS) for said, sort in doable_sentences(sentences, seed)]
    composed = composed_sentences(sentences, seed)
    asked += [(said, sort, True, OURS) for said, sort, of_form in composed if not of_form or of_form in planned]
    asked += [(said, sort, sort == ORDER, OTHERS) for said, sort in others_said()]
    records = []
    for start in range(0, len(asked), TOGETHER):
        part = asked[start : start + TOGETHER]
        chances = planner.heard_forms([normalised(said) for said, *_ in part])
        for (said, sort, doable, by), row in zip(part, chances):
            refused, heard = form.refused_as(row, planned)
            records.append(
                {
                    "instruction": said,
                    "kind": sort,
                    "doable": doable,
                    "by": by,
                    "probability": refused,
                    "refused": refused >= form.threshold,
                    "heard": heard,
                }
            )
    return {**summary(records), "threshold": form.threshold, "records": records}


def summary(records: list[dict]) -> dict:
    """Shares over all refused and all doable sentences, and by form and wording; those of others apart."""
    groups = {}
    for by in (OURS, OTHERS):
        wrong, doable = ([r for r in records if r["by"] == by and r["doable"] is which] for which in (False, True))
        groups[f"refused{by}"] = [r["refused"] for r in wrong]
        groups |= {f"refused, {kind}{by}": values for kind, values in grouped(wrong, "refused", "kind").items()}
        groups[f"named, of those refused{by}"] = [r["heard"] == r["kind"] for r in wrong if r["refused"]]
        groups["refused_falsely" if by == OURS else f"refused falsely{by}"] = [r["refused"] for r in doable]
        if by == OURS:
            groups |= {
                f"refused falsely, {kind}": values for kind, values in grouped(doable, "refused", "kind").items()
            }
    return shares(groups)


def bars(figures: dict) -> dict[str, bool]:
    """Goals of the suite and whether each is met."""
    judged = figures.get("counts", ())
    forms = {name: REFUSED_BAR for name in judged if name.startswith("refused, ") and name != f"refused{OTHERS}"}
    falsely = ("refused_falsely", *(name for name in judged if name == f"refused falsely{OTHERS}"))
    return bars_of(figures, forms, dict.fromkeys(falsely, FALSELY_REFUSED_BAR))


def add_options(parser: Parser) -> None:
    """Option ``--sentences``."""
    parser.add_argument("--sentences", type=positive, default=200, help="of each sort (default: %(default)s)")


SUITE = Suite(
    name="forms",
    run=lambda planner, options: run(planner, options.sentences),
    table=shares_table,
    bars=bars,
    add_options=add_options,
)
