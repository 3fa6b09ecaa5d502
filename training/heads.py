"""Rectified flow against its baselines at the same size: ``python training/heads.py``

Each head (flow, ddim, regression) starts from the same random weights on a checkpoint's encoder and LLM, is trained on the
same batches for the same number of steps (stage ``action``, then ``joint``), takes the place of the checkpoint's Pose-DiT in a
checkpoint of its own, and is judged by the suite pose-steps. Further ``--field value`` go to both stages. What was interrupted
goes on: finished runs are kept, a started one resumes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from moe3d_ros.model.action.objectives import OBJECTIVES
from moe3d_ros.model.checkpoint import CheckpointError, save_checkpoint
from moe3d_ros.model.language.base_llm import BaseModelError
from moe3d_ros.planner import CHECKPOINTS, Planner
from training.assembly import exchange_pose
from training.engine.loop import train
from training.engine.run_record import Settled
from training.engine.state import StateError
from training.evaluation import pose_steps
from training.stages.action import ActionTask
from training.stages.command_line import parse
from training.stages.settings import ActionStage


def main(arguments: list[str] | None = None) -> int:
    """Train every head, write its checkpoint, then print and write all curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--checkpoint", default="default", help="folder, or the name of one that ships: encoder and LLM"
    )
    parser.add_argument("--heads", default=",".join(OBJECTIVES), help="which, with commas (default: %(default)s)")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/heads"), help="folder of runs, checkpoints and heads.json"
    )
    parser.add_argument("--action-steps", type=int, default=1200, help="steps without the LLM (default: %(default)s)")
    parser.add_argument(
        "--joint-steps", type=int, default=100, help="steps with the LLM's states (default: %(default)s)"
    )
    parser.add_argument(
        "--scenes", type=int, default=100, help="held-out scenes of the suite pose-steps; 0 to train only"
    )
    options, extra = parser.parse_known_args(arguments)
    heads = options.heads.split(",")
    unknown = set(heads) - set(OBJECTIVES)
    if unknown:
        parser.error(f"no head {', '.join(sorted(unknown))}: there are {', '.join(OBJECTIVES)}")
    source = Path(options.checkpoint)
    source = source if source.is_dir() else CHECKPOINTS / options.checkpoint
    try:
        for head in heads:
            train_head(head, source, options, extra)
        if options.scenes:
            first, *others = [(head, str(options.runs / head / "checkpoint")) for head in heads]
            figures = pose_steps.run(Planner.from_pretrained(first[1]), options.scenes)
            figures = pose_steps.beside(figures, dict(others))
            print(pose_steps.table(figures))
            (options.runs / "heads.json").write_text(json.dumps(figures, indent=1) + "\n")
    except (StateError, CheckpointError, BaseModelError, FloatingPointError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def train_head(head: str, source: Path, options, extra: list[str]) -> None:
    """Both stages of one head, and its checkpoint."""
    folder = options.runs / head
    for stage, changed in stages(head, source, folder, options).items():
        arguments = [text for key, value in changed.items() for text in (f"--{key}", str(value))]
        config = parse(["--stage", stage, *arguments, *extra])
        assert isinstance(config, ActionStage)
        train(ActionTask(config), config)
    card = (
        f"# {head}\n\nEncoder and LLM of {source.name}; Pose-DiT trained from random weights as the head {head}: "
        f"{options.action_steps} steps of the stage action, {options.joint_steps} of joint.\n"
    )
    values, tensors = exchange_pose(source, str(folder / "joint"), Settled("this study", {"name": head}))
    save_checkpoint(folder / "checkpoint", values, tensors, card, dtype=torch.float16)


def stages(head: str, source: Path, folder: Path, options) -> dict[str, dict]:
    """Settings of the two stages that differ from their files."""
    action, joint = folder / "action", folder / "joint"
    return {
        "action": {"head": head, "init": source, "fresh_pose": True, "output": action, "steps": options.action_steps},
        "joint": {"head": head, "init": f"{source},{action}", "output": joint, "steps": options.joint_steps},
    }


if __name__ == "__main__":
    sys.exit(main())
