"""Recordings as people have them: labels that differ from the files, compression, splits, topics that nobody can read."""

import shutil

import pytest
import yaml

from moe3d_ros.recording import bags
from moe3d_ros.recording.bag_files import is_recording
from moe3d_ros.recording.bag_types import types
from moe3d_ros.recording.bag_writer import STORAGES

TOPICS = ["/instruction", "/pick_pose", "/instruction"]


def messages():
    pose = bags.pose_stamped((0.4, 0.1, 0.04), (1, 0, 0, 0), 3, "base_link")
    return [("/instruction", 1, bags.string("one")), ("/pick_pose", 2, pose), ("/instruction", 3, bags.string("two"))]


def relabel(path, change):
    """Edit metadata.yaml."""
    file = path / "metadata.yaml"
    content = yaml.safe_load(file.read_text())
    change(content["rosbag2_bagfile_information"])
    file.write_text(yaml.safe_dump(content))
    return path


def entries(info):
    return [topic["topic_metadata"] for topic in info["topics_with_message_count"]]


def other_qos(info):
    forever = {"sec": 9223372036, "nsec": 854775807}
    profile = {"history": "keep_last", "depth": 5, "reliability": "best_effort", "durability": "volatile"}
    profile |= {"deadline": forever, "lifespan": forever, "liveliness": "automatic"}
    profile |= {"liveliness_lease_duration": forever, "avoid_ros_namespace_conventions": False}
    for entry in entries(info):
        entry["offered_qos_profiles"] = [profile]


LABELS = {
    "another QoS": (other_qos, ""),
    "a QoS that is no QoS": (lambda info: [e.update(offered_qos_profiles=[{"depth": 1}]) for e in entries(info)], ""),
    "another hash of the type": (
        lambda info: [e.update(type_description_hash="RIHS01_" + "0" * 64) for e in entries(info)],
        "",
    ),
    "another type": (lambda info: [e.update(type="std_msgs/msg/Bool") for e in entries(info)], "the files say"),
    "no messages": (
        lambda info: [t.update(message_count=0) for t in info["topics_with_message_count"]],
        "counts 0 messages on /instruction, the files hold 2",
    ),
    "a later version": (lambda info: info.update(version=99), ""),
    "another storage": (lambda info: info.update(storage_identifier="sqlite4"), ""),
    "compression that is none": (lambda info: info.update(compression_mode="MESSAGE", compression_format="zstd"), ""),
    "another name of the file": (lambda info: info.update(relative_file_paths=["gone_0.mcap"]), "gone_0.mcap"),
    "the folder before the name": (
        lambda info: info.update(relative_file_paths=[f"a/{info['relative_file_paths'][0]}"]),
        "",
    ),
    "no list of topics": (lambda info: info.pop("topics_with_message_count"), ""),
    "nothing but a list of files": (
        lambda info: [info.pop(key) for key in list(info) if key != "relative_file_paths"],
        "",
    ),
    "no list of files": (lambda info: info.pop("relative_file_paths"), "cannot be read"),
}


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("label", LABELS)
def test_a_label_that_differs_does_not_hide_a_message(tmp_path, label, storage):
    change, words = LABELS[label]
    path, said = relabel(bags.write_bag(tmp_path / "bag", messages(), storage), change), []
    assert bags.topics(path, said.append)["/instruction"] == ("std_msgs/msg/String", 2)
    assert words in " ".join(said)
    assert bool(said) == bool(words)
    read = list(bags.read_bag(path, warn=said.append))
    assert [one.topic for one in read] == TOPICS
    assert (read[0].msg.data, read[2].msg.data) == ("one", "two")


def test_a_count_without_messages_is_said_too(tmp_path):
    def more(info):
        topic = {"name": "/points", "type": "sensor_msgs/msg/PointCloud2", "serialization_format": "cdr"}
        info["topics_with_message_count"].append({"topic_metadata": topic, "message_count": 7})

    said = []
    found = bags.topics(relabel(bags.write_bag(tmp_path / "bag", messages()), more), said.append)
    assert "/points" not in found
    assert "counts 7 messages on /points, the files hold 0" in said[0]


def compressed(path, mode, storage):
    """A recording that rosbag2 compressed, by message or by file."""
    from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

    writer = Writer(path, version=9, storage_plugin=StoragePlugin[storage.upper()])
    writer.set_compression(CompressionMode[mode], CompressionFormat.ZSTD)
    writer.open()
    known = {}
    for topic, stamp, msg in messages():
        if topic not in known:
            known[topic] = writer.add_connection(topic, msg.__msgtype__, typestore=types())
        writer.write(known[topic], stamp, types().serialize_cdr(msg, msg.__msgtype__))
    writer.close()
    return path


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("mode", ["MESSAGE", "FILE"])
def test_compressed_recordings_are_read_with_their_labels_and_without(tmp_path, mode, storage):
    path = compressed(tmp_path / "bag", mode, storage)
    assert [one.topic for one in bags.read_bag(path)] == TOPICS
    (path / "metadata.yaml").unlink()
    assert [one.topic for one in bags.read_bag(path)] == TOPICS
    assert not list(tmp_path.glob("**/*unpacked*"))


def test_what_is_no_ros_2_recording_is_named(tmp_path):
    alone = next(compressed(tmp_path / "bag", "FILE", "mcap").glob("*.zstd"))
    (tmp_path / "ros1.bag").write_bytes(b"#ROSBAG V2.0\n" + bytes(100))
    (tmp_path / "nameless").write_bytes(b"#ROSBAG V2.0\n" + bytes(100))
    plain = next(bags.write_bag(tmp_path / "plain", messages(), "sqlite3").glob("*.db3"))
    renamed = plain.rename(tmp_path / "scan.mcap")
    other = next(bags.write_bag(tmp_path / "other", messages()).glob("*.mcap")).rename(tmp_path / "rec.pcd")
    zipped = alone.rename(tmp_path / "half.db3")
    for path, words in (
        (tmp_path / "ros1.bag", "is a ROS 1 bag"),
        (tmp_path / "nameless", "rosbags-convert"),
        (renamed, "rename it to end in .db3"),
        (other, "is a .mcap file by its content"),
        (zipped, "`zstd -d half.db3`"),
    ):
        assert is_recording(path)
        with pytest.raises(bags.BagError, match=words):
            bags.topics(path)
    (tmp_path / "cloud.pcd").write_bytes(b"# .PCD v0.7\n")
    assert not is_recording(tmp_path / "cloud.pcd")
    assert not is_recording(tmp_path / "nowhere.ply")


@pytest.mark.parametrize("storage", STORAGES)
def test_parts_of_a_split_recording_are_one_also_when_one_is_damaged(tmp_path, storage):
    folder, (a, b, c) = tmp_path / "split", messages()
    folder.mkdir()
    ending = "mcap" if storage == "mcap" else "db3"
    for number, part in enumerate(([a, b], [c])):
        made = bags.write_bag(tmp_path / f"part{number}", part, storage)
        shutil.copy(next(made.glob(f"*.{ending}")), folder / f"run_{number}.{ending}")
    assert [one.topic for one in bags.read_bag(folder)] == TOPICS
    assert bags.topics(folder)["/instruction"] == ("std_msgs/msg/String", 2)

    def parts(info):
        info["relative_file_paths"] = [f"run_{number}.{ending}" for number in range(3)]

    shutil.copy(made / "metadata.yaml", folder)
    relabel(folder, parts)
    said = []
    assert [one.topic for one in bags.read_bag(folder, warn=said.append)] == TOPICS
    assert f"run_2.{ending} is listed in metadata.yaml and not there" in said[0]
    damaged = folder / f"run_1.{ending}"
    damaged.write_bytes(damaged.read_bytes()[:100])
    said.clear()
    assert [one.topic for one in bags.read_bag(folder, warn=said.append)] == TOPICS[:2]
    assert any(f"run_1.{ending} cannot be read" in text and "left out" in text for text in said)


def test_two_recordings_in_one_folder_are_not_mixed(tmp_path):
    (tmp_path / "both").mkdir()
    for name in ("monday_0", "tuesday_0"):
        made = bags.write_bag(tmp_path / name, messages())
        shutil.copy(next(made.glob("*.mcap")), tmp_path / "both" / f"{name}.mcap")
    with pytest.raises(bags.BagError, match="give one of the files"):
        bags.topics(tmp_path / "both")
    shutil.copy(tmp_path / "monday_0" / "metadata.yaml", tmp_path / "both")
    said = []
    assert len(list(bags.read_bag(tmp_path / "both", warn=said.append))) == 3
    assert "tuesday_0.mcap is not listed" in said[0]


EVENT = "example_interfaces/srv/AddTwoInts_Event"
EVENT_DEFINITION = (
    "service_msgs/ServiceEventInfo info\nexample_interfaces/AddTwoInts_Request[<=1] request\n---\nint64 sum\n"
)
STRANGE = {
    "a service event": (EVENT, EVENT_DEFINITION),
    "an unknown type": ("my_robot/msg/Grip", ""),
    "a definition that is none": ("my_robot/msg/Grip", "float64 force\n???"),
    "a field of an unknown type": ("my_robot/msg/Grip", "other/Thing thing\n"),
}


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("strange", STRANGE)
def test_a_topic_that_cannot_be_read_does_not_spoil_the_others(tmp_path, strange, storage):
    from rosbags.rosbag2 import StoragePlugin, Writer

    kind, definition = STRANGE[strange]
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin[storage.upper()]) as writer:
        odd = writer.add_connection("/odd", kind, msgdef=definition, rihs01="RIHS01_" + "1" * 64)
        good = writer.add_connection("/instruction", "std_msgs/msg/String", typestore=types())
        writer.write(odd, 1, b"\0\1\0\0" + bytes(60))
        writer.write(good, 2, types().serialize_cdr(bags.string("go"), "std_msgs/msg/String"))
    said = []
    assert bags.topics(tmp_path / "bag")["/odd"] == (kind, 1)
    read = list(bags.read_bag(tmp_path / "bag", warn=said.append))
    assert [one.topic for one in read] == ["/instruction"]
    assert [text for text in said if kind in text and "left out" in text]
    assert [raw.topic for raw in bags.read_raw(tmp_path / "bag")] == ["/odd", "/instruction"]
    with pytest.raises(bags.BagError, match=kind):
        list(bags.read_bag(tmp_path / "bag", ["/odd"]))
