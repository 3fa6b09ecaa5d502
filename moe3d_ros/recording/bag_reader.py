"""Reading recordings without ROS: what the files hold counts, topics are known by name and type, one bad topic spoils none."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from moe3d_ros.recording.bag_files import ZSTD, Labels, parts_of, unpacked
from moe3d_ros.recording.bag_types import BagError, decompressed, reason, types
from moe3d_ros.recording.sqlite_file import SqliteFile

if TYPE_CHECKING:
    from moe3d_ros.recording.mcap_file import McapFile

SEVERAL = "several types"
CDR = "cdr"  # the encoding of messages, in every file of rosbag2
MSG, IDL = ("ros2msg",), ("ros2idl", "omgidl")  # languages of definitions


class RawMessage(NamedTuple):
    """One message of a recording as it was sent: its bytes (CDR, as DDS carries them) and its type's name."""

    topic: str
    type_name: str
    stamp_ns: int
    data: bytes


class BagReader:
    """An open recording, to be used in a ``with`` block.

    Attributes:
        topics: name -> type, number of messages, as the files say.
        notes: sentences on what is not as it should be: what is left out, labels that contradict the files.
    """

    def __init__(self, path: str | Path):
        """
        Raises:
            BagError: no such recording, or nothing of it can be read.
        """
        self._path, self._known = Path(path), types()
        self.topics: dict[str, tuple[str, int]] = {}
        self.notes: list[str] = []
        self._own: dict[str, object | BagError] = {}  # type -> the types that the recording defines it by
        self._stack = ExitStack()
        try:
            parts, labels = parts_of(self._path, self.notes)
            self._readers = self._open(self._stack.enter_context(unpacked(parts)), parts)
            self._look(labels)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> BagReader:
        return self

    def __exit__(self, *exception) -> None:
        self._stack.close()

    def _open(self, files: list[Path], parts: list[Path]) -> list[McapFile | SqliteFile]:
        readers, failed = [], []
        for file, part in zip(files, parts):
            try:
                reader = _reader(file)
            except BagError as error:
                failed.append(str(error))
            except Exception as error:  # whatever bytes that are not what they claim to be make it raise
                failed.append(f"{part} cannot be read: {reason(error)}. Was the recording cut off?")
            else:
                self._stack.callback(reader.close)
                readers.append(reader)
        if not readers:
            raise BagError(failed[0])
        self.notes += [f"{text} This part is left out." for text in failed]
        return readers

    def _look(self, labels: Labels) -> None:
        """Fill in the topics, and hold the labels against them."""
        kinds: dict[str, set[str]] = {}
        counts: Counter[str] = Counter()
        others: Counter[tuple[str, str]] = Counter()
        for reader in self._readers:
            for channel in reader.channels:
                if channel.encoding != CDR:
                    others[channel.topic, channel.encoding] += channel.messages
                    continue
                kinds.setdefault(channel.topic, set()).add(channel.type_name)
                counts[channel.topic] += channel.messages
        self.topics = {
            name: (next(iter(found)) if len(found) == 1 else SEVERAL, counts[name])
            for name, found in sorted(kinds.items())
        }
        for (name, encoding), count in others.items():
            self.notes.append(
                f"{self._path}: the {count} messages on {name} are encoded as {encoding!r}, and ROS 2's are CDR: they are left out."
            )
        for name, (kind, count) in (labels.topics or {}).items():
            held, there = self.topics.get(name, ("", 0))
            there += sum(left for (other, _), left in others.items() if other == name)
            if there != count:
                self.notes.append(
                    f"{self._path}: metadata.yaml counts {count} messages on {name}, the files hold {there}: the files count."
                )
            elif held and held != kind and there:
                self.notes.append(
                    f"{self._path}: metadata.yaml says {name} is {kind}, the files say {held}: they count."
                )

    def messages(
        self, only: Iterable[str] | None = None, start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[RawMessage]:
        """Messages of all topics or of ``only`` these, in the order of receipt; ``stop_ns`` excluded. Raises BagError."""
        wanted = self.topics.keys() if only is None else self.topics.keys() & set(only)
        sources = []
        for reader in self._readers:
            chosen = [one for one in reader.channels if one.topic in wanted and one.encoding == CDR]
            sources.append(reader.messages(chosen, start_ns, stop_ns))
        merged = heapq.merge(*sources, key=lambda found: found[1])
        while True:
            try:
                channel, stamp, data = next(merged)
                data = decompressed(data) if data[:4] == ZSTD else bytes(data)  # CDR begins with a zero
            except StopIteration:
                return
            except Exception as error:  # whatever bytes that are not what they claim to be make it raise
                raise BagError(f"{self._path} is damaged: {reason(error)}. Was the recording cut off?") from error
            yield RawMessage(channel.topic, channel.type_name, stamp, data)

    def unreadable(self, topic: str) -> str | None:
        """Reason, as a sentence, that a topic's messages cannot be made objects; None where they can be."""
        kind = self.topics[topic][0]
        if kind == SEVERAL:
            return f"{self._path}: {topic} has messages of several types."
        store = self._store(kind)
        return str(store) if isinstance(store, BagError) else None

    def deserialize(self, raw: RawMessage):
        """The message as an object. Raises BagError."""
        store = self._store(raw.type_name)
        if isinstance(store, BagError):
            raise store
        try:
            return store.deserialize_cdr(raw.data, raw.type_name)
        except Exception as error:
            raise BagError(
                f"{self._path}: a message on {raw.topic} at {raw.stamp_ns} ns is no {raw.type_name}: {reason(error)}."
            ) from error

    def _store(self, kind: str):
        """The types by which messages of a type are read: the recording's own, else those of ROS 2 Jazzy."""
        if kind not in self._own:
            self._own[kind] = self._find(kind)
        return self._own[kind]

    def _find(self, kind: str):
        from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

        defined = next(
            (c for r in self._readers for c in r.channels if c.type_name == kind and c.definition.strip()), None
        )
        why = "neither the recording nor ROS 2 Jazzy defines it"
        if defined is not None and defined.language not in MSG + IDL:
            why = f"the recording defines it in {defined.language!r}, which is not ROS 2's, and ROS 2 Jazzy does not know it"
        elif defined is not None:
            try:
                if defined.language in MSG:
                    found = get_types_from_msg(defined.definition, kind)
                else:  # the types that it is made of follow it, each with its name above
                    found = {}
                    for part in defined.definition.split("=" * 80 + "\n"):
                        found |= get_types_from_idl(part.split("\n", 1)[1] if part.startswith("IDL: ") else part)
                store = get_typestore(Stores.EMPTY)
                store.register(found)
                if kind in store.fielddefs:
                    store.generate_msgdef(kind, ros_version=2)  # fails where a type that it is made of is not there
                    return store
            except Exception as error:  # rosbags names no common kind
                why = f"its definition in the recording cannot be read: {reason(error)}"
        if kind in self._known.fielddefs:
            return self._known
        return BagError(f"{self._path}: messages of the type {kind} cannot be read: {why}.")


def _reader(file: Path) -> McapFile | SqliteFile:
    """A file, opened as what its name says. Raises BagError where the library for it is missing, else as the readers do."""
    if file.suffix == ".db3":
        return SqliteFile(file)
    try:
        from moe3d_ros.recording.mcap_file import McapFile
    except ImportError as error:
        raise BagError(
            f"{file} is an MCAP file, and reading it needs the package `mcap`, of the extra `recordings` of moe3d_ros: "
            "install it with `pip install mcap`."
        ) from error
    return McapFile(file)
