"""Files of rosbag2's sqlite3 storage: topics and messages of any encoding, as the tables name them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import quote

from moe3d_ros.recording.bag_types import Channel


class SqliteFile:
    """An open .db3 file; the same members as :class:`moe3d_ros.recording.mcap_file.McapFile`."""

    def __init__(self, path: Path):
        """Raises ValueError or sqlite3.Error where it cannot be read, with the reason."""
        address = f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"
        self._base = sqlite3.connect(address, uri=True, check_same_thread=False)
        self._base.text_factory = lambda text: text.decode("utf-8", "replace")
        try:
            self.channels = self._look()
        except BaseException:
            self._base.close()
            raise

    def close(self) -> None:
        """Close the file; there are no messages any more."""
        self._base.close()

    def messages(
        self, channels: Collection[Channel], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[tuple[Channel, int, bytes]]:
        """Messages of some channels with their stamps in ns, in their order; ``stop_ns`` excluded. Raises sqlite3.Error."""
        wanted = {channel.id: channel for channel in channels}
        where, values = [f"topic_id IN ({', '.join('?' * len(wanted))})"], [*wanted]
        for bound, condition in ((start_ns, "timestamp >= ?"), (stop_ns, "timestamp < ?")):
            if bound is not None:
                where.append(condition)
                values.append(bound)
        query = f"SELECT topic_id, timestamp, data FROM messages WHERE {' AND '.join(where)} ORDER BY timestamp, id"
        for number, stamp, data in self._base.execute(query, values):
            yield wanted[number], stamp, data

    def _look(self) -> list[Channel]:
        tables = {name for (name,) in self._base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if missing := {"messages", "topics"} - tables:
            raise ValueError(f"it has no table {' and no table '.join(sorted(missing))}, as recordings of rosbag2 have")
        definitions: dict[str, tuple[str, str]] = {}
        if "message_definitions" in tables:  # since Iron
            query = "SELECT topic_type, encoding, encoded_message_definition FROM message_definitions ORDER BY id"
            for kind, language, text in self._base.execute(query):
                definitions.setdefault(kind, (language, text))
        counts = dict(self._base.execute("SELECT topic_id, count(*) FROM messages GROUP BY topic_id"))
        topics = self._base.execute("SELECT id, name, type, serialization_format FROM topics ORDER BY id")
        return [
            Channel(number, topic, kind, *definitions.get(kind, ("", "")), encoding, counts.get(number, 0))
            for number, topic, kind, encoding in topics
        ]
