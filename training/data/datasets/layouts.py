"""Layouts of published data sets, told apart by the keys of their entries, so that a file in another one is named as what it is."""

from __future__ import annotations

from typing import Any, NamedTuple

from training.data.datasets.json_file import JsonFile


class Layout(NamedTuple):
    """A layout of a list of objects.

    Attributes:
        name: whose it is.
        has, lacks: keys that every entry has, and that none has.
        read_as: format of ours that reads it; empty for none.
        why: it is not read.
    """

    name: str
    has: frozenset[str]
    lacks: frozenset[str] = frozenset()
    read_as: str = ""
    why: str = "it is not supported"


LISTS = (
    Layout(
        "ScanQA's test split",
        frozenset(("scene_id", "question_id", "question")),
        frozenset(("answers", "answer")),
        why="without answers there is nothing to learn or to compare with; take the train or val split",
    ),
    Layout(
        "3D-LLM's questions",
        frozenset(("scene_id", "question", "answers")),
        frozenset(("object_ids", "object_names")),
        why="questions that name no objects of their scan are not supported",
    ),
    Layout("ScanRefer's descriptions", frozenset(("scene_id", "object_id", "description"))),
    Layout("ScanScribe's sentences", frozenset(("scan_id", "sentence"))),
    Layout("Scan2Cap's captions", frozenset(("scene_id", "object_id", "captions"))),
    Layout("LLaVA's conversations", frozenset(("conversations",))),
    Layout("ScanQA's questions", frozenset(("scene_id", "question", "answers", "object_ids")), read_as="scanqa"),
)


def named_otherwise(file: JsonFile, format_name: str) -> bool:
    """True where a file is in the layout of another data set than the format's, which then is noted as its problem."""
    said = _other(file.data, format_name)
    if said:
        file.wrong((), said)
    return bool(said)


def _other(data: Any, format_name: str) -> str:
    """The sentence on a file in another layout; empty for one in the format's own, or in none that is known."""
    if isinstance(data, list):
        entries = [entry.keys() for entry in data if isinstance(entry, dict)]
        layout = next((one for one in LISTS if _fits(one, entries)), None)
        if layout is None or layout.read_as == format_name:
            return ""
        keys = ", ".join(sorted(layout.has))
        lacking = f" and without {' and '.join(sorted(layout.lacks))}" if layout.lacks else ""
        return _sentence(layout.name, f"a list of objects with {keys}{lacking}", layout.read_as, layout.why)
    if isinstance(data, dict) and format_name != "sqa3d" and isinstance(data.get("questions"), list):
        return _sentence("SQA3D's questions", "an object with 'questions'", "sqa3d", "")
    if isinstance(data, dict) and format_name != "sqa3d" and isinstance(data.get("annotations"), list):
        return _sentence("SQA3D's annotations", "an object with 'annotations'", "sqa3d", "")
    if isinstance(data, dict) and format_name != "leo" and data and all(map(_is_scan_of_leo, data.values())):
        return _sentence("LEO's scans", "an object of scans with 'response'", "leo", "")
    return ""


def _fits(layout: Layout, entries: list) -> bool:
    return bool(entries) and all(layout.has <= keys and layout.lacks.isdisjoint(keys) for keys in entries)


def _is_scan_of_leo(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("response"), list)


def _sentence(name: str, keys: str, read_as: str, why: str) -> str:
    return f"is {keys}, the layout of {name}: {f'use --format {read_as}' if read_as else why}"
