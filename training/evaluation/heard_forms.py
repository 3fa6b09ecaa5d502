"""Suite ``forms``: instructions of a form that the planner does not plan must be refused before it plans, doable ones not."""

from __future__ import annotations

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


def run(planner: Planner | None, sentences: int = 200, seed: int = HELD_OUT_SEED) -> dict:
    """``sentences`` of each form that the checkpoint refuses, in held-out constructions, and as many doable cases of one step, of
    long tasks and of the grammar of tasks, as far as the checkpoint plans their form.

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
    asked = [
        (said, sort, False) for said, sort in refused_sentences(sentences, "held out", seed) if sort not in planned
    ]
    asked += [(said, sort, True) for said, sort in doable_sentences(sentences, seed)]
    composed = composed_sentences(sentences, seed)
    asked += [(said, sort, True) for said, sort, of_form in composed if not of_form or of_form in planned]
    records = []
    for start in range(0, len(asked), TOGETHER):
        part = asked[start : start + TOGETHER]
        chances = planner.heard_forms([normalised(said) for said, _, _ in part])
        for (said, sort, doable), row in zip(part, chances):
            refused, heard = form.refused_as(row, planned)
            records.append(
                {
                    "instruction": said,
                    "kind": sort,
                    "doable": doable,
                    "probability": refused,
                    "refused": refused >= form.threshold,
                    "heard": heard,
                }
            )
    return {**summary(records), "threshold": form.threshold, "records": records}


def summary(records: list[dict]) -> dict:
    """Shares over all refused and all doable sentences, and by form and wording."""
    wrong, doable = ([r for r in records if r["doable"] is which] for which in (False, True))
    groups = {"refused": [r["refused"] for r in wrong]}
    groups |= {f"refused, {kind}": values for kind, values in grouped(wrong, "refused", "kind").items()}
    groups["named, of those refused"] = [r["heard"] == r["kind"] for r in wrong if r["refused"]]
    groups["refused_falsely"] = [r["refused"] for r in doable]
    groups |= {f"refused falsely, {kind}": values for kind, values in grouped(doable, "refused", "kind").items()}
    return shares(groups)


def bars(figures: dict) -> dict[str, bool]:
    """Goals of the suite and whether each is met."""
    forms = {name: REFUSED_BAR for name in figures.get("counts", ()) if name.startswith("refused, ")}
    return bars_of(figures, forms, {"refused_falsely": FALSELY_REFUSED_BAR})


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
