"""Weighted mean of trained weights: of checkpoints, of runs, of kept states of runs (Wortsman et al. 2022, model soups)."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path

import torch

from moe3d_ros.model.checkpoint import CHECKSUMS, load_checkpoint
from training.engine.state import CHECKPOINT_PARTS, StateError, read_weights

Tensors = dict[str, torch.Tensor]


def parse_weighted(text: str) -> list[tuple[Path, float]]:
    """Folders and weights of ``a:0.4,b:0.6``. Raises ValueError unless each has a positive weight and their sum is 1."""
    entries = []
    for entry in filter(None, (each.strip() for each in text.split(","))):
        folder, _, weight = entry.rpartition(":")
        try:
            entries.append((Path(folder), float(weight)))
        except ValueError:
            folder = ""
        if not folder:
            raise ValueError(f"{entry!r} has no weight: write FOLDER:WEIGHT, such as runs/compose:0.6")
    total = sum(weight for _, weight in entries)
    if not entries or min(weight for _, weight in entries) <= 0 or abs(total - 1) > 1e-6:
        raise ValueError(f"the weights of a mean must be positive with sum 1, got {total:g} in {text!r}")
    return entries


def is_checkpoint(folder: Path) -> bool:
    """True for the folder of a checkpoint, False for that of a run."""
    return (folder / CHECKSUMS).exists()


def named_as_in(run: str | Path, tensors: Mapping[str, torch.Tensor], prefixes: Sequence[str] = ()) -> Tensors:
    """Weights of a run under the names that they have in a checkpoint with these tensors.

    Raises:
        StateError: the checkpoint lacks some of them, or has them in another shape.
    """
    weights = read_weights(run)
    for prefix in prefixes or CHECKPOINT_PARTS.values():
        if weights and all(prefix + name in tensors for name in weights):
            named = {prefix + name: value for name, value in weights.items()}
            _check_shapes(named, tensors, run)
            return named
    raise StateError(f"the weights of {run} ({next(iter(weights), 'none')}, ...) are none that the checkpoint has")


def mean_of(entries: Sequence[tuple[Path, float]], rest: Mapping[str, torch.Tensor]) -> Tensors:
    """Weighted mean of the entries' tensors, float32; tensors of integers must be the same in all.

    Args:
        entries: checkpoints, runs and kept states with their weights. Beside runs a checkpoint counts with what those trained.
        rest: tensors of the checkpoint that the mean goes into, which says how they are called and shaped.

    Raises:
        StateError: they do not hold the same names and shapes. CheckpointError: a checkpoint is damaged.
    """
    held = [load_checkpoint(folder)[1] if is_checkpoint(folder) else named_as_in(folder, rest) for folder, _ in entries]
    of_runs = [set(own) for own, (folder, _) in zip(held, entries) if not is_checkpoint(folder)]
    names = of_runs[0] if of_runs else set(rest)
    for own, (folder, _) in zip(held, entries):
        missing, more = names - own.keys(), own.keys() - names
        if missing or (more and not (of_runs and is_checkpoint(folder))):
            wrong = min(missing or more)
            verb = "lacks" if missing else "has beside the others"
            raise StateError(f"{folder} {verb} {wrong}: a mean needs weights of the same names")
        _check_shapes({name: own[name] for name in names}, rest, folder)
    return {
        name: _mean([(own[name], weight) for own, (_, weight) in zip(held, entries)], name) for name in sorted(names)
    }


def _mean(values: list[tuple[torch.Tensor, float]], name: str) -> torch.Tensor:
    first = values[0][0]
    if first.is_floating_point():
        return reduce(operator.add, (weight * value.double() for value, weight in values)).float()
    if any(not torch.equal(value, first) for value, _ in values):
        raise StateError(f"{name} is no floating number and differs: it has no mean")
    return first


def _check_shapes(tensors: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor], folder) -> None:
    for name, value in tensors.items():
        if value.shape != expected[name].shape:
            raise StateError(
                f"{name} has shape {tuple(value.shape)} in {folder} and {tuple(expected[name].shape)} in the checkpoint: their "
                "sizes do not fit"
            )
