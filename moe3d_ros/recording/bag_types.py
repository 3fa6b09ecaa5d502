"""Message types of recordings without ROS: those of ROS 2 Jazzy, and what is defined by the text of a .msg file."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from typing import NamedTuple


class BagError(ValueError):
    """A recording cannot be read or written; the message names the file and says what to do."""


class Channel(NamedTuple):
    """One stream of messages in a file; a topic has several where its type or its encoding changed.

    Attributes:
        id: its number in the file.
        type_name, language, definition: of its type, which is defined by a text in that language, such as ``ros2msg``; empty
            where the file has none.
        encoding: of its messages, such as ``cdr``.
        messages: number of them.
    """

    id: int
    topic: str
    type_name: str
    language: str
    definition: str
    encoding: str
    messages: int


@lru_cache(maxsize=1)
def installed() -> bool:
    """True if the library `rosbags` is installed, found without the 0.2 s that its import takes."""
    return importlib.util.find_spec("rosbags") is not None


@lru_cache(maxsize=1)
def types():
    """Message types of ROS 2 Jazzy; of those used here Kilted's are the same. Imported late: it takes 0.2 s, few need it.

    Raises:
        BagError: `rosbags` is not installed.
    """
    try:
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise BagError(
            "Reading and writing recordings needs the package `rosbags`, the extra `recordings` of moe3d_ros: "
            "install it with `pip install rosbags`."
        ) from error
    return get_typestore(Stores.ROS2_JAZZY)


def message(type_name: str, **fields):
    """A message of a ROS type: ``message("std_msgs/msg/String", data="hello")``. Raises BagError for unknown types."""
    known = types().types
    if type_name not in known:
        raise BagError(f"There is no message type {type_name!r}: use a name like 'std_msgs/msg/String'.")
    return known[type_name](**fields)


def define(type_name: str, text: str) -> None:
    """Make a message type known, such as the package's own, by the text of its .msg file; known types stay as they are.

    Raises:
        BagError: the text is no message definition.
    """
    if is_defined(type_name):
        return
    from rosbags.typesys import get_types_from_msg

    try:
        types().register(get_types_from_msg(text, type_name))
    except Exception as error:  # rosbags names no common kind
        raise BagError(f"The definition of {type_name} cannot be read: {reason(error)}.") from error


def is_defined(type_name: str) -> bool:
    """True if messages of the type can be written: those of ROS 2 Jazzy, and those that were defined."""
    return type_name in types().fielddefs


def reason(error: Exception) -> str:
    """An error in words, without a full stop."""
    return (str(error) or type(error).__name__).rstrip(".")


def decompressed(data: bytes | memoryview) -> bytes:
    """Content of one zstd frame. Raises ValueError where its end is missing, ZstdError where it is damaged."""
    import zstandard

    source = zstandard.ZstdDecompressor().decompressobj()
    content = source.decompress(data)
    if not source.eof:
        raise ValueError("the end of what was compressed is missing")
    return content
