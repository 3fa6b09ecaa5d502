"""Places of written steps are kept free: beside a thing at its side, and of what an earlier step of the plan puts there."""

import numpy as np
import pytest
import torch

from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.plan_words.generated_step import GeneratedStep, StepState
from moe3d_ros.posing import keep_free
from moe3d_ros.world.side_spots import Outline, gap_at, is_beside
from moe3d_ros.world.workspace import Workspace

TABLE = Workspace()
BLOCK, BOWL = 0, 1
CENTERS = [(0.35, -0.3, 0.02), (0.35, -0.1, 0.02), (0.5, 0.1, 0.03)]
HALVES = [(0.02, 0.02, 0.02), (0.02, 0.02, 0.02), (0.08, 0.08, 0.03)]


def seen() -> ObjectSet:
    """Two blocks and a bowl."""
    count = len(CENTERS)
    return ObjectSet(
        torch.nn.functional.one_hot(torch.tensor([[BLOCK, BLOCK, BOWL]]), 8).float(),
        torch.eye(11)[None, :count],
        torch.tensor([CENTERS]),
        torch.tensor([HALVES]),
        torch.zeros(1, count),
        torch.ones(1, count, dtype=torch.bool),
        torch.ones(1, count),
    )


def beside_bowl(pick: int, side: str) -> GeneratedStep:
    text = f"pick the small red block, place it {side} the green bowl"
    return GeneratedStep(text, 1.0, StepState(torch.zeros(4), torch.zeros(2, 4), (pick, 2)), side)


def kept(*places, sides=("left of", "next to"), workspace=TABLE) -> np.ndarray:
    """Places (M, 2) of steps that put one block after the other beside the bowl, from where Pose-DiT would put them."""
    positions = np.zeros((len(places), 2, 3))
    positions[:, 1] = [(*place, 0.04) for place in places]
    steps = [beside_bowl(pick, side) for pick, side in zip(range(len(places)), sides)]
    keep_free(steps, positions, seen(), TABLE, workspace)
    assert (positions[:, 1, 2] == 0.04).all()
    return positions[:, 1, :2]


def outline(index: int, center=None) -> Outline:
    return Outline(
        np.array(CENTERS[index][:2] if center is None else center), np.array(HALVES[index][:2]), 0.0, index == 2
    )


def test_a_free_place_beside_a_thing_is_pose_dits():
    assert kept((0.51, 0.235)).tolist() == [[0.51, 0.235]]


@pytest.mark.parametrize("wanted", [(0.5, 0.1), (0.5, 0.19)])
def test_a_place_on_the_thing_gives_way_to_the_side_that_is_named(wanted):
    (place,) = kept(wanted)
    gap = gap_at(place, outline(0), outline(2))
    assert is_beside("left of", place, np.array(CENTERS[2][:2]), gap)
    assert gap == pytest.approx(0.03, abs=2e-3)


def test_a_second_thing_goes_beside_the_first_and_not_onto_it():
    first, second = kept((0.5, 0.235), (0.5, 0.235))
    assert first.tolist() == [0.5, 0.235]
    assert gap_at(second, outline(1), outline(0, first)) >= 0.005
    assert is_beside("next to", second, np.array(CENTERS[2][:2]), gap_at(second, outline(1), outline(2)))


NARROW = Workspace(high=(0.75, 0.22, 0.3))  # whose left face is nearer to the bowl than a block beside it


def test_a_place_beyond_the_workspace_gives_way_to_one_within_at_the_side_that_is_named():
    (place,) = kept((0.5, 0.235), sides=("next to",), workspace=NARROW)
    assert NARROW.contains([*place, 0.04])
    assert is_beside("next to", place, np.array(CENTERS[2][:2]), gap_at(place, outline(0), outline(2)))


@pytest.mark.parametrize(
    ("wanted", "side"),
    [((0.5, 0.235), "left of"), ((0.5, 1.235), "next to"), ((0.5, np.nan), "next to")],
    ids=["no other spot is at that side", "far away", "no number"],
)
def test_a_place_that_the_checks_must_refuse_stays_what_it_is(wanted, side):
    assert np.array_equal(kept(wanted, sides=(side,), workspace=NARROW), [wanted], equal_nan=True)
