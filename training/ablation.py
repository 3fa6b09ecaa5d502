"""Ablation of the object reasoner: ``python training/ablation.py``

Every variant leaves one part out, is trained for as many steps as the whole (``--steps``, half of them before a round of its own
states and half after it), with two seeds, and plays the benchmark's tasks with true objects (suite ``decisions``). What the
checkpoint does without a reasoner stands beside them. Prints a table and writes it with the commands into ``--output``; an
ablation that was interrupted goes on: finished runs are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from training import export, train, visit
from training.evaluation import decided_episodes
from training.evaluation.decided_episodes import DecisionsOptions

WITHOUT = "no reasoner"
SOURCES = (
    "seen:600:0.15", "practice:1000:0.2", "single:1500:0.15", "absent:500:0.08", "unrelated:300:0.04", "small:500:0.08",
    "composed:1500:0.3",
)  # fmt: skip
VISITED_SHARE = 0.15


@dataclass(frozen=True)
class Variant:
    """A run: its difference from the whole, settings of stage ``reason``, and whether it learns from its own states."""

    name: str
    shows: str
    settings: dict = field(default_factory=dict)
    visits: bool = True


WHOLE = Variant("whole", "the reference")
VARIANTS = (
    WHOLE,
    Variant("word embeddings", "without the LLM's states", {"layer": 0}),
    Variant("no word matching", "words are not matched to the things that they name", {"matching": False}),
    Variant("no relations", "pairs of things are not compared", {"relations": False}),
    Variant(
        "softmax", "picks compete with each other and with an end, in place of a sigmoid for each", {"softmax": True}
    ),
    Variant("no rollouts", "only the oracle's paths", visits=False),
)


def main(arguments: list[str] | None = None) -> int:
    """Train, visit and play what has no result yet, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--checkpoint", type=Path, default=Path("moe3d_ros/checkpoints/default"), help="whose LLM reads"
    )
    parser.add_argument("--dense", type=Path, help="dense checkpoint whose LLM reads in a further variant")
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"), help="folder of the runs")
    parser.add_argument("--output", type=Path, default=Path("docs/results/reasoner_ablation.json"))
    parser.add_argument(
        "--steps", type=int, default=800, help="of training, of each run, some ten minutes (default: %(default)s)"
    )
    parser.add_argument("--visits", type=int, default=1000, help="episodes of the round between (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--episodes", type=int, default=20, help="of each task (default: %(default)s)")
    options, extra = parser.parse_known_args(arguments)
    runs = [(variant, options.checkpoint) for variant in VARIANTS]
    if options.dense:
        runs.append((Variant("dense LLM", "states of the dense LLM in place of the mixture's"), options.dense))
    rows = [_kept(options.runs / "without.json", lambda: _scores(WITHOUT, 0, options.checkpoint, options.episodes))]
    for variant, checkpoint in runs:
        for seed in range(options.seeds):
            folder = options.runs / f"{variant.name.replace(' ', '-')}-{seed}"
            row = _kept(folder / "result.json", lambda: _run(variant, checkpoint, folder, seed, options, extra))  # noqa: B023
            rows.append({**row, "shows": variant.shows})
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(rows, indent=1) + "\n")
    print(_table(rows))
    return 0


def _kept(path: Path, make) -> dict:
    """The result in a file, made and written where there is none."""
    if not path.exists():
        found = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1) + "\n")
    return json.loads(path.read_text())


def _run(variant: Variant, checkpoint: Path, folder: Path, seed: int, options, extra: list[str]) -> dict:
    """Train one variant in two halves, with a round of visiting between them, export it and let it play."""
    values = {
        "init": checkpoint,
        "seed": seed,
        "steps": options.steps // 2,
        "states": options.runs / "states",
        **variant.settings,
    }
    common = ["--stage", "reason", *(text for name, value in values.items() for text in (f"--{name}", str(value)))]
    common += ["--sources", *SOURCES, *extra]
    first, second, visited = folder / "first", folder / "second", folder / "visited.npz"
    own = ["--output", str(second), "--start", str(first)]
    if variant.visits:
        own += ["--visited", f"{visited}:{VISITED_SHARE}"]
    commands = [("train", train.main, [*common, "--output", str(first)])]
    if variant.visits:
        rounds = ["--episodes", str(options.visits), "--seed", str(seed)]
        commands.append(("visit", visit.main, ["--run", str(first), "--output", str(visited), *rounds]))
    commands.append(("train", train.main, [*common, *own]))
    place = ["--checkpoint", str(checkpoint), "--reasoner", str(second), "--output", str(folder / "checkpoint")]
    commands.append(("export", export.main, place))
    for name, run, command in commands:
        if run(command):
            raise RuntimeError(f"python training/{name}.py {' '.join(command)} failed")
    said = [f"python training/{name}.py {' '.join(command)}" for name, _, command in commands]
    return {**_scores(variant.name, seed, folder / "checkpoint", options.episodes), "commands": said}


def _scores(name: str, seed: int, checkpoint: Path, episodes: int) -> dict:
    """Success in suite ``decisions``, of every task and in the mean."""
    found = decided_episodes.run(DecisionsOptions(checkpoint=str(checkpoint), episodes=episodes))
    tasks = {task: figures["success"] for task, figures in found["tasks"].items()}
    return {"name": name, "seed": seed, "seen": found["seen_mean"], "unseen": found["unseen_mean"], "tasks": tasks}


def _table(rows: list[dict]) -> str:
    tasks = list(rows[0]["tasks"])
    lines = [f"{'':18}{'seed':>5}{'A-E':>7}{'F-K':>7}" + "".join(f"{task:>5}" for task in tasks)]
    for row in rows:
        shares = "".join(f"{100 * row['tasks'][task]:5.0f}" for task in tasks)
        lines.append(f"{row['name']:18}{row['seed']:5}{100 * row['seen']:7.1f}{100 * row['unseen']:7.1f}{shares}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
