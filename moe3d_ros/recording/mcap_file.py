"""MCAP files: topics and messages of any encoding, after the format's specification (https://mcap.dev/spec).

The library `rosbags` refuses a whole file for one topic whose encoding or definition is not ROS 2's; here each topic says
what it is, and the caller chooses.
"""

from __future__ import annotations

import heapq
import struct
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zlib import crc32

from moe3d_ros.recording.bag_types import BagError, Channel, decompressed

MAGIC = b"\x89MCAP0\r\n"
FOOTER_BYTES = 9 + 20  # its record, before the last magic
HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, CHUNK_INDEX, STATISTICS = 1, 2, 3, 4, 5, 6, 8, 11


class _Chunk(NamedTuple):
    """A chunk by its place in the file; ``channels`` are those that have messages in it, None where nobody says."""

    start_ns: int
    end_ns: int
    offset: int
    channels: frozenset[int] | None


class _Fields:
    """The fields of a record, read one after the other. Raises ValueError where the record ends before a field does."""

    def __init__(self, content: bytes | memoryview):
        self._content, self._at = memoryview(content), 0

    def numbers(self, layout: str) -> tuple:
        layout = f"<{layout}"
        return struct.unpack(layout, self.part(struct.calcsize(layout)))

    def part(self, size: int) -> memoryview:
        end = self._at + size
        if end > len(self._content):
            raise ValueError("a record ends before its content does")
        content, self._at = self._content[self._at : end], end
        return content

    def sized(self) -> memoryview:
        return self.part(*self.numbers("I"))

    def text(self) -> str:
        return str(self.sized(), "utf-8", "replace")  # a definition in another language may be no text at all

    def ended(self) -> bool:
        return self._at == len(self._content)

    def rest(self) -> memoryview:
        return self.part(len(self._content) - self._at)


class McapFile:
    """An open MCAP file.

    Attributes:
        channels: its streams of messages, each with its number of messages.
    """

    def __init__(self, path: Path):
        """Raises BagError, ValueError or OSError where it cannot be read, with the reason."""
        self._schemas: dict[int, tuple[str, str, str]] = {}  # name, language, text
        self._found: dict[int, tuple[int, str, str]] = {}  # schema, topic, encoding
        self._counts: Counter[int] | None = None
        self._chunks: list[_Chunk] = []
        self._loose: list[tuple[int, int]] = []  # stamp and offset of messages outside of chunks
        self._file: BinaryIO = path.open("rb")
        try:
            self._look()
        except BaseException:
            self._file.close()
            raise
        counts: Counter[int] = self._counts or Counter()
        self.channels = [
            Channel(number, topic, *self._schemas.get(schema, ("", "", "")), encoding, counts[number])
            for number, (schema, topic, encoding) in self._found.items()
        ]

    def close(self) -> None:
        """Close the file; there are no messages any more."""
        self._file.close()

    def messages(
        self, channels: Collection[Channel], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[tuple[Channel, int, bytes]]:
        """Messages of some channels with their stamps in ns, in their order; ``stop_ns`` excluded. Raises ValueError."""
        wanted = {channel.id: channel for channel in channels}
        first, last = 0 if start_ns is None else start_ns, 2**64 if stop_ns is None else stop_ns
        merged = heapq.merge(self._in_chunks(wanted.keys(), first, last), self._outside(), key=lambda one: one[0])
        for stamp, number, data in merged:
            if number in wanted and first <= stamp < last:
                yield wanted[number], stamp, data

    def _in_chunks(self, wanted: Collection[int], first: int, last: int) -> Iterator[tuple[int, int, bytes]]:
        """Messages of chunks in the order of their stamps, though chunks may overlap in time."""
        waiting: list[tuple[int, int, int, bytes]] = []
        order = 0
        for chunk in sorted(self._chunks, key=lambda chunk: chunk.start_ns):
            if chunk.end_ns < first or chunk.start_ns >= last:
                continue
            if chunk.channels is not None and chunk.channels.isdisjoint(wanted):
                continue
            while waiting and waiting[0][0] < chunk.start_ns:
                stamp, _, number, data = heapq.heappop(waiting)
                yield stamp, number, data
            for op, content in _within(self._record_at(chunk.offset, CHUNK)):
                if op == MESSAGE:
                    number, stamp, data = _message(content)
                    order += 1
                    heapq.heappush(waiting, (stamp, order, number, data))
        while waiting:
            stamp, _, number, data = heapq.heappop(waiting)
            yield stamp, number, data

    def _outside(self) -> Iterator[tuple[int, int, bytes]]:
        for stamp, offset in sorted(self._loose):
            number, _, data = _message(self._record_at(offset, MESSAGE))
            yield stamp, number, data

    def _record_at(self, offset: int, wanted: int) -> bytes:
        end = self._file.seek(0, 2)
        self._file.seek(offset)
        for op, content in _records(self._file, end):
            if op == wanted:
                return content
            break
        raise ValueError(f"there is no record of the sort {wanted} at byte {offset}")

    def _look(self) -> None:
        """Find channels, chunks and counts: in the summary, or in the whole file where it has none that suffices."""
        size = self._file.seek(0, 2)
        self._file.seek(0)
        if self._file.read(len(MAGIC)) != MAGIC:
            raise ValueError("it does not begin as an MCAP file does")
        footer = size - len(MAGIC) - FOOTER_BYTES
        header = next(_records(self._file, footer), None)
        if header is None or header[0] != HEADER:
            raise ValueError("its header is missing")
        profile = _Fields(header[1]).text()
        if profile == "ros1":
            raise BagError(f"{self._file.name} holds messages of ROS 1, by its profile, and those of ROS 2 are read.")
        begin = self._file.tell()
        self._file.seek(size - len(MAGIC))
        if self._file.read() != MAGIC:
            raise ValueError("its end is missing")
        (summary, _, _) = _Fields(self._record_at(footer, FOOTER)).numbers("QQI")
        if summary:
            if not begin <= summary <= footer:
                raise ValueError(f"its summary is said to begin at byte {summary}, which is not in it")
            self._file.seek(summary)
            for op, content in _records(self._file, footer):
                self._note(op, content)
        if not self._summary_suffices():
            self._schemas, self._found, self._chunks, self._counts = {}, {}, [], Counter()
            self._file.seek(begin)
            self._scan(summary or footer, self._counts)

    def _summary_suffices(self) -> bool:
        """True if the summary holds every channel that has messages, with its schema, and where its chunks are."""
        if self._counts is None or not self._chunks or not self._counts.keys() <= self._found.keys():
            return False
        return all(not schema or schema in self._schemas for schema, _, _ in self._found.values())

    def _scan(self, end: int, counts: Counter[int]) -> None:
        """Go through all records from here to a byte, those of chunks too, and count messages."""
        offset = self._file.tell()
        for op, content in _records(self._file, end):
            found: Iterable[tuple[int, bytes | memoryview]] = ((op, content),)
            if op == CHUNK:
                start_ns, end_ns = _Fields(content).numbers("QQ")
                self._chunks.append(_Chunk(start_ns, end_ns, offset, None))
                found = _within(content)
            for sort, part in found:
                if sort == MESSAGE:
                    number, stamp, _ = _message(part)
                    counts[number] += 1
                    if op == MESSAGE:
                        self._loose.append((stamp, offset))
                elif sort in (SCHEMA, CHANNEL):
                    self._note(sort, part)
            offset = self._file.tell()

    def _note(self, op: int, content: bytes | memoryview) -> None:
        """Remember what a record of the summary says."""
        fields = _Fields(content)
        if op == SCHEMA:
            (number,) = fields.numbers("H")
            self._schemas[number] = (fields.text(), fields.text(), fields.text())
        elif op == CHANNEL:
            number, schema = fields.numbers("HH")
            self._found[number] = (schema, fields.text(), fields.text())
        elif op == CHUNK_INDEX:
            start_ns, end_ns, offset, _ = fields.numbers("QQQQ")
            places = struct.iter_unpack("<HQ", fields.sized())
            self._chunks.append(_Chunk(start_ns, end_ns, offset, frozenset(number for number, _ in places) or None))
        elif op == STATISTICS:
            fields.numbers("QHIIIIQQ")
            self._counts = Counter(dict(struct.iter_unpack("<HQ", fields.sized())))


def _records(stream: BinaryIO, end: int) -> Iterator[tuple[int, bytes]]:
    """Records of a stream up to a byte, each with its number of the sort. Raises ValueError where the last is cut off."""
    while (at := stream.tell()) < end:
        head = stream.read(9)
        size = struct.unpack("<xQ", head)[0] if len(head) == 9 else end
        if size > end - at - 9:
            raise ValueError(f"the record at byte {at} is longer than what holds it")
        yield head[0], stream.read(size)


def _within(chunk: bytes) -> Iterator[tuple[int, memoryview]]:
    """Records of a chunk, each with its number of the sort. Raises ValueError where it is not what the chunk says."""
    fields = _Fields(_unpacked(chunk))
    while not fields.ended():
        op, size = fields.numbers("BQ")
        yield op, fields.part(size)


def _message(content: bytes | memoryview) -> tuple[int, int, bytes]:
    """Channel, stamp in ns and data of a message."""
    fields = _Fields(content)
    number, _, stamp, _ = fields.numbers("HIQQ")
    return number, stamp, bytes(fields.rest())


def _unpacked(chunk: bytes) -> bytes | memoryview:
    """Content of a chunk. Raises ValueError where it is not what the chunk says."""
    fields = _Fields(chunk)
    _, _, size, checksum = fields.numbers("QQQI")
    compression = fields.text()
    content: bytes | memoryview = fields.part(*fields.numbers("Q"))
    if compression == "zstd":
        content = decompressed(content)
    elif compression == "lz4":
        import lz4.frame

        content = lz4.frame.decompress(content)
    elif compression:
        raise ValueError(f"a chunk is compressed by {compression!r}, and zstd and lz4 are read")
    if len(content) != size or (checksum and crc32(content) != checksum):
        raise ValueError("a chunk is not what its length and its checksum say")
    return content
