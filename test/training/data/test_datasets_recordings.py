"""The validator names message and field of every kind of damage in a recording."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="rosbags is not installed")
pytest.importorskip("plyfile", reason="plyfile is not installed")

import make_samples
from places import SAMPLES

from moe3d_ros.recording import bags
from training.data.datasets.validate import main

NAN = float("nan")


def check(capsys, path: Path, *options: str) -> tuple[int, list[str]]:
    """Exit code, and the printed lines without the folder of the test."""
    code = main(["--format", "recording", str(path), *options])
    return code, capsys.readouterr().out.replace(f"{path.parent}/", "").splitlines()


def recording(folder: Path, change) -> Path:
    """A recording of two demonstrations; ``change`` edits the list of its messages."""
    messages = make_samples.demonstration_messages()
    change(messages)
    return bags.write_bag(folder / "bag", messages)


def pose(messages, place: int, position=None, quaternion=None, frame="base_link") -> None:
    topic, stamp, msg = messages[place]
    p, q = msg.pose.position, msg.pose.orientation
    new = bags.pose_stamped(position or (p.x, p.y, p.z), quaternion or (q.x, q.y, q.z, q.w), stamp, frame)
    messages[place] = (topic, stamp, new)


def shift(messages, place: int, by) -> None:
    p = messages[place][2].pose.position
    pose(messages, place, tuple(np.array([p.x, p.y, p.z]) + by))


def cloud(messages, place: int, points, frame="base_link") -> None:
    topic, stamp, _ = messages[place]
    points = np.array(points, np.float32)
    messages[place] = (topic, stamp, bags.cloud(points, np.zeros((len(points), 3), np.uint8), stamp, frame))


BAG_DAMAGE = [  # change, field, words
    (
        lambda m: pose(m, 6, quaternion=(0, 0, 0, 2.0)),
        "/pick_pose[1].pose.orientation",
        "is a quaternion of length 2, expected length 1",
    ),
    (
        lambda m: pose(m, 3, quaternion=(0, 0, 0, NAN)),
        "/place_pose[0].pose.orientation",
        "is a quaternion of length nan",
    ),
    (lambda m: pose(m, 2, position=(2.0, 0, 0)), "/pick_pose[0].pose.position", "outside the workspace"),
    (lambda m: pose(m, 2, position=(430, -190, 60)), "/pick_pose[0].pose.position", "(are these millimetres?)"),
    (lambda m: pose(m, 3, position=(43, -19, 6)), "/place_pose[0].pose.position", "(are these centimetres?)"),
    (lambda m: cloud(m, 4, [[500, 0, 20]] * 9), "/voxels[1]", "(are these millimetres?)"),
    (
        lambda m: pose(m, 2, quaternion=(0, 0, 0, 1)),
        "/pick_pose[0].pose.orientation",
        "points up (180 degrees from down)",
    ),
    (
        lambda m: pose(m, 3, quaternion=(0, 0, 1, 0)),
        "/place_pose[0].pose.orientation",
        "points up (180 degrees from down)",
    ),
    (
        lambda m: pose(m, 2, quaternion=(0.5, 0, 0, 0.75**0.5)),
        "/pick_pose[0].pose.orientation",
        "(120 degrees from down)",
    ),
    (
        lambda m: pose(m, 2, quaternion=(0, 0.5**0.5, 0, 0.5**0.5)),
        "/pick_pose[0].pose",
        "lies behind what stands there",
    ),
    (lambda m: shift(m, 2, (0, 0, -0.035)), "/pick_pose[0].pose", "lies behind what stands there"),
    (lambda m: shift(m, 2, (0, 0, 0.12)), "/pick_pose[0].pose", "the pose of the flange"),
    (lambda m: cloud(m, 0, [[0.5, 0, 0]] * 9), "/pick_pose[0].pose", "(the table is empty)"),
    (
        lambda m: cloud(m, 4, [[0.7, -0.4, 0.04], [0.7, 0.4, 0.04]]),
        "/pick_pose[1].pose",
        "nothing that stands within 4 cm",
    ),
    (lambda m: pose(m, 2, frame="map"), "/pick_pose[0].header.frame_id", "is 'map', expected 'base_link'"),
    (lambda m: cloud(m, 4, [[NAN, NAN, NAN]] * 9), "/voxels[1]", "(0 of 9 are finite)"),
    (lambda m: cloud(m, 4, [[9, 9, 9]]), "/voxels[1]", "has no point in the workspace (1 of 1 are finite)"),
    (lambda m: cloud(m, 0, [[0.5, 0, 0]], "camera"), "/voxels[0].header.frame_id", "is 'camera', expected 'base_link'"),
    (lambda m: m.__delitem__(0), "/instruction[0]", "has no cloud before it"),
    (lambda m: m.__delitem__(slice(6, 8)), "/instruction[1]", "has no poses after it"),
    (lambda m: m.__delitem__(7), "/pick_pose[1]", "has no place pose after it"),
    (lambda m: m.__delitem__(6), "/place_pose[1]", "has no pick pose before it"),
    (lambda m: m.__setitem__(5, (*m[5][:2], bags.string(" "))), "/instruction[1].data", "is empty, expected words"),
    (lambda m: m.__delitem__(slice(4, 6)), "/pick_pose[1]", "has no cloud since the last place pose"),
    (
        lambda m: [m.__delitem__(i) for i in (7, 3)],
        "/place_pose",
        "is missing, expected a topic of geometry_msgs/msg/PoseStamped",
    ),
]


@pytest.mark.parametrize(("change", "field", "words"), BAG_DAMAGE, ids=lambda v: None if callable(v) else str(v)[:32])
def test_damage_in_recordings_is_named(capsys, tmp_path, change, field, words):
    code, lines = check(capsys, recording(tmp_path, change))
    hits = [line for line in lines if line.startswith(f"bag: {field}: ") and words in line]
    assert code == 1 and len(hits) == 1, lines


def test_a_second_pair_of_poses_needs_its_own_cloud_and_no_instruction(capsys, tmp_path):
    path = recording(tmp_path, lambda m: m.__delitem__(5))
    code, lines = check(capsys, path)
    assert code == 0
    assert lines[0] == "examples: 2, demonstration 2"


def test_topics_can_have_other_names(capsys, tmp_path):
    def rename(messages):
        messages[:] = [(topic.replace("/voxels", "/camera/points"), *rest) for topic, *rest in messages]

    path = recording(tmp_path, rename)
    code, lines = check(capsys, path)
    assert code == 1
    assert "bag: /voxels: is missing" in lines[0]
    assert "/camera/points" in lines[0]
    assert check(capsys, path, "--cloud", "/camera/points")[0] == 0


def test_a_recording_that_was_cut_off_is_named(capsys, tmp_path):
    path = Path(shutil.copytree(SAMPLES / "recording_mcap", tmp_path / "recording_mcap"))
    file = next(path.glob("*.mcap"))
    file.write_bytes(file.read_bytes()[:5000])
    code, lines = check(capsys, path)
    assert code == 1
    assert lines[0].startswith("recording_mcap: file: ")
