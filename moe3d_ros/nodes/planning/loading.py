"""Loads the planner node's model as its parameters say; torch is imported here, and not before."""

from __future__ import annotations

from moe3d_ros.cores import compute_threads
from moe3d_ros.nodes.runtime.memory import release_memory, without_collections
from moe3d_ros.robot.safety import parse_box


def load_planner(settings, log):
    """Load the checkpoint that the parameters name.

    Args:
        settings: the planner node's parameters by name.
        log: the node's logger.

    Returns:
        a `moe3d_ros.planner.Planner`.

    Raises:
        ValueError: the parameter workspace is no part of the model's box, or llm_weights is none that the device can have.
        CheckpointError, BaseModelError: see `Planner.from_pretrained`.
    """
    checkpoint, device = settings["checkpoint"], settings["device"]
    log.info(
        f"Loading the model '{checkpoint}' on {device}; the first time the base LLM is converted, which can take a minute."
    )
    with without_collections():
        import torch

        from moe3d_ros.planner import Planner

        planner = Planner.from_pretrained(
            checkpoint,
            device=device,
            base_llm=settings["base_llm"] or None,
            workspace=parse_box(settings["workspace"]),
            llm_weights=settings["llm_weights"],
        )
    release_memory()  # what the weights were read and converted from
    # To load takes every core, to plan half of them by default: the camera and the voxelizer need theirs.
    torch.set_num_threads(compute_threads(settings["threads"]))
    return planner
