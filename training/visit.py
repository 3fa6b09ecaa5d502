"""Let a reasoner play whole episodes by itself and keep what it came to: ``python training/visit.py --help``.

One round of learning from its own mistakes is: train (``--stage reason``), visit with the run, and train on from there with
``--start RUN --visited FILE:SHARE``. The share of right decisions and of whole episodes is printed for every source.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from moe3d_ros.model.checkpoint import CheckpointError
from moe3d_ros.model.reasoning.decider import Decider
from moe3d_ros.model.reasoning.reading import Reader
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.composed_words.instructions import said
from moe3d_ros.tabletop.composing.drawing import draw_held_out
from moe3d_ros.tabletop.composing.held_out import VALIDATION
from moe3d_ros.tabletop.composing.parts import told_by_place
from training.assembly import reasoner_of, record_of
from training.data.decisions import STARTS, Recipe, Start
from training.data.visited import save_visited
from training.engine.averaging import is_checkpoint
from training.engine.state import StateError
from training.visiting import Episode, visit

FIRST = 10_000_000  # seed of the first recipe of an even round: none of these is trained on by its oracle's paths


def main(arguments: list[str] | None = None) -> int:
    """Play, print and save; 1 where the run cannot be used, with the reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="run of the reason stage, or a checkpoint")
    goal = parser.add_mutually_exclusive_group(required=True)
    goal.add_argument("--output", type=Path, help="file of visited moments (.npz)")
    goal.add_argument(
        "--validate",
        action="store_true",
        help="keep nothing, play the combinations that no training and no reported figure uses, in held-out words: runs are chosen by them",
    )
    parser.add_argument("--episodes", type=int, default=2000, help="in all (default: %(default)s)")
    parser.add_argument(
        "--sources", nargs="+", default=list(STARTS), choices=list(STARTS), help="of their tasks (default: all)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the tasks; another one for every round")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--certain", type=float, help="least probability at which a thing is moved (default: the run's)"
    )
    parser.add_argument(
        "--overlooked",
        type=float,
        default=0.0,
        help="share of moments at which one thing is not seen (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    try:
        decider, kinds = decider_of(options.run, options.certain)
    except (StateError, CheckpointError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    played, shares = [], []
    sources = list(VALIDATION) if options.validate else options.sources
    for number, source in enumerate(sources):
        count, first = options.episodes // len(sources), FIRST * (1 + options.seed)
        starts: list[Start | None]
        if options.validate:
            starts = [held_out_start(source, (first, number, which)) for which in range(count)]
        else:
            starts = [Recipe(source, first + which).start(0) for which in range(count)]
        episodes = [Episode.of(start) for start in starts if start is not None]
        errors = 0.0 if options.validate else 1.0
        found, right = visit(
            decider.choose, episodes, kinds, options.seed, errors=errors, overlooked=options.overlooked
        )
        played += found
        shares.append(sum(one.won for one in episodes) / max(len(episodes), 1))
        print(
            f"{source}: {100 * shares[-1]:.1f} % of {len(episodes)} episodes, {100 * right:.1f} % of {len(found)} decisions",
            flush=True,
        )
    if options.validate:
        print(f"mean: {100 * np.mean(shares):.1f} %")
        return 0
    save_visited(options.output, played)
    print(f"{options.output}: {len(played)} moments")
    return 0


def held_out_start(name: str, seed: tuple[int, ...]) -> Start:
    """A full-size episode of a combination that is held out, told in held-out words."""
    rng = np.random.default_rng(seed)
    form, task, scene = draw_held_out(name, rng)
    return Start(replace(task, instruction=said(form, rng, held_out=True)), scene, told_by_place(form))


def decider_of(run: Path, certain: float | None = None) -> tuple[Decider, int]:
    """The reasoner of a run behind the LLM that it was trained with, or of a checkpoint, and the number of kinds that it knows.

    Args:
        certain: as in :class:`ReasonerConfig`; None for the run's own.

    Raises:
        StateError: the run is damaged, or is none of the reason stage. ValueError: the checkpoint has no reasoner.
    """
    if is_checkpoint(run):
        planner = Planner.from_pretrained(str(run))
        reasoner = planner.model.reasoner
        if reasoner is None:
            raise ValueError(f"the checkpoint {run} has no reasoner")
    else:
        planner = Planner.from_pretrained(str(record_of("reason", run)["config"]["init"]))
        reasoner = reasoner_of(run, planner.model.language.width, planner.config.encoder.kinds)
    language, kinds = planner.model.language, planner.config.encoder.kinds
    if certain is not None:
        reasoner.config = replace(reasoner.config, certain=certain)
    return Decider(reasoner.eval(), Reader(language, reasoner.config.layer), kinds), kinds


if __name__ == "__main__":
    sys.exit(main())
