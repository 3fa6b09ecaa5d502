"""Queries that start from patches which vote for different places, as in VoteNet (arXiv 1904.09664), and read near them."""

from __future__ import annotations

import math

import torch
from torch import nn

from moe3d_ros.model.perception.layers import MASKED, FourierPosition

VOTE_REACH = 0.025  # votes that are nearer to each other are for one thing
KINDS_APART = 0.04  # metres by which votes are farther apart whose patches seem to be of two kinds: a block in a rack, and the rack
CERTAIN = 1e-4  # probability of what several queries say together is this far from 0 and 1
READING_REACH = 0.2  # how far from its vote a query reads before training says otherwise


class VotedQueries(nn.Module):
    """See the module's docstring; ``count`` queries of this ``width``."""

    def __init__(self, width: int, count: int):
        super().__init__()
        self.count = count
        self.belongs = nn.Linear(width, 1)
        self.position = FourierPosition(width)
        self.standing = nn.Linear(3, width)  # of a vote among the others: tells two for one thing apart
        self.reach = nn.Linear(width, 1)  # logarithm of how far from its vote a query reads
        nn.init.zeros_(self.reach.weight)
        nn.init.constant_(self.reach.bias, math.log(READING_REACH))
        self.start = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(
        self, encoded: torch.Tensor, vote: torch.Tensor, kind: torch.Tensor, readable: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries that start one after the other from the vote that most others agree with, away from those before.

        Args:
            encoded: (B, N, D) patches. vote: (B, N, 3) middles that they vote for, metres. kind: (B, N, K) logits of what
                they seem to be of. readable: (B, N) bool, which of them count.

        Returns:
            queries (B, Q, D), logits (B, N) that a patch is of a thing, the votes (B, Q, 3) that the queries start from, and
            the patches (B, Q) whose votes these are.
        """
        belongs = self.belongs(encoded)[..., 0]
        with torch.no_grad():
            told = torch.cat([vote, KINDS_APART / math.sqrt(2) * kind.softmax(dim=-1)], dim=-1)
            chosen, standing = choose_votes(belongs.sigmoid() * readable, told, self.count)
            place = vote.gather(1, chosen[..., None].expand(-1, -1, 3))
        seed = encoded.gather(1, chosen[..., None].expand(-1, -1, encoded.shape[-1]))
        return self.start(seed) + self.position(place) + self.standing(standing), belongs, place, chosen

    def nearness(self, normed: torch.Tensor, place: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
        """Added to the logits of what a query reads (B, Q, N): patches far from its vote count less, as in arXiv 2101.07448.

        normed: (B, Q, D) queries. place: (B, Q, 3) their votes. centroids: (B, N, 3) of the patches; metres.
        """
        return -0.5 * (torch.cdist(place, centroids) / self.reach(normed).exp()) ** 2


def said_once(exists: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Existence of queries (B, Q), logits, where those that start from one patch (B, Q) again and again speak as one.

    After the first from a patch all others from it are the same query: what is in or close beside the thing that the first
    found, if anything. Matched one to one, each of n learns that it is that thing once in n times; so the second says what
    they say together, and the rest nothing.
    """
    same = chosen[:, :, None] == chosen[:, None]
    earlier = torch.ones_like(same[0]).tril(-1)
    again = (same & earlier).sum(-1)  # how many before it start from the same patch
    said = exists.sigmoid() * (again > 0)
    together = (same * said[:, None]).sum(-1).clamp(CERTAIN, 1 - CERTAIN).logit()
    return torch.where(again == 0, exists, torch.where(again == 1, together, torch.full_like(exists, MASKED)))


def choose_votes(weight: torch.Tensor, vote: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Votes (B, N, V) of these weights (B, N), the heaviest first, none near those before while others are left.

    Returns:
        indices (B, count), and (B, count, 3) how they stand: their weight, how many agree (logarithm), and the distance to
        the nearest one before in units of VOTE_REACH, 4 at most.
    """
    apart = torch.cdist(vote, vote)
    agreeing = ((apart < VOTE_REACH) * weight[:, None]).sum(-1)
    support, nearest = weight * agreeing, torch.full_like(weight, 4.0)
    chosen, standing = [], []
    for _ in range(count):
        best = support.argmax(1)[:, None]
        chosen.append(best)
        standing.append(
            torch.cat([weight.gather(1, best), agreeing.gather(1, best).log1p(), nearest.gather(1, best)], 1)
        )
        near = apart.gather(1, best[..., None].expand(-1, 1, apart.shape[2]))[:, 0] / VOTE_REACH
        nearest = torch.minimum(nearest, near)
        support = torch.where(near < 1, 1e-3 * support, support)
    return torch.cat(chosen, dim=1), torch.stack(standing, dim=1)
