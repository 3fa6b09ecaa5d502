"""Suite ``series``: two or three orders in one instruction, with true objects and without physics, as suite ``decisions``.

Half of it are series of which one order names what is not there: none of them is to be begun.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np

from moe3d_ros.tabletop.tasks.long_tasks import LongTask, right_moves, satisfied
from moe3d_ros.tabletop.things.thing_tasks import SERIES, refused_series, worded_order
from training.evaluation.decided_episodes import cause_of
from training.evaluation.judging.held_out_cases import HELD_OUT_SEED
from training.evaluation.judging.shares import shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.judging.symbolic_decisions import Decide, Moment, decide_many
from training.evaluation.judging.symbolic_world import Run, Taken, play
from training.evaluation.suite import Parser, Suite, bars_of, positive

WORDINGS = {"trained wording": False, "held-out wording": True}
BAR, REFUSED_BAR = 0.9, 0.9


def run(decide: Decide, episodes: int = 150, seed: int = HELD_OUT_SEED) -> dict:
    """Play ``episodes`` series of orders in each sort of words with ``decide``, in scenes that leave no doubt.

    Returns:
        by wording the shares of episodes that are done as they were said, ``again`` of those in which a place comes twice,
        and ``in order`` of steps that do what comes next; ``refused``, the share of series with an absent thing of which
        none is begun; with counts and 95 % intervals; a record of every episode and refusal.
    """
    records = []
    for wording, held_out in WORDINGS.items():
        drawn = [worded_order(seed + number, SERIES, held_out) for number in range(episodes)]
        tasks = [LongTask(SERIES, text, (one.goals,), in_order=True) for one, text in drawn]
        runs = [
            Run(one.scene, text, len(one.goals) + task.extra_steps, np.random.default_rng((seed, number)), task)
            for number, ((one, text), task) in enumerate(zip(drawn, tasks))
        ]
        play(runs, decide, SERIES)
        for (one, text), task, played in zip(drawn, tasks, runs):
            places = [clause.place for clause in one.order.clauses]
            again = any(first == second for first, second in pairwise(places))
            records.append({"instruction": text, "wording": wording, "again": again, **_judged(task, played)})
        refused = [refused_series(seed + number, held_out) for number in range(episodes)]
        for order, decision in zip(refused, decide([Moment(order.scene, order.instruction) for order in refused])):
            missing = " ".join(filter(None, order.missing))
            record = {"instruction": order.instruction, "wording": wording, "missing": missing}
            records.append(record | {"refused": decision.end == "cannot", "text": decision.text})
    return {**summary(records), "records": records}


def _judged(task: LongTask, played: Run) -> dict:
    """Outcome of an episode: done without a step that was not the next, and those steps of which that is true."""
    reached, goals = satisfied(task, played.scene)
    in_order = [_helped(task, taken) for taken in played.taken]
    return {
        "done": reached == goals and played.end == "complete" and all(in_order),
        "end": played.end,
        "steps": [{"text": taken.decision.text, "in_order": right} for taken, right in zip(played.taken, in_order)],
    }


def _helped(task: LongTask, taken: Taken) -> bool:
    """True for a step of what comes next, after which less is left to do."""
    picks = {move.pick for move in right_moves(task, taken.before)}
    return taken.decision.pick in picks and cause_of(task, taken) is None


def summary(records: list[dict]) -> dict:
    """Shares of episodes and steps."""
    groups: dict[str, list[bool]] = {}
    for wording in WORDINGS:
        mine = [record for record in records if record["wording"] == wording and "done" in record]
        groups[f"done, {wording}"] = [record["done"] for record in mine]
        groups[f"again, {wording}"] = [record["done"] for record in mine if record["again"]]
        groups[f"in order, {wording}"] = [step["in_order"] for record in mine for step in record["steps"]]
        absent = [record["refused"] for record in records if record["wording"] == wording and "refused" in record]
        groups[f"refused, {wording}"] = absent
        groups[f"refused falsely, {wording}"] = [record["end"] == "cannot" and not record["steps"] for record in mine]
    return shares(groups)


def bars(figures: dict) -> dict[str, bool]:
    """Goals of the suite and whether each is met."""
    least = {f"done, {wording}": BAR for wording in WORDINGS} | {
        f"refused, {wording}": REFUSED_BAR for wording in WORDINGS
    }
    return bars_of(figures, least, {})


def _add_options(parser: Parser) -> None:
    parser.add_argument("--episodes", type=positive, default=150, help="in each sort of words (default: %(default)s)")


SUITE = Suite(
    name="series",
    run=lambda planner, options: run(partial(decide_many, planner), options.episodes),
    table=shares_table,
    bars=bars,
    add_options=_add_options,
)
