"""JSON files that are checked value by value, with the line of whatever is wrong.

The file is parsed by the standard library, which is fast and keeps no positions; the lines of the few wrong places are
found afterwards, in one more pass that skips everything else.
"""

from __future__ import annotations

import json
import math
import re
from json.decoder import scanstring
from pathlib import Path

from training.data.datasets.example import Problem

Path_ = tuple  # of keys and indices from the root to a value
NAMES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "a truth value",
    type(None): "null",
}
_SPACE = re.compile(r"[ \t\r\n]*")
MISSING = object()


class JsonFile:
    """A parsed file and the problems found in it so far.

    Attributes:
        data: the parsed value; None where the file cannot be parsed, which then is its only problem.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.data = None
        self._text = ""
        self._found: list[tuple[Path_, str, bool]] = []
        self._unreadable: list[Problem] = []
        self._parse()

    def _parse(self) -> None:
        try:
            content = self.path.read_bytes()
        except OSError as error:
            self._give_up(0, "file", f"cannot be read ({error.strerror}), expected a JSON file")
            return
        try:
            self._text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self._give_up(
                line, "file", f"byte {error.start} ({content[error.start]:#04x}) is not UTF-8, expected UTF-8 text"
            )
            return
        try:
            self.data = json.loads(self._text)
        except json.JSONDecodeError as error:
            cut = not self._text[error.pos :].strip()
            what = "the file ends in the middle of a value" if cut else f"not JSON at column {error.colno}: {error.msg}"
            self._give_up(error.lineno, "file", f"{what}, expected complete JSON")
        except (RecursionError, ValueError) as error:  # nested too deep, or a number of thousands of digits
            self._give_up(0, "file", f"cannot be parsed ({type(error).__name__}: {error}), expected JSON of few levels")

    def _give_up(self, line: int, field: str, text: str) -> None:
        self._unreadable.append(Problem(str(self.path), line, field, text))

    def wrong(self, path: Path_, text: str, harmless: bool = False) -> None:
        """Note a problem of the value at ``path``; ``harmless`` where the rest can be used in spite of it."""
        self._found.append((path, text, harmless))

    def problems(self) -> list[Problem]:
        """All problems with their lines, in the order of the file."""
        lines = lines_of(self._text, [path for path, _, _ in self._found]) if self._found else {}
        found = [
            Problem(str(self.path), lines.get(path, 0), show(path), text, harmless)
            for path, text, harmless in self._found
        ]
        return self._unreadable + sorted(found, key=lambda problem: problem.line)

    def root(self, kind: type, what: str):
        """The whole value if it is of this type, else an empty one and a problem."""
        if self._unreadable:
            return kind()
        if not isinstance(self.data, kind):
            self.wrong((), f"is {name_of(self.data)}, expected {NAMES[kind]}: {what}")
            return kind()
        return self.data

    def get(self, parent: Path_, value: dict, key: str, kind: type | tuple[type, ...], default=MISSING):
        """``value[key]`` if it is of ``kind``, else None and a problem; ``default`` where it may be left out.

        A text must not be blank; true and false are no numbers; numbers must be finite.
        """
        kinds = kind if isinstance(kind, tuple) else (kind,)
        expected = " or ".join(NAMES[k] for k in kinds)
        if key not in value:
            if default is MISSING:
                self.wrong((*parent, key), f"is missing, expected {expected}")
                return None
            return default
        return self.typed((*parent, key), value[key], kind)

    def typed(self, path: Path_, found, kind: type | tuple[type, ...]):
        """``found`` if it is of ``kind``, else None and a problem."""
        kinds = kind if isinstance(kind, tuple) else (kind,)
        expected = " or ".join(NAMES[k] for k in kinds)
        if type(found) not in kinds and not (float in kinds and type(found) is int):
            self.wrong(path, f"is {name_of(found)}, expected {expected}")
            return None
        if isinstance(found, str) and not found.strip():
            self.wrong(path, "is empty, expected words")
            return None
        if isinstance(found, float) and not math.isfinite(found):
            self.wrong(path, f"is {found}, expected a finite number")
            return None
        return found

    def texts(self, parent: Path_, value: dict, key: str, least: int = 1) -> tuple[str, ...] | None:
        """A list of texts without surrounding space, ``least`` at least; None and a problem for anything else."""
        found = self.get(parent, value, key, list)
        if found is None:
            return None
        if len(found) < least:
            self.wrong((*parent, key), f"is empty, expected {least} or more texts")
            return None
        texts = [self.typed((*parent, key, index), text, str) for index, text in enumerate(found)]
        return None if None in texts else tuple(text.strip() for text in texts)

    def numbers(self, parent: Path_, value: dict, keys: tuple[str, ...]) -> tuple[float, ...] | None:
        """The numbers under ``keys``; None and a problem for each that is wrong."""
        found = [self.get(parent, value, key, float) for key in keys]
        return None if None in found else tuple(float(number) for number in found)


def name_of(value) -> str:
    """Kind of a JSON value, with the value itself where it is short."""
    shown = json.dumps(value) if isinstance(value, (str, int, float, bool)) else ""
    return NAMES[type(value)] + (f" ({shown})" if 0 < len(shown) <= 40 else "")


def show(path: Path_) -> str:
    """``questions[3].answers[0]``; ``file`` for the root."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).lstrip(".") or "file"


def lines_of(text: str, paths: list[Path_]) -> dict[Path_, int]:
    """Line (from 1) of the value at each path of valid JSON; for a missing one, the line where its parent begins."""
    wanted: dict = {}
    for path in paths:
        node = wanted
        for part in path:
            node = node.setdefault(part, {})
    places: dict[Path_, int] = {}
    start = 1 if text.startswith("\ufeff") else 0
    _visit(text, _SPACE.match(text, start).end(), (), wanted, places)
    lines, line, position = {}, 1, 0
    for path, place in sorted(places.items(), key=lambda item: item[1]):
        line += text.count("\n", position, place)
        position = place
        lines[path] = line
    for path in paths:
        known = path
        while known not in lines:
            known = known[:-1]
        lines.setdefault(path, lines[known])
    return lines


_DECODER = json.JSONDecoder()


def _visit(text: str, at: int, path: Path_, wanted: dict, places: dict) -> int:
    """Note where the value at ``at`` begins, walk it as far as ``wanted`` asks, and return where it ends."""
    places[path] = at
    if not wanted or text[at] not in "{[":
        return _DECODER.raw_decode(text, at)[1]
    is_object, index = text[at] == "{", 0
    at = _SPACE.match(text, at + 1).end()
    while text[at] not in "}]":
        key: str | int = index
        if is_object:
            key, at = scanstring(text, at + 1, True)
            at = _SPACE.match(text, at).end() + 1  # over the colon
            at = _SPACE.match(text, at).end()
        if key in wanted:
            at = _visit(text, at, (*path, key), wanted[key], places)
        else:
            at = _DECODER.raw_decode(text, at)[1]
        at = _SPACE.match(text, at).end()
        if text[at] == ",":
            at = _SPACE.match(text, at + 1).end()
        index += 1
    return at + 1
