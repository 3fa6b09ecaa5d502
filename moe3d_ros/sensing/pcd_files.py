"""PCD files to a table of their fields: ascii, binary and binary_compressed, of any types, by what the header says.

Open3D's reader takes fields for float32 and colours for `rgb`, whatever the header says: coordinates of eight bytes come out
as zeros, and three colour fields as none. The format is that of the Point Cloud Library, version 0.7; `VIEWPOINT` is where
the sensor stood and, as there, does not move the points.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from moe3d_ros.sensing.clouds import CloudError

FORMATS = {f"{kind}{size}": f"{form}{size}" for kind, form in (("U", "u"), ("I", "i")) for size in (1, 2, 4, 8)} | {
    "F4": "f4",
    "F8": "f8",
}
ENCODINGS = ("ascii", "binary", "binary_compressed")
LONGEST_HEADER = 16_384  # bytes
MOST_POINTS = 2**31


class Field(NamedTuple):
    """One field of the header: its name, its numpy format, and how many values of it a point has."""

    name: str
    form: str
    values: int


class Header(NamedTuple):
    """The header of a PCD file."""

    fields: list[Field]
    points: int
    encoding: str
    size: int  # bytes that it takes


def read_pcd(path: Path) -> dict[str, np.ndarray]:
    """Fields of a PCD file by name: (N,) or (N, count) in their own types; padding (`_`) is left out.

    Raises:
        CloudError: the header is not understood, or the data is not what it says.
    """
    content = path.read_bytes()
    header = _header(content, path.name)
    body = memoryview(content)[header.size :]
    if header.encoding == "ascii":
        return _from_text(bytes(body), header, path.name)
    if header.encoding == "binary_compressed":
        body = memoryview(_decompressed(body, header, path.name))
    itemsize = sum(np.dtype(field.form).itemsize * field.values for field in header.fields)
    needed = itemsize * header.points
    if len(body) < needed:
        raise CloudError(
            f"{path.name} ends early: its header says {header.points} points of {itemsize} bytes, which is {needed} bytes, "
            f"and {len(body)} follow. It was cut off, or SIZE, COUNT or POINTS is wrong."
        )
    if bytes(body[needed:]).strip(b"\0 \r\n"):
        raise CloudError(
            f"{path.name} holds {len(body) - needed} bytes more than its header says ({header.points} points of {itemsize} "
            "bytes): SIZE, COUNT or POINTS is wrong, so that no point could be read for certain."
        )
    if header.encoding == "binary":
        kinds = [(str(i), f"<{field.form}", (field.values,)) for i, field in enumerate(header.fields)]
        table = np.frombuffer(body, np.dtype(kinds), header.points)
        return _named([(field, table[str(i)]) for i, field in enumerate(header.fields)])
    columns, start = [], 0
    for field in header.fields:  # compressed data holds one field of all points after the other
        values = np.frombuffer(body, f"<{field.form}", header.points * field.values, start)
        columns.append((field, values.reshape(-1, field.values)))
        start += values.nbytes
    return _named(columns)


def _named(columns: list[tuple[Field, np.ndarray]]) -> dict[str, np.ndarray]:
    return {field.name: values[:, 0] if field.values == 1 else values for field, values in columns if field.name != "_"}


def _header(content: bytes, name: str) -> Header:
    """The header at the beginning of a file. Raises CloudError."""

    def refuse(text: str):
        return CloudError(f"The header of {name} is not understood: {text}.")

    said: dict[str, list[str]] = {}
    position = 0
    while "DATA" not in said:
        end = content.find(b"\n", position, LONGEST_HEADER)
        if end < 0:
            raise refuse("it has no line DATA: the file is damaged, or no PCD file")
        line = content[position:end].split(b"#")[0]
        position = end + 1
        if not line.isascii():
            raise refuse("it has bytes that are no text: the file is damaged, or no PCD file")
        words = line.decode("ascii").split()
        if not words:
            continue
        key = "FIELDS" if words[0].upper() == "COLUMNS" else words[0].upper()
        if key in said:
            raise refuse(f"it has two lines {key}")
        said[key] = words[1:]
    for key in ("FIELDS", "SIZE", "TYPE"):
        if not said.get(key):
            raise refuse(f"it has no line {key}")
    names, count = said["FIELDS"], len(said["FIELDS"])
    counts = said.get("COUNT") or ["1"] * count
    for key, values in (("SIZE", said["SIZE"]), ("TYPE", said["TYPE"]), ("COUNT", counts)):
        if len(values) != count:
            raise refuse(f"FIELDS names {count} fields and {key} has {len(values)} values")
    fields = []
    for field, size, kind, number in zip(names, said["SIZE"], said["TYPE"], counts):
        form = FORMATS.get(kind.upper() + size)
        if form is None:
            raise refuse(
                f"field {field} has TYPE {kind} and SIZE {size}, which is no type of numbers ({', '.join(FORMATS)})"
            )
        if not number.isdigit() or not 0 < int(number[:6]) < 65_536:
            raise refuse(f"field {field} has COUNT {number}")
        fields.append(Field(field, form, int(number[:6])))
    own = [field.name for field in fields if field.name != "_"]
    twice = next((field for field in own if own.count(field) > 1), None)
    if twice:
        raise refuse(f"two fields have the name {twice}")
    encoding = " ".join(said["DATA"]).lower()
    if encoding not in ENCODINGS:
        raise refuse(f"DATA is {encoding or 'empty'}, not one of {', '.join(ENCODINGS)}")
    return Header(fields, _points(said, refuse), encoding, position)


def _points(said: dict[str, list[str]], refuse) -> int:
    """The number of points, by POINTS and by WIDTH times HEIGHT, which must agree."""
    numbers = {}
    for key in ("WIDTH", "HEIGHT", "POINTS"):
        if key in said:
            if len(said[key]) != 1 or not said[key][0].isdigit() or len(said[key][0]) > 10:
                raise refuse(f"{key} is {' '.join(said[key]) or 'empty'}, not a number")
            numbers[key] = int(said[key][0])
    grid = numbers["WIDTH"] * numbers.get("HEIGHT", 1) if "WIDTH" in numbers else None
    points = numbers.get("POINTS", grid)
    if points is None:
        raise refuse("it has neither WIDTH nor POINTS")
    if grid is not None and grid != points:
        raise refuse(f"POINTS is {points}, WIDTH times HEIGHT is {grid}")
    if not points < MOST_POINTS:
        raise refuse(f"it claims {points} points")
    return points


def _from_text(body: bytes, header: Header, name: str) -> dict[str, np.ndarray]:
    """Fields of ascii data. A float field of packed colours may be written as the whole number that it stands for."""
    rows = [row for row in (line.split() for line in body.splitlines()) if row]
    width = sum(field.values for field in header.fields)
    if len(rows) != header.points:
        raise CloudError(
            f"{name} holds {len(rows)} points, its header says {header.points}: it was cut off, or edited."
        )
    wrong = next((number for number, row in enumerate(rows) if len(row) != width), None)
    if wrong is not None:
        raise CloudError(
            f"Point {wrong} of {name} has {len(rows[wrong])} values, its header says {width}: the file is damaged."
        )
    columns, start = [], 0
    for field in header.fields:
        words = [row[start : start + field.values] for row in rows]
        start += field.values
        if field.name == "_":
            continue
        whole = field.name.lower() in ("rgb", "rgba") and all(word.isdigit() for row in words for word in row)
        form = "u4" if whole and field.form == "f4" else field.form
        try:
            if form[0] == "f":
                with np.errstate(over="ignore"):
                    values = np.array(words, dtype=np.float64).astype(form)
            else:
                values = np.array([[int(word) for word in row] for row in words], dtype=form)
        except (ValueError, OverflowError) as error:
            raise CloudError(f"Field {field.name} of {name} holds what is no {field.form} number: {error}.") from error
        columns.append((field, values.reshape(-1, field.values)))
    table = _named(columns)
    packed = next((values for name_, values in table.items() if name_.lower() in ("rgb", "rgba")), None)
    if packed is not None and packed.dtype == np.float32 and packed.ndim == 1:
        others = [values for values in table.values() if values is not packed and values.ndim == 1]
        lost = np.isnan(packed) & np.logical_and.reduce([np.isfinite(values) for values in others] or [False])
        if lost.any():
            raise CloudError(
                f"{name} has {int(lost.sum())} points with the colour `nan`: packed colours with an alpha of 255 are no float "
                "that can be written as text. Save the file as binary, or its colours with TYPE U."
            )
    return table


def _decompressed(body: memoryview, header: Header, name: str) -> bytearray:
    """The data of a binary_compressed file: two sizes (uint32), then LZF."""
    if len(body) < 8:
        raise CloudError(f"{name} ends early: no compressed data follows its header.")
    packed, unpacked = (int(value) for value in np.frombuffer(body, "<u4", 2))
    expected = header.points * sum(np.dtype(field.form).itemsize * field.values for field in header.fields)
    if unpacked != expected or packed > len(body) - 8:
        raise CloudError(
            f"{name} is damaged: it says that {packed} compressed bytes give {unpacked}; {len(body) - 8} follow, and its "
            f"header needs {expected}."
        )
    try:
        data = lzf(bytes(body[8 : 8 + packed]), unpacked)
    except IndexError:
        data = bytearray()
    if len(data) != unpacked:
        raise CloudError(f"{name} is damaged: its compressed data does not give the {unpacked} bytes that it says.")
    return data


def lzf(data: bytes, size: int) -> bytearray:
    """LZF-compressed bytes unpacked, at most about ``size`` of them. Raises IndexError where they are damaged."""
    out, at, end = bytearray(), 0, len(data)
    while at < end and len(out) <= size:
        control = data[at]
        at += 1
        if control < 32:  # so many bytes and one as they are
            if at + control >= end:
                raise IndexError("a literal run leaves the data")
            out += data[at : at + control + 1]
            at += control + 1
            continue
        length, back = control >> 5, (control & 31) << 8
        if length == 7:
            length += data[at]
            at += 1
        start = len(out) - back - data[at] - 1
        at += 1
        if start < 0:
            raise IndexError("a reference leaves the data")
        length += 2
        piece = out[start : start + length]
        while len(piece) < length:  # it overlaps what it writes: repeated
            piece += piece[: length - len(piece)]
        out += piece
    return out
