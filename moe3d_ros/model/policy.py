"""The joined 3D-MoE model: encoder, projection, MoE LLM and Pose-DiT, and how one conditions the next."""

from __future__ import annotations

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from moe3d_ros.model.action.anchors import anchor_feature_width
from moe3d_ros.model.action.pose_dit import PoseDiT, PoseDiTConfig
from moe3d_ros.model.checkpoint import check_tensor_names
from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.language.adapt import adapt_base, adapter_ranks, convert_base
from moe3d_ros.model.language.lora import adapter_names, fold_adapters, ready_to_serve
from moe3d_ros.model.language.scene_language import SceneLanguageModel
from moe3d_ros.model.perception.encoder import SceneEncoder


def make_language_model(config: ModelConfig, llm, tokenizer, adapted: bool = True) -> SceneLanguageModel:
    """Convert a dense base in place, and adapt it unless told otherwise, and put the scene's tokens in front of it."""
    convert_base(llm, config.language)
    if adapted:
        adapt_base(llm, config.language)
    return SceneLanguageModel(
        llm, tokenizer, config.object_width, config.object_heads, config.object_layers, config.encoder.kinds
    )


def make_pose_dit(config: ModelConfig, llm_width: int) -> PoseDiT:
    """Pose-DiT for this encoder and LLM."""
    workspace = config.workspace
    return PoseDiT(
        PoseDiTConfig(
            condition_width=2 * llm_width,
            width=config.pose_width,
            blocks=config.pose_blocks,
            heads=config.pose_heads,
            patch_width=config.encoder.width,
            anchor_feature_width=anchor_feature_width(config.encoder.width, config.encoder.kinds),
            workspace_mid=tuple(float(v) for v in workspace.center),
            workspace_half=tuple(float(v) for v in workspace.half_range),
            head=config.pose_head,
            decided=config.pose_decided,
        )
    )


class WithoutInitialization(TorchFunctionMode):
    """Within it parameters are not filled with random numbers: for a model whose every parameter is loaded next."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if getattr(func, "__name__", "").endswith(("uniform_", "normal_")):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


class ThreeDMoE(nn.Module):
    """All parts. The LLM's frozen base weights come from the base; everything else from the checkpoint.

    adapted: with LoRA as modules of their own, to be trained; False for a model that ``load_for_serving`` fills.
    """

    def __init__(self, config: ModelConfig, llm, tokenizer, adapted: bool = True):
        super().__init__()
        self.config = config
        self.encoder = SceneEncoder(config.encoder)
        self.language = make_language_model(config, llm, tokenizer, adapted)
        self.pose = make_pose_dit(config, self.language.width)

    def trained_tensors(self) -> dict[str, torch.Tensor]:
        """What a checkpoint holds: every parameter that is not the base LLM's own, and the saved buffers."""
        tensors = {
            name: value
            for name, value in self.named_parameters()
            if not name.startswith("language.llm.") or value.requires_grad
        }
        saved = self.pose.state_dict(keep_vars=True)  # without the buffers that are not saved
        return tensors | {f"pose.{name}": saved[name] for name, _ in self.pose.named_buffers() if name in saved}

    def load_tensors(self, tensors: dict[str, torch.Tensor]) -> None:
        """Put a checkpoint's tensors in place. Raises CheckpointError unless they are exactly the model's."""
        own = self.trained_tensors()
        check_tensor_names(tensors, own)
        with torch.no_grad():
            for name, value in own.items():
                value.copy_(tensors[name])

    def load_for_serving(self, tensors: dict[str, torch.Tensor]) -> None:
        """Put a checkpoint's tensors in place, the adapters into the weights that they adapt. Raises as load_tensors."""
        llm, prefix = self.language.llm, "language.llm."
        ranks = adapter_ranks(llm, self.config.language)
        own, adapters = self.trained_tensors(), {}
        for module, rank in ranks.items():
            height, width = llm.get_submodule(module).weight.shape
            for name, shape in zip(adapter_names(module), ((rank, width), (height, rank))):
                adapters[prefix + name] = torch.empty(shape, device="meta")
        check_tensor_names(tensors, own | adapters)
        with torch.no_grad():
            for name, value in own.items():
                value.copy_(tensors[name])
        fold_adapters(llm, {name.removeprefix(prefix): tensors[name] for name in adapters}, ranks)
        ready_to_serve(llm)
