"""One process or many: what Hugging Face Accelerate does for the engine, and how a batch and a tensor get across.

With one process nothing is wrapped. Under ``torchrun`` or ``accelerate launch`` the trained module is wrapped in
DistributedDataParallel, or with ``--shard`` its weights, gradients and optimiser state are split over the processes
(PyTorch's FSDP2, called directly: Accelerate offers it on GPUs only, and so it could not be tested without one).
"""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from torch import nn


class Objective(nn.Module):
    """The loss of a task as the forward of a module, so that DDP and FSDP see every gradient.

    Only the task's trained module is a child; frozen helpers of the task stay its own business.
    """

    def __init__(self, task):
        super().__init__()
        self.trained = task.module()
        self._loss = task.loss

    def forward(self, batch):
        return self._loss(batch)


def make_accelerator(device: str) -> Accelerator:
    """Accelerator for this process; ``cpu`` keeps it off the GPU. Call it before modules are put on a device."""
    # Which adapters a batch reaches depends on its texts: a step without a pointer leaves the pointer unused.
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    return Accelerator(cpu=device == "cpu", kwargs_handlers=[unused])


def wrap(accelerator: Accelerator, objective: Objective, shard: bool) -> nn.Module:
    """The objective, ready for this number of processes; gradients are means over them."""
    if accelerator.num_processes == 1:
        return objective
    if not shard:
        return accelerator.prepare(objective)
    from torch.distributed.fsdp import fully_shard

    for module in list(objective.modules()):
        if isinstance(module, nn.ModuleList) and len(module) > 1:
            for block in module:  # one unit of gathering per block of a decoder, an encoder, a diffusion transformer
                if any(parameter.requires_grad for parameter in block.parameters()):
                    fully_shard(block)
    return fully_shard(objective)


@contextmanager
def without_sync(accelerator: Accelerator, wrapped: nn.Module, last: bool):
    """Micro-batches before the last of a step keep their gradients to themselves."""
    if last or accelerator.num_processes == 1:
        if hasattr(wrapped, "set_requires_gradient_sync"):
            wrapped.set_requires_gradient_sync(True)
        yield
    elif hasattr(wrapped, "set_requires_gradient_sync"):
        wrapped.set_requires_gradient_sync(False)
        yield
    else:
        with accelerator.no_sync(wrapped):
            yield


def clip(parameters, largest: float) -> float:
    """Scale gradients down to a norm of ``largest`` at most -> the norm before."""
    norm = nn.utils.clip_grad_norm_(parameters, largest)
    return float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)


def to_device(batch, device):
    """Every tensor of a batch (tuples, lists, dictionaries, dataclasses of them) on ``device``."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device, non_blocking=True)
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        moved = {f.name: to_device(getattr(batch, f.name), device) for f in dataclasses.fields(batch)}
        return dataclasses.replace(batch, **moved)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        if all(isinstance(value, (int, float, str)) for value in batch):  # tokens of a text, of which there are many
            return batch
        moved = [to_device(value, device) for value in batch]
        return type(batch)(*moved) if hasattr(batch, "_fields") else type(batch)(moved)
    return batch


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """The full tensor on the CPU; every process must ask, since FSDP's shards have to be gathered."""
    tensor = tensor.detach()
    if hasattr(tensor, "full_tensor"):
        tensor = tensor.full_tensor()
    return tensor.cpu().contiguous()


def like(full: torch.Tensor, model: torch.Tensor) -> torch.Tensor:
    """``full`` laid out as ``model`` is: on its device, sharded if that is."""
    if hasattr(model, "full_tensor"):
        from torch.distributed.tensor import distribute_tensor

        return distribute_tensor(full.to(model.device), model.device_mesh, model.placements)
    return full.to(model.device)
