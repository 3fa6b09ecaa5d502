"""State of a run on disk: trained weights and optimiser moments as safetensors, counters as JSON; written atomically."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from moe3d_ros.model.checkpoint import CHECKSUMS, CONFIG, load_checkpoint
from moe3d_ros.model.config import LanguageConfig
from moe3d_ros.model.language.base_llm import file_sha256
from moe3d_ros.world.vocabulary import PLAIN_KINDS
from training.engine.growth import grow
from training.engine.processes import like, whole

STATE, AVERAGE = "state.json", "average"
KEPT = "kept"  # folder of a run for states of its past, without optimiser
Named = dict[str, torch.Tensor]


class StateError(RuntimeError):
    """A run's state cannot be written or read; the message says why and what to do."""


@dataclass
class Progress:
    """Progress of a run.

    Attributes:
        step: optimiser steps that are done.
        seconds: wall-clock time spent on them.
        samples: seen so far, of all processes.
        window: figures of the steps since the last line of the log.
        identity: what the run belongs to (the base LLM's revision); a state of another one is refused.
    """

    step: int = 0
    seconds: float = 0.0
    samples: float = 0.0
    window: list[dict[str, float]] = field(default_factory=list)
    identity: dict[str, str] = field(default_factory=dict)


def save_state(
    folder: Path, trained: Named, optimizer, progress: Progress, average: Named | None = None, write: bool = True
) -> None:
    """Write ``state-N.safetensors`` and then ``state.json``, which names it; whatever happens, the older pair stays.

    Args:
        optimizer: None for a state to evaluate, which no run can go on from.
        trained: parameters by name; ``average`` their moving averages, where there are some.
        write: whether this process is the one that writes; all must call, since shards are gathered.

    Raises:
        StateError: the disk refuses.
    """
    tensors = {f"weight.{name}": whole(value) for name, value in trained.items()}
    for name, value in trained.items():
        for key, moment in (optimizer.state.get(value, {}) if optimizer else {}).items():
            tensors[f"{key}.{name}"] = whole(moment)
    for name, value in (average or {}).items():
        tensors[f"{AVERAGE}.{name}"] = whole(value)
    if not write:
        return
    target = folder / f"state-{progress.step:07d}.safetensors"
    temporary, record = folder / f".{target.name}.part", folder / f".{STATE}.part"
    try:
        save_file(tensors, temporary)
        _sync(temporary)
        values = {**asdict(progress), "file": target.name, "sha256": file_sha256(temporary)}
        os.replace(temporary, target)
        record.write_text(json.dumps(values))
        _sync(record)
        os.replace(record, folder / STATE)
    except (OSError, SafetensorError) as error:
        for leftover in (temporary, record):
            leftover.unlink(missing_ok=True)
        raise StateError(
            f"The state of step {progress.step} cannot be written to {folder}: {error}. The last good state is untouched: "
            "free some space and start the run again, it goes on from there."
        ) from error
    for old in folder.glob("state-*.safetensors"):
        if old.name != target.name:
            old.unlink()


def load_state(
    folder: Path, trained: Named, optimizer, identity: dict[str, str], average: Named | None = None
) -> Progress:
    """Restore weights, moments and averages in place -> where the run stands.

    Raises:
        StateError: the state is damaged, or belongs to another configuration or another base LLM.
    """
    record, tensors = _read(folder)
    known = record.get("identity", {})
    _check_identity(folder, known, identity)
    load_weights_into(trained, tensors)
    for name, value in trained.items():
        moments = {key.split(".", 1)[0]: tensor for key, tensor in tensors.items() if key.split(".", 1)[1] == name}
        moments.pop("weight")
        if average is not None:
            average[name] = like(moments.pop(AVERAGE, whole(value)), value)
        moments.pop(AVERAGE, None)
        if moments:
            optimizer.state[value] = {k: v if k == "step" else like(v, value) for k, v in moments.items()}
    return Progress(record["step"], record["seconds"], record.get("samples", 0.0), record.get("window", []), known)


def _check_identity(folder, known: dict[str, str], identity: dict[str, str]) -> None:
    for key, value in identity.items():
        if (known.get(key) or value) != value:
            raise StateError(
                f"The run in {folder} was trained with another {key} ({known[key][:12]}, now {value[:12]}): "
                "go on with that one, or choose another run."
            )


def _read(folder: str | Path) -> tuple[dict, dict[str, torch.Tensor]]:
    """state.json and the tensors that it names, verified."""
    folder = Path(folder)
    try:
        record = json.loads((folder / STATE).read_text())
        path = folder / record["file"]
        sound = record.get("sha256") in (None, file_sha256(path))  # None: of a run that is older than checksums
        tensors = load_file(path) if sound else {}
    except FileNotFoundError as error:
        raise StateError(
            f"{folder} holds no finished or running run: {Path(error.filename).name} is missing."
        ) from error
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise StateError(f"The state in {folder} cannot be read ({error}): remove the folder to start over.") from error
    if not sound:
        raise StateError(
            f"{path} is damaged, its checksum is not the one of {STATE}: put the file back from a copy, or remove the "
            "folder to start over."
        )
    return record, tensors


def _sync(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def load_weights_into(parameters: Named, tensors: Named) -> None:
    """Copy ``weight.<name>`` of a state into parameters; every parameter must be there, with its shape or fewer kinds'."""
    for name, value in parameters.items():
        stored = tensors.get(f"weight.{name}")
        if stored is None:
            raise StateError(f"the run's state has no tensor {name!r}: it belongs to another configuration")
        if stored.shape != value.shape:
            stored = grow(name, stored, value.shape)
        if stored is None:
            stored = tensors[f"weight.{name}"]
            raise StateError(
                f"{name} has shape {tuple(stored.shape)} in the state and {tuple(value.shape)} here"
                ": start with the settings (kinds among them) that it was trained with"
            )
        with torch.no_grad():
            value.copy_(like(stored, value))


def read_weights(folder: str | Path, identity: dict[str, str] | None = None) -> Named:
    """Trained weights of a finished or running run, by parameter name: their moving averages where there are some.

    Raises:
        StateError: the run's state is damaged, or it does not belong to ``identity`` (its base LLM is another one).
    """
    record, tensors = _read(folder)
    _check_identity(folder, record.get("identity", {}), identity or {})
    chosen: dict[str, torch.Tensor] = {}
    for kind in ("weight", AVERAGE):
        chosen |= {key.split(".", 1)[1]: value for key, value in tensors.items() if key.startswith(f"{kind}.")}
    return chosen


def read_identity(folder: str | Path) -> dict[str, str]:
    """Identity of a finished or running run: its base LLM's revision, the head that it trained.

    Raises:
        StateError: the run's state is damaged.
    """
    return _read(folder)[0].get("identity", {})


ENCODER_PARTS = {
    "votes": False,
    "cells": 0,
    "pieces": False,
    "axes": False,
    "lying": False,
}  # of a new encoder; what it may have more
# Parts of a checkpoint, by the first words of their tensors' names; what Stage I made is a part of the language's.
CHECKPOINT_PARTS = {
    "encoder": "encoder.",
    "language": "language.",
    "pose": "pose.",
    "objects": "language.objects.",
    "reasoner": "reasoner.",
    "answers": "answers.",
}


def split_part(entry: str) -> tuple[Path, str]:
    """An entry of ``init``: the folder, and the part of a checkpoint that is meant, empty for all of it or for a run."""
    folder, _, part = entry.strip().rpartition(":")
    return (Path(folder), part) if part in CHECKPOINT_PARTS else (Path(entry.strip()), "")


def sizes_of(init: str | None) -> dict[str, int]:
    """``kinds``, ENCODER_PARTS and LoRA ``rank`` of the checkpoints among ``init``, the largest of each; a new model's where none has it."""
    sizes: dict[str, int] = {}
    for entry in filter(None, (init or "").split(",")):
        folder, part = split_part(entry)
        if not (folder / CHECKSUMS).exists():
            continue
        try:
            config = json.loads((folder / CONFIG).read_text())
        except (OSError, ValueError):
            config = None
        if not isinstance(config, dict):
            continue  # loading it says what is wrong
        found = {name: config.get("encoder", {}).get(name) for name in ("kinds", *ENCODER_PARTS)}
        if part in ("", "language"):
            found["rank"] = config.get("language", {}).get("rank")
        sizes |= {name: max(value, sizes.get(name, value)) for name, value in found.items() if value}
    return {"kinds": PLAIN_KINDS, **ENCODER_PARTS, "rank": LanguageConfig.rank} | sizes


def load_matching(modules: dict[str, torch.nn.Module], folders: str, identity: dict[str, str] | None = None) -> None:
    """Start from finished runs, or from checkpoints: for each folder (comma-separated), the module that its weights fit.

    Args:
        modules: by name; a checkpoint's parts go to the modules that bear their names (encoder, language, pose).
        identity: what the runs must belong to, the base LLM's revision.
        folders: runs whose every tensor must find its place in one of the modules, else a StateError names it, and
            checkpoints, of which the modules take what is theirs, or with ``checkpoint:encoder`` that part alone (see
            CHECKPOINT_PARTS); what a checkpoint lacks is printed.
    """
    for folder in filter(None, (part.strip() for part in folders.split(","))):
        checkpoint, part = split_part(folder)
        if (checkpoint / CHECKSUMS).exists():
            # Stage I's part comes with the language's, where that is loaded.
            parts = (
                [part]
                if part
                else [name for name in CHECKPOINT_PARTS if name != "objects" or "language" not in modules]
            )
            if part and part not in modules:
                raise StateError(f"{folder}: nothing here takes the part {part!r}, only {', '.join(modules)}")
            _load_parts({name: modules[name] for name in parts if name in modules}, checkpoint, identity or {})
            continue
        weights = read_weights(folder, identity)
        for module in modules.values():
            parameters = dict(module.named_parameters())
            if weights.keys() <= parameters.keys():
                load_weights_into(
                    {name: parameters[name] for name in weights}, {f"weight.{k}": v for k, v in weights.items()}
                )
                break
        else:
            raise StateError(f"the weights of {folder} ({next(iter(weights))}, ...) fit none of the modules to train")


def _load_parts(modules: dict[str, torch.nn.Module], folder: str | Path, identity: dict[str, str]) -> None:
    config, tensors = load_checkpoint(folder)
    if "language" in modules:
        _check_identity(folder, {"base LLM": config.get("language", {}).get("revision")}, identity)
    for part, module in modules.items():
        start = CHECKPOINT_PARTS[part]
        own = {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}
        parameters = dict(module.named_parameters())
        chosen: Named = {name: value for name, value in parameters.items() if name in own}
        if not chosen:
            raise StateError(f"the checkpoint {folder} has nothing for {part}")
        load_weights_into(chosen, {f"weight.{name}": value for name, value in own.items()})
        fresh = [name for name, value in parameters.items() if value.requires_grad and name not in own]
        if fresh:
            print(
                f"{folder} has no values for {len(fresh)} tensors of {part}, which start anew: {fresh[0]}, ...",
                flush=True,
            )
