"""Suite ``completion``: does the planner know when a long task is done, and go on while it is not?"""

from __future__ import annotations

from moe3d_ros.planner import Planner
from training.evaluation.judging.first_step import decide
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED, LONG_TASKS, moment_pair
from training.evaluation.judging.shares import shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.suite import Suite, add_held_out_wordings, add_scenes, bars_of

DONE_BAR, STOPS_FALSELY_BAR = 0.95, 0.03
FAMILIES = {"seen": "tasks A to E", "unseen": "tasks F to K", "practice": "practice tasks"}


def run(planner: Planner, scenes: int = 300, held_out_wordings: bool = False, seed: int = HELD_OUT_SEED) -> dict:
    """Moments of all long tasks in turn: half of them have nothing left to do, in half steps remain.

    The planner is given the completed steps, as in closed loop. It stops falsely when it says done, or cannot, although
    steps remain.

    Returns:
        ``said_done`` over finished moments, ``stopped_falsely`` over unfinished ones, each also by family of tasks, with
        counts and 95 % intervals, and a record of every moment.
    """
    cases = []
    for number in range(scenes):
        name = LONG_TASKS[number // 2 % len(LONG_TASKS)]
        cases.append(moment_pair(number, name, done=float(number % 2 == 0), seed=seed)[int(held_out_wordings)])
    asked = [[(case.instruction, case.history)] for case in cases]
    decided, _ = decide(planner, asked, [case.scene for case in cases], seed % 1_000_000, "completion")
    records = [
        {
            "task": case.group,
            "family": case.family,
            "instruction": case.instruction,
            "remaining": len(case.steps),
            "taken": len(case.history),
            "end": end,
            "probability": probability,
        }
        for case, ((end, probability),) in zip(cases, decided)
    ]
    return {**summary(records), "held_out_wordings": held_out_wordings, "records": records}


def summary(records: list[dict]) -> dict:
    """Shares over finished and unfinished moments, and by family of tasks."""
    finished, unfinished = ([r for r in records if (r["remaining"] == 0) is which] for which in (True, False))
    groups: dict[str, list[bool]] = {}
    for name, cases, said in (("said_done", finished, ("done",)), ("stopped_falsely", unfinished, ("done", "cannot"))):
        groups[name] = [r["end"] in said for r in cases]
        for family, words in FAMILIES.items():
            groups[f"{name}, {words}"] = [r["end"] in said for r in cases if r["family"] == family]
    groups["last step left, stopped falsely"] = [r["end"] != "step" for r in unfinished if r["remaining"] == 1]
    return shares(groups)


def bars(figures: dict) -> dict[str, bool]:
    """Goals of the suite and whether each is met."""
    return bars_of(figures, {"said_done": DONE_BAR}, {"stopped_falsely": STOPS_FALSELY_BAR})


def _add_options(parser) -> None:
    add_scenes(parser, 300)
    add_held_out_wordings(parser)


SUITE = Suite(
    name="completion",
    run=lambda planner, options: run(planner, options.scenes, options.held_out_wordings),
    table=shares_table,
    bars=bars,
    add_options=_add_options,
)
