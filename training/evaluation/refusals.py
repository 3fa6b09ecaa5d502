"""Suite ``refusals``: impossible instructions must be refused with a reason, and doable ones must not be refused."""

from __future__ import annotations

from itertools import cycle

import numpy as np

from moe3d_ros.plan import PlanningError, check_text
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.tasks.impossible import KINDS, impossible_instruction
from moe3d_ros.tabletop.tasks.progress import sample_impossible
from training.evaluation.judging.first_step import decide
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED, moment_pair, single_step_pair
from training.evaluation.judging.shares import grouped, shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.suite import Suite, add_scenes, bars_of

REFUSED_BAR, FALSELY_REFUSED_BAR = 0.9, 0.03
PER_SCENE = 3  # impossible instructions, beside the doable one in two wordings
EMPTY = ("", "   ", "...", "?!", "\n\t", "-")  # these never reach the model


def run(planner: Planner, scenes: int = 150, seed: int = HELD_OUT_SEED) -> dict:
    """Held-out impossible instructions and doable ones over held-out scenes of both sorts.

    Returns:
        ``refused`` (all impossible ones), ``refused_falsely`` (all doable ones), each also by kind and wording, with
        counts and 95 % intervals, and a record of every case.
    """
    rows, groups = [], []
    for rows_of_scene in _asked(scenes, seed):
        rows.append(rows_of_scene)
        groups.append([(record["instruction"], history) for record, history in rows_of_scene[1]])
    decided, seen = decide(planner, groups, [scene for scene, _ in rows], seed % 1_000_000, "refusals")
    records = []
    for (_, asked), answers, look in zip(rows, decided, seen):
        for (record, _), (end, probability) in zip(asked, answers):
            record |= {"end": end, "probability": probability, "refused": end == "cannot"}
            if end == "cannot":
                record["reason"] = str(look.refusal(record["instruction"]))
            records.append(record)
    records += [_empty(text) for text in EMPTY]
    return {**summary(records), "records": records}


def _asked(scenes: int, seed: int):
    """Scene, and what is asked about it: records with histories.

    A third are of one step, a third moments of long tasks, and in a third a long task names a thing that is not there.
    """
    turns = cycle(KINDS)
    for number in range(scenes):
        rng = np.random.default_rng((seed, 2, number))
        if number % 3 == 2:
            moment = sample_impossible(rng, held_out=True, scale=float(rng.uniform(0.4, 1.0)))
            yield moment.scene, [(_record(number, moment.task.instruction, "absent color", False), ())]
            continue
        pair = single_step_pair(number, seed) if number % 3 == 0 else moment_pair(number, seed=seed)
        asked = [
            (_record(number, case.instruction, f"{case.family}, {case.wording} wording", True), case.history)
            for case in pair
        ]
        while len(asked) < 2 + PER_SCENE:
            kind = next(turns)
            if kind == "absent color" and number % 3:
                continue  # of what a long task means, only its own generator knows that it is absent
            said = impossible_instruction(pair[0].scene, rng, kind, held_out=True)
            if said is not None:
                asked.append((_record(number, said.instruction, kind, False), ()))
        yield pair[0].scene, asked


def _record(number: int, instruction: str, kind: str, doable: bool) -> dict:
    return {"scene": number, "instruction": instruction, "kind": kind, "doable": doable}


def _empty(text: str) -> dict:
    record = _record(-1, text, "empty", False) | {"end": "step", "probability": 1.0, "refused": False}
    try:
        check_text(text)
    except PlanningError as error:
        record |= {"end": "cannot", "refused": True, "reason": str(error)}
    return record


def summary(records: list[dict]) -> dict:
    """Shares over all impossible and all doable cases, and by kind."""
    impossible, doable = ([r for r in records if r["doable"] is which] for which in (False, True))
    groups = {"refused": [r["refused"] for r in impossible]}
    groups |= {f"refused, {kind}": values for kind, values in sorted(grouped(impossible, "refused", "kind").items())}
    groups["refused_falsely"] = [r["refused"] for r in doable]
    falsely = grouped(doable, "refused", "kind")
    groups |= {f"refused falsely, {kind}": values for kind, values in sorted(falsely.items())}
    return shares(groups)


def bars(figures: dict) -> dict[str, bool]:
    """Goals of the suite and whether each is met."""
    return bars_of(figures, {"refused": REFUSED_BAR}, {"refused_falsely": FALSELY_REFUSED_BAR})


SUITE = Suite(
    name="refusals",
    run=lambda planner, options: run(planner, options.scenes),
    table=shares_table,
    bars=bars,
    add_options=lambda parser: add_scenes(parser, 150),
)
