"""Topics that are not ROS 2's, beside others that are: they are left out by name, and the rest is read."""

import sqlite3
import struct
import sys
import tracemalloc

import pytest
import zstandard
from mcap_files import Stream, write_mcap

from moe3d_ros.recording import bags
from moe3d_ros.recording.bag_types import types
from moe3d_ros.recording.bag_writer import STORAGES

STRING = "std_msgs/msg/String"
TEXT = Stream("/instruction", STRING, "ros2msg", b"string data\n")
BINARY = b"\x0a\xda\x01\x0a\x0fgrip.proto\xff\xfe"  # a protobuf descriptor is no text
ODD = {
    "protobuf": Stream("/odd", "robot.Grip", "protobuf", BINARY, "protobuf"),
    "json": Stream("/odd", "Grip", "jsonschema", b'{"type": "object"}', "json"),
    "json without a schema": Stream("/odd", encoding="json"),
    "flatbuffer": Stream("/odd", "Grip", "flatbuffer", b"\x18\0\0\0BFBS\xff", "flatbuffer"),
    "ROS 1": Stream("/odd", "std_msgs/String", "ros1msg", b"string data", "ros1"),
    "nothing said": Stream("/odd", "Grip"),
}
LAYOUTS = {
    "chunks of zstd": {},
    "chunks of lz4": {"packing": "lz4"},
    "plain chunks": {"packing": ""},
    "no chunks": {"packing": None},
    "no summary": {"summary": False},
    "no chunks, no summary": {"packing": None, "summary": False},
    "no profile": {"profile": ""},
}


def said_as(text):
    return bytes(types().serialize_cdr(bags.string(text), STRING))


def recording(path, odd, **layout):
    """Two texts, and three messages of another encoding among them."""
    texts = [(0, 20, said_as("one")), (0, 50, said_as("two"))]
    return write_mcap(path, [TEXT, odd], [(1, 10, b"\xff"), texts[0], (1, 30, b"{}"), (1, 40, b""), texts[1]], **layout)


def texts_of(path, said):
    return [one.msg.data for one in bags.read_bag(path, warn=said.append)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("odd", [name for name in ODD if ODD[name].encoding != "cdr"])
def test_a_topic_in_another_encoding_is_left_out_by_name(tmp_path, odd, layout):
    said, path = [], recording(tmp_path / "run.mcap", ODD[odd], **LAYOUTS[layout])
    assert texts_of(path, said) == ["one", "two"]
    (text,) = said
    assert f"the 3 messages on /odd are encoded as {ODD[odd].encoding!r}" in text
    assert "left out" in text
    assert bags.topics(path) == {"/instruction": (STRING, 2)}


def test_a_topic_whose_messages_are_cdr_of_no_known_type_is_left_out_by_name(tmp_path):
    said, path = [], recording(tmp_path / "run.mcap", ODD["nothing said"])
    assert texts_of(path, said) == ["one", "two"]
    assert any("Grip" in text and "left out" in text for text in said)


def test_a_recording_that_was_compressed_as_a_whole_is_read_around_such_a_topic_too(tmp_path):
    (tmp_path / "bag").mkdir()
    plain = recording(tmp_path / "run_0.mcap", ODD["protobuf"]).read_bytes()
    (tmp_path / "bag" / "run_0.mcap.zstd").write_bytes(zstandard.ZstdCompressor().compress(plain))
    said = []
    assert texts_of(tmp_path / "bag", said) == ["one", "two"]
    assert any("/odd" in text and "protobuf" in text for text in said)


def test_a_topic_in_two_encodings_is_read_as_far_as_it_is_cdr(tmp_path):
    said, path = [], recording(tmp_path / "run.mcap", ODD["json"]._replace(topic="/instruction"))
    assert texts_of(path, said) == ["one", "two"]
    assert any("the 3 messages on /instruction are encoded as 'json'" in text for text in said)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("language", ["unknown", "protobf", ""])
def test_a_known_type_is_read_whatever_language_it_is_defined_in(tmp_path, language, storage):
    path = bags.write_bag(tmp_path / "bag", [("/instruction", 1, bags.string("go"))], storage)
    if storage == "sqlite3":
        with sqlite3.connect(next(path.glob("*.db3"))) as base:
            base.execute("UPDATE message_definitions SET encoding = ?", [language])
    else:
        stream = TEXT._replace(language=language)
        write_mcap(next(path.glob("*.mcap")), [stream], [(0, 1, said_as("go"))])
    said = []
    assert texts_of(path, said) == ["go"]
    assert said == []


@pytest.mark.parametrize("storage", STORAGES)
def test_an_unknown_type_in_a_language_of_others_is_left_out_with_that_language(tmp_path, storage):
    if storage == "sqlite3":
        path = bags.write_bag(tmp_path / "bag", [("/odd", 1, bags.string("x")), ("/instruction", 2, bags.string("go"))])
        path = bags.write_bag(
            tmp_path / "db", [(one.topic, one.stamp_ns, one.msg) for one in bags.read_bag(path)], storage
        )
        with sqlite3.connect(next(path.glob("*.db3"))) as base:
            base.execute("UPDATE topics SET type = 'robot/msg/Grip' WHERE name = '/odd'")
            base.execute("INSERT INTO message_definitions VALUES (9, 'robot/msg/Grip', 'omg', 'x', '')")
    else:
        odd = Stream("/odd", "robot/msg/Grip", "omg", b"x")
        path = write_mcap(tmp_path / "run.mcap", [odd, TEXT], [(0, 1, b"\0\1\0\0"), (1, 2, said_as("go"))])
    said = []
    assert texts_of(path, said) == ["go"]
    assert any("robot/msg/Grip" in text and "in 'omg'" in text and "left out" in text for text in said)


def test_a_topic_that_is_no_cdr_is_left_out_by_name_in_sqlite_too(tmp_path):
    path = bags.write_bag(
        tmp_path / "bag", [("/odd", 1, bags.string("x")), ("/instruction", 2, bags.string("go"))], "sqlite3"
    )
    with sqlite3.connect(next(path.glob("*.db3"))) as base:
        base.execute("UPDATE topics SET serialization_format = 'json' WHERE name = '/odd'")
    said = []
    assert texts_of(path, said) == ["go"]
    assert len(said) == 1  # that metadata.yaml counts it is no contradiction
    assert "the 1 messages on /odd are encoded as 'json'" in said[0]


@pytest.mark.parametrize("packing", ["zstd", None])
@pytest.mark.parametrize("summary", [True, False])
def test_messages_come_in_the_order_of_their_stamps_within_bounds(tmp_path, packing, summary):
    stamps = [70, 10, 40, 30, 60, 20, 50]
    messages = [(0, stamp, said_as(str(stamp))) for stamp in stamps]
    path = write_mcap(tmp_path / "run.mcap", [TEXT], messages, packing=packing, summary=summary)
    assert [int(one.msg.data) for one in bags.read_bag(path)] == sorted(stamps)
    assert [one.stamp_ns for one in bags.read_bag(path, start_ns=20, stop_ns=60)] == [20, 30, 40, 50]
    assert list(bags.read_bag(path, start_ns=60, stop_ns=20)) == []


def test_a_ros_1_recording_in_mcap_is_named_as_such(tmp_path):
    path = recording(tmp_path / "run.mcap", ODD["ROS 1"], profile="ros1")
    with pytest.raises(bags.BagError, match="ROS 1") as refused:
        bags.topics(path)
    assert "cut off" not in str(refused.value)


@pytest.mark.parametrize("damage", ["checksum", "packing", "length"])
def test_a_damaged_chunk_is_an_error_and_not_fewer_messages(tmp_path, damage):
    path = recording(tmp_path / "run.mcap", ODD["json"], packing="" if damage == "checksum" else "zstd")
    content = path.read_bytes()
    if damage == "checksum":
        content = content.replace(b"one\0", b"own\0")
    elif damage == "packing":
        content = content.replace(b"\x04\0\0\0zstd", b"\x04\0\0\0zstx", 1)
    else:
        content = content.replace(b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfc")
    path.write_bytes(content)
    with pytest.raises(bags.BagError, match="damaged"):
        list(bags.read_bag(path))


@pytest.mark.parametrize("summary", [True, False])
def test_a_compression_that_is_not_known_is_named_and_its_chunks_are_not_taken_for_plain_ones(tmp_path, summary):
    path = recording(tmp_path / "run.mcap", ODD["json"], summary=summary)
    path.write_bytes(path.read_bytes().replace(b"\x04\0\0\0zstd", b"\x04\0\0\0snpy"))
    with pytest.raises(bags.BagError, match="compressed by 'snpy'"):
        list(bags.read_bag(path))


def test_statistics_that_do_not_count_each_topic_are_no_reason_to_say_that_it_is_empty(tmp_path):
    path = recording(tmp_path / "run.mcap", ODD["json"])
    counted = struct.pack("<IHQHQ", 20, 2, 3, 1, 2)  # 20 bytes: 3 messages on the second channel, 2 on the first
    content = path.read_bytes()
    assert counted in content
    path.write_bytes(content.replace(counted, bytes(4) + counted[4:]))  # the format allows for an empty list
    assert bags.topics(path) == {"/instruction": (STRING, 2)}
    assert texts_of(path, []) == ["one", "two"]


ONE = len(said_as("one"))  # bytes of a message


def head_of_message(channel, size, op=5):
    return struct.pack("<BQH", op, 22 + size, channel)


LOST = {
    "another kind of record": (head_of_message(1, ONE), head_of_message(1, ONE, op=0x85)),
    "a record that takes in the next": (head_of_message(2, 1), head_of_message(2, 1 + 9 + 22 + ONE)),
    "bytes put in before": (b"string data\n", b"string  data\n"),
}
PLAIN = {"an index": {"packing": ""}, "statistics": {"packing": None}}


@pytest.mark.parametrize("layout", PLAIN)
@pytest.mark.parametrize("damage", LOST)
def test_messages_that_a_file_counts_and_that_are_not_found_in_it_are_an_error(tmp_path, damage, layout):
    """The library skips what it does not understand; without checksums, nothing but the count is left to tell of it."""
    path = recording(tmp_path / "run.mcap", ODD["json"], **PLAIN[layout], checksums=False)
    content, (before, after) = path.read_bytes(), LOST[damage]
    assert before in content
    path.write_bytes(content.replace(before, after, 1))
    with pytest.raises(bags.BagError, match=r"cannot be read|damaged"):
        list(bags.read_bag(path))


@pytest.mark.parametrize("layout", PLAIN)
def test_a_span_of_time_has_not_all_the_messages_that_the_file_counts(tmp_path, layout):
    path = recording(tmp_path / "run.mcap", ODD["json"], **PLAIN[layout])
    assert [one.msg.data for one in bags.read_bag(path, start_ns=30)] == ["two"]
    assert [one.msg.data for one in bags.read_bag(path, stop_ns=30)] == ["one"]


HUGE = struct.pack("<Q", 2**62)  # bytes, more than there is memory for
WORDS = {
    "a channel that nothing describes": (head_of_message(1, ONE), head_of_message(9, ONE), "channel 9"),
    "a message of exabytes": (head_of_message(2, 1)[:9], b"\x05" + HUGE, "a length or an offset|1 of the messages"),
    "a name that is no text": (b"/instruction", b"/instr\xffction", "no text"),
}


@pytest.mark.parametrize("layout", PLAIN)
@pytest.mark.parametrize("damage", WORDS)
def test_a_damage_is_said_in_words(tmp_path, damage, layout):
    path = recording(tmp_path / "run.mcap", ODD["json"], **PLAIN[layout], checksums=False)
    content, (before, after, words) = path.read_bytes(), WORDS[damage]
    path.write_bytes(content.replace(before, after))
    with pytest.raises(bags.BagError, match=words):
        list(bags.read_bag(path))


def test_a_chunk_that_is_larger_than_memory_is_said_in_words(tmp_path):
    path = recording(tmp_path / "run.mcap", ODD["json"], packing="")
    content = path.read_bytes()
    place = content.index(struct.pack("<QQ", 10, 20)) + 16 + 8 + 4 + 4  # its stamps, size, checksum and no compression
    path.write_bytes(content[:place] + HUGE + content[place + 8 :])
    with pytest.raises(bags.BagError, match="a length or an offset"):
        list(bags.read_bag(path))


@pytest.mark.parametrize("offset", [2**40, 2**62, 2**63 - 1])
def test_a_summary_beyond_the_end_is_said_in_words(tmp_path, offset):
    path = recording(tmp_path / "run.mcap", ODD["json"])
    content = path.read_bytes()
    place = len(content) - 8 - 20  # before the last magic, the footer: two offsets and a checksum
    path.write_bytes(content[:place] + struct.pack("<Q", offset) + content[place + 8 :])
    with pytest.raises(bags.BagError, match="a length or an offset"):
        list(bags.read_bag(path))


@pytest.mark.parametrize("packing", ["", None])
def test_a_recording_without_an_index_is_not_held_in_memory(tmp_path, packing):
    """Of 64 MB, as many clouds that rosbag2 wrote by its profile `fastwrite`: these have no chunks."""
    messages = [(0, stamp, said_as("x" * 1_000_000)) for stamp in range(64)]
    path = write_mcap(tmp_path / "run.mcap", [TEXT], messages, packing=packing, summary=False)
    del messages
    tracemalloc.start()
    try:
        with bags.BagReader(path) as reader:
            assert sum(1 for _ in reader.messages()) == 64
        assert tracemalloc.get_traced_memory()[1] < 16e6
    finally:
        tracemalloc.stop()


def test_a_missing_library_is_named_with_the_extra_that_brings_it(tmp_path, monkeypatch):
    path = recording(tmp_path / "run.mcap", ODD["json"])
    monkeypatch.delitem(sys.modules, "moe3d_ros.recording.mcap_file", raising=False)
    monkeypatch.delattr("moe3d_ros.recording.mcap_file", raising=False)
    monkeypatch.setitem(sys.modules, "mcap.reader", None)  # as where it is not installed
    with pytest.raises(bags.BagError, match="the extra `recordings`.*`pip install mcap`") as refused:
        bags.topics(path)
    assert "cut off" not in str(refused.value)


def test_the_readers_of_a_recording_do_not_disturb_each_other(tmp_path):
    path = recording(tmp_path / "run.mcap", ODD["json"], packing=None)
    with bags.BagReader(path) as reader:
        pairs = list(zip(reader.messages(), reader.messages()))
    assert [one.stamp_ns for one, _ in pairs] == [other.stamp_ns for _, other in pairs] == [20, 50]
