"""The default checkpoint says what it said: plans, poses and answers of 60 recorded clouds are the recorded ones."""

import json

import numpy as np
import pytest
import torch
from golden import record

from moe3d_ros.planner import Planner

RECORDED = json.loads((record.HERE / "plans.json").read_text())
POSE = 1e-4  # metres, and numbers of a quaternion: machines round differently


@pytest.fixture(scope="module", autouse=True)
def threads():
    """As many threads as at the recording: sums of other parts round differently, and in scene 16 two draws are nearly equal."""
    before = torch.get_num_threads()
    torch.set_num_threads(record.THREADS)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def planner():
    return Planner.from_pretrained("default", llm_weights=record.LLM_WEIGHTS)


@pytest.fixture(scope="module")
def clouds():
    with np.load(record.CLOUDS) as arrays:
        return dict(arrays)


def test_the_records_are_of_this_checkpoint(planner):
    assert planner.checksum == RECORDED["checksum"], "a new default checkpoint: run test/golden/record.py"


@pytest.mark.parametrize("number", range(len(RECORDED["scenes"])))
def test_plan_poses_and_answers_are_the_recorded_ones(planner, clouds, number):
    expected = RECORDED["scenes"][number]
    said = record.ask(planner, *record.load_cloud(clouds, number), expected)
    assert [step["text"] for step in said["plan"]] == [step["text"] for step in expected["plan"]]
    assert (said["complete"], said["error"]) == (expected["complete"], expected["error"])
    assert said["answers"] == expected["answers"]
    for step, before in zip(said["plan"], expected["plan"]):
        assert np.abs(np.subtract(step["pick"], before["pick"])).max() < POSE
        assert np.abs(np.subtract(step["place"], before["place"])).max() < POSE
        assert abs(step["confidence"] - before["confidence"]) < 1e-3


@pytest.mark.parametrize("weights", ["bfloat16", "int8"])
def test_in_fewer_bits_the_llm_writes_the_same_plans(clouds, weights):
    planner = Planner.from_pretrained("default", llm_weights=weights)
    numbers = range(0, len(RECORDED["scenes"]), 5)
    same = 0
    for number in numbers:
        expected = RECORDED["scenes"][number] | {"questions": []}
        said = record.ask(planner, *record.load_cloud(clouds, number), expected)
        same += [step["text"] for step in said["plan"]] == [step["text"] for step in expected["plan"]]
    assert same >= len(numbers) - 1, "make bench ARGS=weights tells on how many scenes they differ"
