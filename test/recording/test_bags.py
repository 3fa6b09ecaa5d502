"""Recordings: what is written is read again, with both storages; damage is a sentence and not a traceback."""

import numpy as np
import pytest

from moe3d_ros.recording import bags
from moe3d_ros.recording.bag_writer import STORAGES
from moe3d_ros.sensing.clouds import read_cloud

SECOND = bags.NANOSECONDS


def some_messages():
    points = np.array([[0.4, 0.1, 0.02], [0.5, -0.2, 0.3]], np.float32)
    colors = np.array([[255, 0, 1], [2, 3, 254]], np.uint8)
    return (
        points,
        colors,
        [
            ("/points", 1 * SECOND, bags.cloud(points, colors, SECOND - 5, "base_link")),
            ("/instruction", 2 * SECOND, bags.string("put it there")),
            ("/pick_pose", 3 * SECOND, bags.pose_stamped((0.4, 0.1, 0.04), (1, 0, 0, 0), 3 * SECOND + 7, "base_link")),
        ],
    )


@pytest.mark.parametrize("storage", STORAGES)
def test_what_is_written_is_read_again(tmp_path, storage):
    points, colors, messages = some_messages()
    path = bags.write_bag(tmp_path / "bag", messages, storage)
    cloud, instruction, pose = bags.read_bag(path)
    assert (cloud.topic, cloud.stamp_ns, cloud.msg.header.frame_id) == ("/points", SECOND, "base_link")
    assert (cloud.msg.header.stamp.sec, cloud.msg.header.stamp.nanosec) == (0, SECOND - 5)
    read = read_cloud(cloud.msg)
    np.testing.assert_array_equal(read[0], points)
    np.testing.assert_array_equal(read[1], colors)
    assert instruction.msg.data == "put it there"
    assert (pose.msg.pose.position.z, pose.msg.pose.orientation.x) == (0.04, 1.0)
    assert [m.topic for m in bags.read_bag(path, only=["/pick_pose", "/nobody"])] == ["/pick_pose"]
    assert list(bags.read_bag(path, only=["/nobody"])) == []
    assert bags.topics(path)["/instruction"] == ("std_msgs/msg/String", 1)


@pytest.mark.parametrize("storage", STORAGES)
def test_a_file_without_its_metadata_is_a_recording_too(tmp_path, storage):
    path = bags.write_bag(tmp_path / "bag", some_messages()[2], storage)
    (path / "metadata.yaml").unlink()
    assert [m.topic for m in bags.read_bag(path)] == ["/points", "/instruction", "/pick_pose"]
    file = next(path.iterdir())
    assert len(list(bags.read_bag(file))) == 3


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_recording_that_was_cut_off_is_named(tmp_path, storage, share):
    path = bags.write_bag(tmp_path / "bag", some_messages()[2], storage)
    file = next(p for p in path.iterdir() if p.suffix != ".yaml")
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    try:
        read = list(bags.read_bag(path))
    except bags.BagError as error:
        assert "bag" in str(error)
    else:
        assert len(read) <= 3


def test_other_damage_is_named(tmp_path):
    with pytest.raises(bags.BagError, match="no recording"):
        list(bags.read_bag(tmp_path / "nothing"))
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(bags.BagError, match="give a rosbag2 folder"):
        list(bags.read_bag(tmp_path / "notes.txt"))
    path = bags.write_bag(tmp_path / "bag", some_messages()[2])
    (path / "metadata.yaml").write_text("{: not yaml")
    said = []
    assert len(list(bags.read_bag(path, warn=said.append))) == 3
    assert "cannot be read" in said[0]
    next(path.glob("*.mcap")).unlink()
    with pytest.raises(bags.BagError, match="no .mcap or .db3 file"):
        list(bags.read_bag(path))


def test_a_bag_is_never_overwritten_nor_left_half_written(tmp_path):
    path = bags.write_bag(tmp_path / "bag", some_messages()[2])
    with pytest.raises(bags.BagError, match="exists"):
        bags.write_bag(path, [])
    two = [("/a", 1, bags.string("x")), ("/a", 2, bags.pose_stamped((0, 0, 0), (0, 0, 0, 1), 2, "base_link"))]
    with pytest.raises(bags.BagError, match="/a holds std_msgs/msg/String"):
        bags.write_bag(tmp_path / "two", two)
    assert not (tmp_path / "two").exists()
