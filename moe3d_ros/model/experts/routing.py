"""Routing decisions of a model: recorded in a forward pass, with their losses and the load per expert and modality."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from moe3d_ros.model.experts.moe import MoEFeedForward, moe_layers
from moe3d_ros.model.experts.token_places import MODALITIES


class RouterRecorder:
    """Collects what the routers of a model decide while it is entered, for the losses and the statistics.

        with RouterRecorder(model) as routing:
            output = model(...)
        loss = task_loss + 1e-2 * routing.balance_loss(mask) + 1e-3 * routing.z_loss(mask)

    ``logits[name]`` (T, E) with gradient and ``chosen[name]`` (T, k) of every layer, where T is batch times sequence.
    A mask (T,) or (batch, sequence), true for real tokens, leaves padding out. Losses are summed over the layers, as
    in the Switch Transformer. Entering again forgets the earlier forward.
    """

    def __init__(self, model: nn.Module):
        self._names = {layer: name for name, layer in moe_layers(model).items()}
        self.logits: dict[str, Tensor] = {}
        self.chosen: dict[str, Tensor] = {}
        self.shards: dict[str, int] = {}
        self.bias: dict[str, Tensor] = {}  # of the layers that have one

    def __enter__(self) -> RouterRecorder:
        self.logits, self.chosen = {}, {}
        for layer in self._names:
            layer.recorder = self
        return self

    def __exit__(self, *error: object) -> None:
        for layer in self._names:
            layer.recorder = None

    def add(self, layer: MoEFeedForward, logits: Tensor, chosen: Tensor) -> None:
        self.logits[self._names[layer]] = logits
        self.shards[self._names[layer]] = layer.shards
        self.chosen[self._names[layer]] = chosen
        if layer.router_bias is not None:
            self.bias[self._names[layer]] = layer.router_bias

    def balance_loss(self, mask: Tensor | None = None, share: Tensor | None = None) -> Tensor:
        """Sum over layers of the load-balancing loss; each is 1 at perfect balance, at most 1 / (least share)."""
        return _total(load_balancing_loss(self.logits[name], self.chosen[name], mask, share) for name in self.logits)

    def starvation_loss(self, floor: float, mask: Tensor | None = None, share: Tensor | None = None) -> Tensor:
        """Sum over layers of the pull on experts with less than ``floor`` of their intended share; zero without any."""
        return _total(
            starvation_loss(logits, self.chosen[name], floor, mask, share, self.shards[name])
            for name, logits in self.logits.items()
        )

    def bias_loss(self, mask: Tensor | None = None) -> Tensor:
        """Sum over the layers with a router's bias; its gradient on each expert's bias is the sign of its surplus of load.

        With an optimiser that normalises gradients, as Adam does, a step is that of loss-free balancing (arXiv 2408.15664).
        """
        loads = self.load(mask)
        return _total((bias * (loads[name] - 1 / len(bias)).sign()).sum() for name, bias in self.bias.items())

    def z_loss(self, mask: Tensor | None = None) -> Tensor:
        """Sum over layers of the router z-loss."""
        return _total(router_z_loss(logits, mask) for logits in self.logits.values())

    def load(self, mask: Tensor | None = None) -> dict[str, Tensor]:
        """Share of each expert in the chosen (token, expert) pairs, per layer: (E,), sums to one."""
        return {name: _load(self.chosen[name], self.logits[name].shape[1], mask) for name in self.logits}

    def load_by_modality(self, mask: Tensor, is_object: Tensor) -> dict[str, dict[str, Tensor]]:
        """``load`` of each modality by its own: {"text": {layer: (E,)}, "3d": {layer: (E,)}}, without one that has no token.

        mask, is_object: (batch, sequence) bool, which tokens are real and which are object tokens.
        """
        chosen = by_modality(mask, is_object)
        return {name: self.load(tokens) for name, tokens in chosen.items() if bool(tokens.any())}


def _total(losses: Iterable[Tensor]) -> Tensor:
    """Sum of the layers' losses; zero without layers."""
    first, *others = [*losses] or [torch.zeros(())]
    return sum(others, first)


def by_modality(mask: Tensor, is_object: Tensor) -> dict[str, Tensor]:
    """Masks of the real tokens of each modality, each like ``mask``."""
    return dict(zip(MODALITIES, (mask & ~is_object, mask & is_object)))


def load_balancing_loss(
    logits: Tensor, chosen: Tensor, mask: Tensor | None = None, share: Tensor | None = None
) -> Tensor:
    """Sum over experts of (share of the choices) * (mean probability) / (intended share).

    With the intended share even, 1 / E for each, this is Switch Transformer's loss, arXiv 2101.03961, eq. 4. Where the
    choices follow the probabilities it is least, 1, when both are the intended share.

    logits (T, E), chosen (T, k), mask (T,) or (batch, sequence) true for real tokens, share (E,) positive with sum one.
    """
    load = _load(chosen, logits.shape[1], mask)
    probabilities = _kept(logits, mask).softmax(-1).mean(0)
    product = load * probabilities
    return logits.shape[1] * product.sum() if share is None else (product / share.to(product)).sum()


def starvation_loss(
    logits: Tensor,
    chosen: Tensor,
    floor: float,
    mask: Tensor | None = None,
    share: Tensor | None = None,
    shards: int = 1,
) -> Tensor:
    """Distance of starved experts from being chosen: a pull that does not fade, where the balance loss's does.

    The gradient of the load-balancing loss on an expert's logit is proportional to its probability: an expert that is
    starved enough stays so. Here, for each expert with less than ``floor`` of its intended share, the tokens that are
    nearest to choosing it, as many as it lacks, count with the distance of its logit from the least chosen one, in
    the mean, times the share of the floor that is missing. Own rule; arguments as of ``load_balancing_loss``.
    """
    logits, chosen = _kept(logits, mask), _kept(chosen, mask)
    (tokens, top_k), experts = chosen.shape, logits.shape[1]
    least = floor * (logits.new_full((experts,), 1 / experts) if share is None else share.to(logits))
    wanted = (least * tokens * top_k).ceil().clamp(max=tokens)
    counts = torch.bincount(chosen.flatten(), minlength=experts)
    chosen_least = logits.gather(1, chosen).unflatten(1, (shards, -1)).amin(-1)  # (T, G)
    away = chosen_least.detach().repeat_interleave(experts // shards, 1) - logits  # (T, E), positive where not chosen
    total = logits.sum() * 0
    for expert in (counts < wanted).nonzero().flatten().tolist():
        lacking = int(wanted[expert]) - int(counts[expert])
        others = away[(chosen != expert).all(1), expert]
        nearest = others.topk(min(lacking, len(others)), largest=False).values
        total = total + lacking / wanted[expert] * nearest.mean()
    return total


def router_z_loss(logits: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean squared log-sum-exp of the router's logits (T, E): ST-MoE, arXiv 2202.08906, eq. 5."""
    return _kept(logits, mask).logsumexp(-1).square().mean()


def _kept(rows: Tensor, mask: Tensor | None) -> Tensor:
    return rows if mask is None else rows[mask.reshape(-1).bool()]


def _load(chosen: Tensor, experts: int, mask: Tensor | None) -> Tensor:
    counts = torch.bincount(_kept(chosen, mask).flatten(), minlength=experts).float()
    return counts / counts.sum().clamp(min=1)
