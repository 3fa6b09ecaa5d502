"""MCAP files with topics of any encoding, as robots with other middleware beside ROS 2 leave them."""

import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import lz4.frame
import zstandard

MAGIC = b"\x89MCAP0\r\n"
PACKERS = {"": bytes, "zstd": zstandard.ZstdCompressor().compress, "lz4": lz4.frame.compress}


class Stream(NamedTuple):
    """A topic: its type's name, the language and the bytes of its definition (none for no schema), its messages' encoding."""

    topic: str
    kind: str = ""
    language: str = ""
    definition: bytes = b""
    encoding: str = "cdr"


def _sized(content):
    content = content.encode() if isinstance(content, str) else content
    return struct.pack("<I", len(content)) + content


def _record(op, *parts):
    content = b"".join(parts)
    return struct.pack("<BQ", op, len(content)) + content


def _described(streams):
    """Schemas and channels, numbered from 1."""
    found = b""
    for number, stream in enumerate(streams, 1):
        schema = number if stream.kind else 0
        if schema:
            parts = map(_sized, (stream.kind, stream.language, stream.definition))
            found += _record(3, struct.pack("<H", schema), *parts)
        parts = map(_sized, (stream.topic, stream.encoding, b""))
        found += _record(4, struct.pack("<HH", number, schema), *parts)
    return found


def write_mcap(path: Path, streams, messages, packing="zstd", summary=True, profile="ros2", per_chunk=2) -> Path:
    """Write a file.

    Args:
        messages: (number of the stream, stamp in ns, bytes).
        packing: of chunks; None for messages outside of chunks.
        summary: with channels, chunk indexes and statistics at the end.
        per_chunk: messages of a chunk.
    """
    data = MAGIC + _record(1, _sized(profile), _sized("a test")) + _described(streams)
    indexes, counts = b"", dict.fromkeys(range(1, len(streams) + 1), 0)
    for first in range(0, len(messages), per_chunk):
        body, part = b"", messages[first : first + per_chunk]
        for stream, stamp, content in part:
            counts[stream + 1] += 1
            body += _record(5, struct.pack("<HIQQ", stream + 1, 0, stamp, stamp), content)
        if packing is None:
            data += body
            continue
        packed, stamps = PACKERS[packing](body), [stamp for _, stamp, _ in part]
        times, offset = struct.pack("<QQ", min(stamps), max(stamps)), len(data)
        checked = struct.pack("<QI", len(body), zlib.crc32(body))
        data += _record(6, times, checked, _sized(packing), struct.pack("<Q", len(packed)), packed)
        places = b"".join(struct.pack("<HQ", number, 0) for number in sorted({stream + 1 for stream, _, _ in part}))
        place = struct.pack("<QQ", offset, len(data) - offset)
        sizes = struct.pack("<QQ", len(packed), len(body))
        indexes += _record(8, times, place, _sized(places), struct.pack("<Q", 0), _sized(packing), sizes)
    data += _record(15, struct.pack("<I", 0))
    start = len(data) if summary else 0
    if summary:
        stamps = [stamp for _, stamp, _ in messages]
        chunks = -(-len(messages) // per_chunk) if packing is not None else 0
        numbers = (len(messages), len(streams), len(streams), 0, 0, chunks, min(stamps), max(stamps))
        held = b"".join(struct.pack("<HQ", number, count) for number, count in counts.items())
        data += _described(streams) + indexes + _record(11, struct.pack("<QHIIIIQQ", *numbers), _sized(held))
    path.write_bytes(data + _record(2, struct.pack("<QQI", start, 0, 0)) + MAGIC)
    return path
