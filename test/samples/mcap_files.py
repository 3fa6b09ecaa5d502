"""MCAP files with topics of any encoding, as robots with other middleware beside ROS 2 leave them."""

from pathlib import Path
from typing import NamedTuple

from mcap.writer import CompressionType, IndexType, Writer

PACKINGS = {
    None: CompressionType.NONE,
    "": CompressionType.NONE,
    "zstd": CompressionType.ZSTD,
    "lz4": CompressionType.LZ4,
}


class Stream(NamedTuple):
    """A topic: its type's name, the language and the bytes of its definition (none for no schema), its messages' encoding."""

    topic: str
    kind: str = ""
    language: str = ""
    definition: bytes = b""
    encoding: str = "cdr"


def write_mcap(
    path: Path, streams, messages, packing="zstd", summary=True, profile="ros2", per_chunk=2, checksums=True
) -> Path:
    """Write a file.

    Args:
        messages: (number of the stream, stamp in ns, bytes).
        packing: of chunks; None for messages outside of chunks.
        summary: with channels, chunk indexes and statistics at the end.
        per_chunk: messages of a chunk.
        checksums: of chunks; rosbag2's profile `fastwrite` and the library rosbags write none.
    """
    with path.open("wb") as file:
        writer = Writer(
            file,
            compression=PACKINGS[packing],
            index_types=IndexType.ALL if summary else IndexType.NONE,
            repeat_channels=summary,
            repeat_schemas=summary,
            use_chunking=packing is not None,
            use_statistics=summary,
            use_summary_offsets=summary,
            enable_crcs=checksums,
        )
        writer.start(profile, "a test")
        for stream in streams:
            schema = writer.register_schema(stream.kind, stream.language, stream.definition) if stream.kind else 0
            writer.register_channel(stream.topic, stream.encoding, schema)
        for number, (stream, stamp, content) in enumerate(messages, 1):
            writer.add_message(stream + 1, stamp, content, publish_time=stamp)
            if number % per_chunk == 0:
                writer.flush()
        writer.finish()
    return path
