"""MCAP files by the library `mcap`: topics and messages of any encoding.

The library `rosbags` refuses a whole file for one topic whose encoding or definition is not ROS 2's; here each topic says
what it is, and the caller chooses.
"""

from __future__ import annotations

import errno
import heapq
import os
import struct
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import mcap.records
from mcap.exceptions import EndOfFile, RecordLengthLimitExceeded
from mcap.reader import SeekingReader
from mcap.records import Chunk, McapRecord, Message, Schema, Statistics
from mcap.stream_reader import MAGIC_SIZE, StreamReader, breakup_chunk
from mcap.summary import Summary
from mcap.writer import MCAP0_MAGIC

from moe3d_ros.recording.bag_types import BagError, Channel

COMPRESSIONS = ("", "zstd", "lz4")
WRONG_SIZE = "a length or an offset in it does not fit its content"
UNDESCRIBED = "messages are of channel {}, which it does not describe"


class _Place(NamedTuple):
    """A chunk, or a message outside of chunks, by its stamps in ns and its offset in the file."""

    start_ns: int
    end_ns: int
    offset: int


class McapFile:
    """An open MCAP file.

    Attributes:
        channels: its streams of messages, each with its number of messages.
    """

    def __init__(self, path: Path):
        """Raises BagError, ValueError, McapError or OSError where it cannot be read, with the reason."""
        self._places: list[_Place] | None = None  # of all messages, in a file without an index of them
        self._file: BinaryIO = path.open("rb")
        try:
            with _in_words():
                self._reader = SeekingReader(self._file, validate_crcs=True)
                self._summary, counts = self._look()
        except BaseException:
            self._file.close()
            raise
        self.channels = []
        for number, found in self._summary.channels.items():
            schema = self._summary.schemas.get(found.schema_id, Schema(0, b"", "", ""))
            text = str(schema.data, "utf-8", "replace")  # a definition in another language may be no text at all
            of_type = (schema.name, schema.encoding, text)
            self.channels.append(Channel(number, found.topic, *of_type, found.message_encoding, counts[number]))

    def close(self) -> None:
        """Close the file; there are no messages any more."""
        self._file.close()

    def messages(
        self, channels: Collection[Channel], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[tuple[Channel, int, bytes]]:
        """Messages of some channels with their stamps in ns, in their order; ``stop_ns`` excluded.

        Raises ValueError, or an error of the libraries that unpack, where the file is damaged; at the end of all messages
        also where there are fewer than the file counts: the library skips over what it does not understand.
        """
        wanted = {channel.id: channel for channel in channels}
        missing = Counter({channel.id: channel.messages for channel in channels})
        first, last = 0 if start_ns is None else start_ns, 2**64 if stop_ns is None else stop_ns
        found = self._indexed(wanted, first, last) if self._places is None else self._in_places(first, last)
        with _in_words():
            for message in found:
                if message.channel_id in wanted and first <= message.log_time < last:
                    missing[message.channel_id] -= 1
                    yield wanted[message.channel_id], message.log_time, message.data
        lost = (+missing).total()
        if lost and start_ns is None and stop_ns is None:
            raise ValueError(f"{lost} of the messages that it counts cannot be found in it")

    def _indexed(self, wanted: dict[int, Channel], first: int, last: int) -> Iterator[Message]:
        """Messages of the topics of some channels, where the library finds and orders them."""
        for index in self._summary.chunk_indexes:
            _check_compression(index.compression)
        topics = {channel.topic for channel in wanted.values()}
        end = max(first, last)  # a span that ends before it begins is empty, and an error to the library
        for _, _, message in self._reader.iter_messages(topics, starting_at=first, ending_before=end):
            yield message

    def _in_places(self, first: int, last: int) -> Iterator[Message]:
        """Messages of a file without an index, in the order of their stamps, though chunks may overlap in time.

        The library would hold them all in memory to sort them, and recordings are larger than that: rosbag2's profile
        `fastwrite` leaves clouds of many gigabytes without chunks, and so without an index.
        """
        waiting: list[tuple[int, int, Message]] = []
        order = 0
        for place in sorted(self._places or ()):
            if place.end_ns < first or place.start_ns >= last:
                continue
            while waiting and waiting[0][0] < place.start_ns:
                yield heapq.heappop(waiting)[-1]
            self._file.seek(place.offset)
            for part in _parts(next(StreamReader(self._file, skip_magic=True, emit_chunks=True).records)):
                if isinstance(part, Message):
                    order += 1
                    heapq.heappush(waiting, (part.log_time, order, part))
        while waiting:
            yield heapq.heappop(waiting)[-1]

    def _look(self) -> tuple[Summary, Counter[int]]:
        """Find channels and their numbers of messages: in the summary, or in the whole file where that lacks some."""
        if self._reader.get_header().profile == "ros1":
            raise BagError(f"{self._file.name} holds messages of ROS 1, by its profile, and those of ROS 2 are read.")
        self._file.seek(-MAGIC_SIZE, os.SEEK_END)
        if self._file.read() != MCAP0_MAGIC:  # the library takes what it finds there for a record
            raise ValueError("its end is missing")
        summary = self._reader.get_summary()
        counts = None if summary is None else _counts(summary)
        return self._scan() if summary is None or counts is None else (summary, counts)

    def _scan(self) -> tuple[Summary, Counter[int]]:
        """Go through the whole file, and note where its messages are."""
        found, counts, said, places = Summary(), Counter[int](), Counter[int](), []
        self._file.seek(0)
        offset = MAGIC_SIZE
        for record in StreamReader(self._file, emit_chunks=True, validate_crcs=True).records:
            if isinstance(record, Chunk):
                places.append(_Place(record.message_start_time, record.message_end_time, offset))
            elif isinstance(record, Message):
                places.append(_Place(record.log_time, record.log_time, offset))
            for part in _parts(record):
                if isinstance(part, Schema):
                    found.schemas[part.id] = part
                elif isinstance(part, mcap.records.Channel):
                    found.channels[part.id] = part
                elif isinstance(part, Message):
                    counts[part.channel_id] += 1
                elif isinstance(part, Statistics):
                    said = Counter(part.channel_message_counts)
            offset = self._file.tell()
        for number in counts.keys() - found.channels.keys():
            raise ValueError(UNDESCRIBED.format(number))
        self._places = places
        return found, counts | said


def _counts(summary: Summary) -> Counter[int] | None:
    """Numbers of messages by channel; None where the summary lacks some, or their channels, schemas or index."""
    said = summary.statistics
    if said is None or not summary.chunk_indexes or said.chunk_count != len(summary.chunk_indexes):
        return None
    counts = Counter(said.channel_message_counts)
    used = counts.keys() | {number for index in summary.chunk_indexes for number in index.message_index_offsets}
    schemas = {channel.schema_id for channel in summary.channels.values()} - {0}
    whole = used <= summary.channels.keys() and schemas <= summary.schemas.keys()
    return counts if whole and counts.total() == said.message_count else None


def _parts(record: McapRecord) -> Iterable[McapRecord]:
    """Records in a chunk; any other record by itself."""
    if not isinstance(record, Chunk):
        return [record]
    _check_compression(record.compression)
    return breakup_chunk(record, validate_crc=True)


def _check_compression(name: str) -> None:
    """Raise ValueError for one that is not known, whose chunks the library takes for plain ones."""
    if name not in COMPRESSIONS:
        raise ValueError(f"a chunk is compressed by {name!r}, and zstd and lz4 are read")


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn errors that have no words, or say nothing of the file, into a ValueError that does."""
    try:
        yield
    except (EndOfFile, RecordLengthLimitExceeded, struct.error, OverflowError, MemoryError) as error:
        raise ValueError(WRONG_SIZE) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # of places that no file reaches
            raise
        raise ValueError(WRONG_SIZE) from error
    except UnicodeDecodeError as error:
        raise ValueError("a name in it is no text") from error
    except KeyError as error:
        raise ValueError(UNDESCRIBED.format(error)) from error
