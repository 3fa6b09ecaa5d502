"""State of a run on disk: trained weights and optimiser moments as safetensors, counters as JSON; written atomically."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from moe3d_ros.model.checkpoint import CHECKSUMS, load_checkpoint


def save_state(folder: Path, trained: dict[str, torch.nn.Parameter], optimizer, step: int, seconds: float) -> None:
    """Write ``state.safetensors`` and then ``state.json``, which names the step; a kill leaves the older pair."""
    tensors = {f"weight.{name}": value.detach().cpu().contiguous() for name, value in trained.items()}
    for name, value in trained.items():
        for key, moment in optimizer.state.get(value, {}).items():
            tensors[f"{key}.{name}"] = moment.detach().cpu().contiguous()
    target = folder / f"state-{step:07d}.safetensors"
    temporary = folder / f".{target.name}.part"
    save_file(tensors, temporary)
    os.replace(temporary, target)
    record = folder / ".state.json.part"
    record.write_text(json.dumps({"step": step, "seconds": seconds, "file": target.name}))
    os.replace(record, folder / "state.json")
    for old in folder.glob("state-*.safetensors"):
        if old.name != target.name:
            old.unlink()


def load_state(folder: Path, trained: dict[str, torch.nn.Parameter], optimizer) -> tuple[int, float]:
    """Restore weights and moments in place -> step, seconds already spent."""
    record = json.loads((folder / "state.json").read_text())
    tensors = load_file(folder / record["file"])
    load_weights_into(trained, tensors)
    for name, value in trained.items():
        moments = {key.split(".", 1)[0]: tensor for key, tensor in tensors.items() if key.split(".", 1)[1] == name}
        moments.pop("weight")
        if moments:
            device = value.device
            optimizer.state[value] = {k: v if k == "step" else v.to(device) for k, v in moments.items()}
    return record["step"], record["seconds"]


def load_weights_into(parameters: dict[str, torch.nn.Parameter], tensors: dict[str, torch.Tensor]) -> None:
    """Copy ``weight.<name>`` of a state into parameters; every parameter must be there, with its shape."""
    for name, value in parameters.items():
        stored = tensors.get(f"weight.{name}")
        if stored is None:
            raise ValueError(f"the run's state has no tensor {name!r}: it belongs to another configuration")
        if stored.shape != value.shape:
            raise ValueError(f"{name} has shape {tuple(stored.shape)} in the state and {tuple(value.shape)} here")
        with torch.no_grad():
            value.copy_(stored)


def read_weights(folder: str | Path) -> dict[str, torch.Tensor]:
    """Trained weights of a finished or running run, by parameter name."""
    folder = Path(folder)
    record = json.loads((folder / "state.json").read_text())
    tensors = load_file(folder / record["file"])
    return {key.split(".", 1)[1]: value for key, value in tensors.items() if key.startswith("weight.")}


CHECKPOINT_PARTS = ("encoder", "language", "pose")  # first words of a checkpoint's tensor names


def load_matching(modules: dict[str, torch.nn.Module], folders: str) -> None:
    """Start from finished runs, or from checkpoints: for each folder (comma-separated), the module that its weights fit.

    Args:
        modules: by name; a checkpoint's parts go to the modules that bear their names (encoder, language, pose).
        folders: runs whose every tensor must find its place in one of the modules, else a ValueError names it, and
            checkpoints, of which the modules take what is theirs; what a checkpoint lacks is printed.
    """
    for folder in filter(None, (part.strip() for part in folders.split(","))):
        if (Path(folder) / CHECKSUMS).exists():
            _load_parts(modules, folder)
            continue
        weights = read_weights(folder)
        for module in modules.values():
            parameters = dict(module.named_parameters())
            if weights.keys() <= parameters.keys():
                load_weights_into({name: parameters[name] for name in weights}, {f"weight.{k}": v for k, v in weights.items()})
                break
        else:
            raise ValueError(f"the weights of {folder} ({next(iter(weights))}, ...) fit none of the modules to train")


def _load_parts(modules: dict[str, torch.nn.Module], folder: str) -> None:
    _, tensors = load_checkpoint(folder)
    for part in CHECKPOINT_PARTS:
        if part not in modules:
            continue
        own = {name.removeprefix(f"{part}."): value for name, value in tensors.items() if name.startswith(f"{part}.")}
        parameters = dict(modules[part].named_parameters())
        chosen = {name: value for name, value in parameters.items() if name in own}
        if not chosen:
            raise ValueError(f"the checkpoint {folder} has nothing for {part}")
        load_weights_into(chosen, {f"weight.{name}": value for name, value in own.items()})
        fresh = [name for name, value in parameters.items() if value.requires_grad and name not in own]
        if fresh:
            print(f"{folder} has no values for {len(fresh)} tensors of {part}, which start anew: {fresh[0]}, ...", flush=True)
