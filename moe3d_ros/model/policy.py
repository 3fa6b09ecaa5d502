"""The joined 3D-MoE model: encoder, projection, MoE LLM and Pose-DiT, and how one conditions the next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from moe3d_ros.model.action.anchors import anchor_feature_width
from moe3d_ros.model.action.pose_dit import PoseDiT, PoseDiTConfig
from moe3d_ros.model.checkpoint import CheckpointError, check_tensor_names
from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.language.adapt import adapt_base, adapter_ranks, convert_base
from moe3d_ros.model.language.base_llm import load_base
from moe3d_ros.model.language.form_head import FormHead
from moe3d_ros.model.language.lora import adapter_names, fold_adapters, ready_to_serve
from moe3d_ros.model.language.scene_language import SceneLanguageModel
from moe3d_ros.model.perception.encoder import SceneEncoder
from moe3d_ros.model.reasoning.answerer import Answerer, Answering
from moe3d_ros.model.reasoning.decider import Decider
from moe3d_ros.model.reasoning.reading import Reader
from moe3d_ros.model.reasoning.reasoner import Reasoner

PARTS = ("encoder", "language", "pose")


def build_model(
    config: ModelConfig,
    parts: tuple[str, ...] = PARTS,
    *,
    seed: int | None = None,
    dtype: torch.dtype = torch.float32,
    llm_width: int | None = None,
    **language: Any,
) -> ThreeDMoE:
    """Build the model with random weights on the base LLM that the configuration names, for training or for weights to come.

    Args:
        parts: to build, in this order; the base LLM is loaded for ``language`` only.
        seed: set once the base LLM is loaded; None goes on with the current random numbers.
        dtype: of the base LLM's weights.
        llm_width: width of the LLM's states, where Pose-DiT is built without it.
        language: further arguments of :func:`make_language_model`.

    Returns:
        The model; its configuration holds the revision of the base LLM that was loaded.

    Raises:
        CheckpointError: the base LLM is not the one that the configuration was made for.
        BaseModelError: the base LLM is missing or damaged.
    """
    llm, tokenizer = None, None
    if "language" in parts:
        llm, tokenizer, revision = load_base(config.language.base, dtype=dtype)
        check_revision(config, revision)
        config = replace(config, language=replace(config.language, revision=revision))
    if seed is not None:
        torch.manual_seed(seed)
        language.setdefault("seed", seed)
    return ThreeDMoE(config, llm, tokenizer, parts=parts, llm_width=llm_width, **language)


def check_revision(config: ModelConfig, revision: str, base: str | None = None) -> None:
    """Raise CheckpointError unless the base LLM with this revision is the one that the configuration was made for.

    Args:
        base: name or folder of that base LLM; None for the one that the configuration names.
    """
    wanted = config.language.revision
    if wanted and wanted != revision:
        raise CheckpointError(
            f"The model {config.name} was trained on another base LLM than {base or config.language.base} (revision {wanted[:12]}, "
            f"found {revision[:12]}): its adapters would only do harm."
        )


def make_language_model(
    config: ModelConfig,
    llm: Any,
    tokenizer: Any,
    adapted: bool = True,
    converted: bool = True,
    seed: int = 0,
    tie_break: str = "lora",
) -> SceneLanguageModel:
    """Convert a dense base in place and adapt it, and put the scene's tokens in front of it.

    Args:
        adapted: with LoRA as modules of their own.
        converted: into experts, unless the configuration is the dense baseline.
        seed: of the experts and of LoRA.
        tie_break: a key of TIE_BREAKERS.
    """
    if converted:
        convert_base(llm, config.language, seed, tie_break)
    if adapted:
        adapt_base(llm, config.language, seed)
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
            sides=config.pose_sides,
        )
    )


class WithoutInitialization(TorchFunctionMode):
    """Within it parameters are not filled with random numbers: for a model whose every parameter is loaded next."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "").endswith(("uniform_", "normal_")):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


class ThreeDMoE(nn.Module):
    """All parts. The LLM's frozen base weights come from the base; everything else from the checkpoint.

    Args:
        llm, tokenizer: the dense base, which is changed in place; None where ``parts`` has no language.
        adapted: with LoRA as modules of their own, to be trained; False for a model that ``load_for_serving`` fills.
        parts: to build, in this order; the model has no attribute for the others.
        llm_width: width of the LLM's states, where Pose-DiT is built without it.
        language: further arguments of :func:`make_language_model`.
    """

    encoder: SceneEncoder
    language: SceneLanguageModel
    pose: PoseDiT
    form: FormHead | None
    questions: FormHead | None

    def __init__(
        self,
        config: ModelConfig,
        llm: Any = None,
        tokenizer: Any = None,
        adapted: bool = True,
        parts: tuple[str, ...] = PARTS,
        llm_width: int | None = None,
        **language: Any,
    ):
        super().__init__()
        self.config = config
        for part in parts:
            if part == "encoder":
                self.encoder = SceneEncoder(config.encoder)
            elif part == "language":
                self.language = make_language_model(config, llm, tokenizer, adapted, **language)
            elif part == "pose":
                width = self.language.width if hasattr(self, "language") else llm_width
                if width is None:
                    raise ValueError("Pose-DiT without the language model needs llm_width, the width of its states")
                self.pose = make_pose_dit(config, width)
            else:
                raise ValueError(f"there is no part {part!r} of the model: {', '.join(PARTS)}")
        for name, head in config.heads().items():  # of checkpoints that have them
            hears = None if head is None or self.language is None else FormHead(head, self.language.width)
            setattr(self, name, hears)
        self.reasoner = None  # decides what moves where; of checkpoints that have it
        if config.reasoner is not None and self.language is not None:
            self.reasoner = Reasoner(config.reasoner, self.language.width, config.encoder.kinds)
        self.answers = None  # answers short questions; of checkpoints that have it
        if config.answers is not None and self.language is not None:
            self.answers = Answerer(config.answers, self.language.width, config.encoder.kinds)

    def decider(self) -> Decider | None:
        """The reasoner with the LLM that reads for it, made anew; None for a model without one."""
        if self.reasoner is None:
            return None
        reader = Reader(self.language, self.reasoner.config.layer)
        return Decider(self.reasoner, reader, self.config.encoder.kinds, self.config.pose_sides)

    def answering(self) -> Answering | None:
        """The answer reasoner with the LLM that reads for it, made anew; None for a model without one."""
        if self.answers is None:
            return None
        return Answering(self.answers, Reader(self.language, self.answers.config.layer))

    def trained_tensors(self) -> dict[str, torch.Tensor]:
        """Tensors that a checkpoint holds: every parameter that is not the base LLM's own, and the saved buffers."""
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
