"""Suite ``words``: sentences as people type them, done or refused as they would expect, with true objects and without physics."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from moe3d_ros.plan import PlanningError, check_text
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.rules.typed_goals import Outcome, moved_without_reason
from moe3d_ros.tabletop.scenes.scene import Scene
from training.evaluation.judging.shares import shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.judging.symbolic_decisions import Decide, decide_many, told_look
from training.evaluation.judging.symbolic_world import Run, play
from training.evaluation.judging.typed_sentences import OWN_SENTENCES, SEED, LaidOut, lay_out, load_sentences
from training.evaluation.suite import Parser, Suite, bars_of, positive

AS_EXPECTED_BAR = 0.85
WASTED_STEPS = 2  # that a run may take beyond two for each thing that can be moved


@dataclass(frozen=True)
class Listener:
    """Counterpart that sentences are said to.

    Attributes:
        hear: scene and sentence to the sentence as it is planned; raises PlanningError where it is refused before planning.
        decide: the next step of each moment, or an end.
        refuse: scene and sentence to the error with which what cannot be done is refused.
    """

    hear: Callable[[Scene, str], str]
    decide: Decide
    refuse: Callable[[Scene, str], PlanningError]


def planner_as_listener(planner: Planner) -> Listener:
    """The planner by the doors that a user's sentence goes through, with the true objects."""

    def hear(scene: Scene, said: str) -> str:
        heard = check_text(said)
        told_look(planner, scene)[0].check_instruction(heard)
        return heard

    def refuse(scene: Scene, said: str) -> PlanningError:
        return told_look(planner, scene)[0].refusal(said.strip())

    return Listener(hear, partial(decide_many, planner), refuse)


def run(listener: Listener, cases: list[LaidOut]) -> dict:
    """Say each sentence to the listener, and let it work until it says that it is done or refuses.

    A run may take two steps for each thing that can be moved, and two more.

    Returns:
        ``as_expected``: of all cases, also by what is expected (``plan`` or ``refuse``) and by kind of goal; ``always_as_expected``
        of sentences, in all of their layouts; with counts and 95 % intervals (those of cases as if layouts of a sentence were
        independent, which they are not), and a record of every case.
    """
    refusals = [_refused_at_once(listener, case) for case in cases]
    runs = [_started(case, heard) for case, (heard, refused) in zip(cases, refusals) if not refused]
    play(runs, listener.decide, "words")
    going = iter(runs)
    records = [
        _record(listener, case, None if refused else next(going), refused)
        for case, (_, refused) in zip(cases, refusals)
    ]
    return {**summary(records), "records": records}


def _refused_at_once(listener: Listener, case: LaidOut) -> tuple[str, str]:
    """The sentence as it is planned, or else the sentence that refuses it; the other one is empty."""
    try:
        return listener.hear(case.scene, case.sentence.instruction), ""
    except PlanningError as error:
        return "", str(error)


def _started(case: LaidOut, heard: str) -> Run:
    limit = 2 * sum(thing.traits.piled for thing in case.scene.objects) + WASTED_STEPS
    return Run(case.scene, heard, limit, np.random.default_rng((SEED, case.sentence.number, case.layout, 0, 1)))


def _record(listener: Listener, case: LaidOut, played: Run | None, refused: str) -> dict:
    """Everything about a case; ``said`` is the sentence with which it was refused."""
    sentence, end, taken = case.sentence, "refused", []
    outcome = Outcome(case.scene, case.scene)
    if played is not None:
        end, taken = played.end, played.taken
        outcome = Outcome(case.scene, played.scene)
        if end == "cannot" and not taken:  # else poses were published, and it gives up half-way
            end, refused = "refused", str(listener.refuse(case.scene, sentence.instruction))
    missed = [list(told) for told, goal in zip(sentence.plan, case.goals) if not goal.holds(outcome)]
    moved = [case.scene.objects[i].name for i in moved_without_reason(case.goals, outcome)] if sentence.plan else []
    done = end == "complete" and not missed and not moved
    return {
        "id": sentence.number,
        "layout": case.layout,
        "instruction": sentence.instruction,
        "sorts": sentence.sorts,
        "expected": list(map(list, sentence.plan)) or sentence.refuse,
        "as_expected": done if sentence.plan else end == "refused",
        "end": end,
        "said": refused,
        "steps": [step.decision.text + f" ({step.hindrance})" * bool(step.hindrance) for step in taken],
        "missed": missed,
        "moved": moved,
    }


def summary(records: list[dict]) -> dict:
    """Shares as expected over all cases and by what is expected, and of sentences in all layouts."""
    wanted = {"plan": [r for r in records if r["sorts"] != ["refuse"]]}
    wanted["refuse"] = [r for r in records if r["sorts"] == ["refuse"]]
    groups = {"as_expected": [r["as_expected"] for r in records]}
    groups |= {name: [r["as_expected"] for r in of] for name, of in wanted.items()}
    for sort in dict.fromkeys(sort for r in wanted["plan"] for sort in r["sorts"]):
        groups[f"plan, {sort}"] = [r["as_expected"] for r in wanted["plan"] if sort in r["sorts"]]
    groups["always_as_expected"] = [all(r["as_expected"] for r in of) for of in _by_sentence(records).values()]
    return shares(groups)


def _by_sentence(records: list[dict]) -> dict[int, list[dict]]:
    found: dict[int, list[dict]] = {}
    for record in records:
        found.setdefault(record["id"], []).append(record)
    return found


def table(figures: dict) -> str:
    """The shares, a line for each sentence that did not go as expected, and what refused sentences were told."""
    failed, refused = [], []
    for number, records in _by_sentence(figures["records"]).items():
        wrong = [r for r in records if not r["as_expected"]]
        if wrong:
            count = f"{len(wrong)} of {len(records)}"
            failed.append(f"{number:4} {count}: {wrong[0]['instruction']!r}: {_mistake(wrong[0])}")
        told = next((r for r in records if r["as_expected"] and r["end"] == "refused"), None)
        if told:
            refused.append(f"{number:4} {told['instruction']!r} ({told['expected']}): {told['said']}")
    lines = [shares_table(figures)]
    lines += ["not as expected, layouts and what happened in the first of them", *failed] * bool(failed)
    lines += ["refused as expected, with what should be said and what is said", *refused] * bool(refused)
    return "\n".join(lines)


def _mistake(record: dict) -> str:
    """The reason why a case is not as expected, in words."""
    steps = "; ".join(record["steps"]) or "no step"
    if record["end"] == "refused":
        return f"refused: {record['said']}"
    if isinstance(record["expected"], str):
        return f"not refused ({record['expected']}), but {record['end']} after: {steps}"
    wrong = [f"missed {goal}" for goal in record["missed"]] + [f"moved the {name}" for name in record["moved"]]
    return f"{record['end']} after: {steps}; {', '.join(map(str, wrong)) or 'it does not say that it is done'}"


def bars(figures: dict) -> dict[str, bool]:
    """Goal of the suite and whether it is met."""
    return bars_of(figures, {"as_expected": AS_EXPECTED_BAR}, {})


def _add_options(parser: Parser) -> None:
    parser.add_argument("--file", type=Path, default=OWN_SENTENCES, help="of sentences (default: the package's own)")
    parser.add_argument("--layouts", type=positive, default=3, help="of each sentence's things (default: %(default)s)")


def _check(options: argparse.Namespace) -> None:
    load_sentences(options.file)


def _run(planner: Planner | None, options: argparse.Namespace) -> dict:
    assert planner is not None  # this suite names no other way to load it
    sentences = load_sentences(options.file)
    cases = [lay_out(sentence, layout) for sentence in sentences for layout in range(options.layouts)]
    return {"file": str(options.file), "layouts": options.layouts, **run(planner_as_listener(planner), cases)}


SUITE = Suite(name="words", run=_run, table=table, bars=bars, add_options=_add_options, check=_check)
