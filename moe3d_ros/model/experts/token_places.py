"""Modality and position of tokens for the routers: text or object, and where in the planning frame an object is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property

import torch
from torch import Tensor

MODALITIES = ("text", "3d")
BANDS = 6
LONGEST, SHORTEST = 2.0, 0.06  # wavelengths in metres: a table's length down to about a block
POSITION_FEATURES = 3 * (2 * BANDS + 1)


class TokenPlaces:
    """Modality and place of the tokens of one forward pass; within ``visible_to`` every router of a model sees it.

    Object tokens are those in front of the texts, and a pointed object's that is read again at <pick> and <place>.

    Attributes:
        is_object: (batch, sequence) bool.
        position: (batch, sequence, 3) centre in metres, planning frame; anything where the token is text.
    """

    def __init__(self, is_object: Tensor, position: Tensor):
        if position.shape != (*is_object.shape, 3):
            raise ValueError(
                f"position must be {(*is_object.shape, 3)} for is_object {tuple(is_object.shape)}, "
                f"got {tuple(position.shape)}"
            )
        self.is_object, self.position = is_object, position

    @cached_property
    def features(self) -> Tensor:
        """Sines and cosines of the positions and the positions themselves (T, POSITION_FEATURES); zero for text."""
        position = torch.where(self.is_object[..., None], self.position.float(), 0.0).flatten(0, -2)  # (T, 3)
        wavelengths = torch.logspace(math.log10(LONGEST), math.log10(SHORTEST), BANDS, device=position.device)
        phase = position[..., None] * (2 * math.pi / wavelengths)
        waves = torch.cat([phase.sin(), phase.cos()], dim=-1).flatten(-2)
        return torch.cat([position, waves], dim=-1) * self.is_object.flatten()[:, None]

    @contextmanager
    def visible_to(self, layers: Iterable) -> Iterator[TokenPlaces]:
        """Context within which these MoE layers route with the modality and place of these tokens."""
        layers = list(layers)
        for layer in layers:
            layer.places = self
        try:
            yield self
        finally:
            for layer in layers:
                layer.places = None


def text_places(batch: int, length: int, device: torch.device | str) -> TokenPlaces:
    """Places of tokens that are all text."""
    return TokenPlaces(
        torch.zeros(batch, length, dtype=torch.bool, device=device), torch.zeros(batch, length, 3, device=device)
    )


def object_places(center: Tensor) -> TokenPlaces:
    """Places of object tokens with these centres (batch, n, 3), metres, planning frame."""
    return TokenPlaces(torch.ones(center.shape[:2], dtype=torch.bool, device=center.device), center)


def join_places(*parts: TokenPlaces) -> TokenPlaces:
    """One behind the other along the sequence."""
    return TokenPlaces(torch.cat([p.is_object for p in parts], 1), torch.cat([p.position for p in parts], 1))
