"""Elements that the reasoner compares: the objects of a scene, the named areas of the table, and "it cannot be done"."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from moe3d_ros.model.perception.objects import RELATIONS, ObjectSet, ObjectTokens, landmarks
from moe3d_ros.world.areas import AREA_CENTERS, AREAS
from moe3d_ros.world.vocabulary import BLOCK_EDGES, COLOR_NAMES, KIND, KINDS, SIZE_NAMES

AREA_WORDS = ("left", "right", "far", "near", "middle", "top", "bottom")
AREA_COUNT = len(AREAS)
EXTRA = AREA_COUNT + 1  # elements behind the objects: the areas, then "cannot"
# Groups of words by which an element is named, in the order of their columns: colour or area, size, kind.
WORD_GROUPS = (("colors", COLOR_NAMES), ("areas", AREA_WORDS), ("sizes", SIZE_NAMES), ("kinds", KINDS))
PAIR_FEATURES = 12
REACH = 6.0  # to which differences are clipped, in their scales
DOUBT = (0.3, 0.7)  # between them two things may be of one colour, or not
SCALES = (0.1, 0.1, 0.04)  # metres in x, y, z that count as one between two things
_SIZED = torch.tensor([kind.sized for kind in KIND.values()])


def attribute_words() -> tuple[str, ...]:
    """All words by which elements are named, in the order of the columns of `named_by`."""
    return tuple(word for _, words in WORD_GROUPS for word in words)


def element_width(kinds: int) -> int:
    """Width of an object's own numbers, without its place."""
    return kinds + len(COLOR_NAMES) + 3 + 2 + 3


def element_numbers(objects: ObjectSet) -> torch.Tensor:
    """Numbers of each object without its place: kind, colour, half extents, heading modulo a quarter turn, normal (B, n, element_width)."""
    turn = 4 * objects.yaw[..., None]
    normal = objects.normal
    if normal is None:
        normal = torch.tensor([0.0, 0.0, 1.0], device=turn.device).expand(*objects.center.shape)
    return torch.cat([objects.kind, objects.color, 20 * objects.half, turn.sin(), turn.cos(), normal], dim=-1)


def facts_width(kinds: int) -> int:
    """Width of what the relation encoder says of an object."""
    return len(RELATIONS) + landmarks(kinds)


@torch.no_grad()
def facts_of(encoder: ObjectTokens, objects: ObjectSet) -> torch.Tensor:
    """Probabilities (B, n, facts_width) of relations and neighbours of each object, by the relation encoder of Stage I.

    It was pretrained to say which thing is leftmost of its kind, the bigger one of its colour, the nearest to which landmark.
    """
    return encoder.embed(objects)[1].sigmoid()


def area_centers(device: torch.device | str = "cpu") -> torch.Tensor:
    """Middles of the areas on the table (areas, 3), metres."""
    return torch.tensor([[*AREA_CENTERS[area], 0.0] for area in AREAS], device=device)


def element_mask(mask: torch.Tensor) -> torch.Tensor:
    """Elements that there are (B, n + EXTRA): all areas, and "cannot", always."""
    return F.pad(mask, (0, EXTRA), value=True)


def pair_features(objects: ObjectSet) -> torch.Tensor:
    """Comparison of every element with every other (B, n + EXTRA, n + EXTRA, PAIR_FEATURES).

    Same colour, same kind, differences in x, y and z, distance on three scales, difference in size, and whether one of the
    two is an area or "cannot".
    """
    color, kind, half = objects.color, objects.kind, objects.half
    batch, count = objects.mask.shape
    extra = torch.cat([area_centers(color.device), torch.zeros(1, 3, device=color.device)])
    center = torch.cat([objects.center, extra.expand(batch, -1, -1)], dim=1)
    apart = center[:, :, None] - center[:, None]
    distance = apart[..., :2].norm(dim=-1)
    features = torch.zeros(*apart.shape[:3], PAIR_FEATURES, device=color.device)
    features[:, :count, :count, 0] = _decided(color @ color.transpose(1, 2))
    features[:, :count, :count, 1] = _decided(kind @ kind.transpose(1, 2))
    features[..., 2:5] = apart / torch.tensor(SCALES, device=color.device)
    features[..., 5] = distance / 0.05
    features[..., 6] = torch.exp(-((distance / 0.04) ** 2))
    features[..., 7] = torch.exp(-((distance / 0.08) ** 2))
    features[:, :count, :count, 8] = (half[:, :, None, 0] - half[:, None, :, 0]) / 0.01
    features[:, :, count:-1, 9] = 1
    features[:, count:-1, :, 10] = 1
    features[:, :, -1, 11] = features[:, -1, :, 11] = 1
    features[:, -1, :, 2:8] = features[:, :, -1, 2:8] = 0
    return features.clamp(-REACH, REACH)


def _decided(chance: torch.Tensor) -> torch.Tensor:
    """A chance brought to 0 or 1 where it is near either, so that what is summed over things counts them."""
    near = ((chance - DOUBT[0]) / (DOUBT[1] - DOUBT[0])).clamp(0, 1)
    return near * near * (3 - 2 * near)


def named_by(objects: ObjectSet) -> torch.Tensor:
    """Share of each word in what an element is called (B, n + EXTRA, words); zeros for "cannot"."""
    kinds = F.pad(objects.kind, (0, len(KINDS) - objects.kind.shape[-1]))
    sized = (kinds * _SIZED.to(kinds)).sum(-1, keepdim=True)
    edge = torch.tensor(BLOCK_EDGES, device=kinds.device).mean() / 2
    big = torch.sigmoid((objects.half[..., :1] - edge) / 0.001)
    own = torch.cat(
        [
            objects.color,
            torch.zeros(*objects.color.shape[:2], len(AREA_WORDS), device=kinds.device),
            sized * (1 - big),
            sized * big,
            kinds,
        ],
        dim=-1,
    )
    words = attribute_words()
    extra = torch.zeros(EXTRA, len(words), device=kinds.device)
    for row, area in enumerate(AREAS):
        for word in area.split():
            if word in AREA_WORDS:
                extra[row, words.index(word)] = 1
    return torch.cat([own, extra.expand(len(own), -1, -1)], dim=1)
