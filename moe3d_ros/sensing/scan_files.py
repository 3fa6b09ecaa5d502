"""Scans in PCD and PLY files as points and colours: read by the names, types and ranges that a file has, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.sensing.pcd_files import read_pcd
from moe3d_ros.sensing.ply_files import read_ply

READERS = {".pcd": read_pcd, ".ply": read_ply}
TRIPLES = tuple(
    tuple(prefix + channel for channel in channels)
    for prefix, channels in (
        ("", ("red", "green", "blue")),
        ("", ("r", "g", "b")),
        ("diffuse_", ("red", "green", "blue")),
    )
)
PACKED = ("rgb", "rgba")  # 0xAARRGGBB in 32 bits, or three or four values
COLORFUL = ("red", "green", "blue", "rgb", "bgr", "color", "colour", "hsv", "hue")
FARTHEST = 1e9  # metres; coordinates beyond are bytes of another type


def read_cloud_file(path) -> tuple[np.ndarray, np.ndarray | None]:
    """Points (N, 3) float32 metres and colours (N, 3) uint8 or None from a PCD or PLY file.

    NaN, Inf and exact zeros are no readings: such points are NaN, in place, so that an organised scan keeps its order.

    Raises:
        CloudError: no such file, another kind of file, no reading in it, something in its header that is not understood, or
            a library that reads it is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise CloudError(f"There is no file {path}: give the path of a PCD or PLY file.")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise CloudError(f"{path.name} is neither a .pcd nor a .ply file: convert it to one of them.")
    try:
        table = reader(path)
    except OSError as error:
        raise CloudError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    points, colors = _points(table, path.name), read_colors(table, path.name)
    if len(points) == 0:
        raise CloudError(f"{path.name} holds no points: its header says 0. Save the scan again.")
    missing = ~np.isfinite(points).all(axis=1) | (points == 0).all(axis=1)
    if missing.all():
        raise CloudError(
            f"{path.name} holds {len(points)} points and no reading: all of them are NaN, Inf or (0, 0, 0). Save the scan "
            "again while the camera sees something."
        )
    points[missing] = np.nan
    return points, colors


def _points(table: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Fields x, y, z in either case, floating point -> (N, 3) float32. Raises CloudError."""
    lower = _by_lower_case(table, name)
    missing = [axis for axis in "xyz" if axis not in lower]
    if missing:
        raise CloudError(
            f"{name} has no field {' or '.join(missing)} (it has {', '.join(table) or 'none'}): save x, y and z in metres."
        )
    columns = [lower[axis] for axis in "xyz"]
    kinds = {column.dtype.str[1:] for column in columns}
    if any(column.ndim != 1 or column.dtype.kind != "f" for column in columns):
        lows, highs = (f([float(f(c)) if c.size else 0.0 for c in columns]) for f in (np.min, np.max))
        raise CloudError(
            f"{name} has x, y, z of the type {', '.join(sorted(kinds))} (from {lows:g} to {highs:g}): whole numbers say no unit. "
            "Save metres as float or double."
        )
    if len(kinds) > 1:
        raise CloudError(f"{name} has x, y, z of several types ({', '.join(sorted(kinds))}): its header is damaged.")
    with np.errstate(invalid="ignore"):
        exact = np.stack(columns, axis=1)
        absurd = np.isfinite(exact).all(axis=1) & (np.abs(exact) > FARTHEST).any(axis=1)
        if absurd.mean() > 0.1 if len(exact) else False:
            raise CloudError(
                f"{name}: {absurd.mean():.0%} of the points lie more than {FARTHEST:g} m away. The type or the byte order in "
                "its header is not that of its data."
            )
    with np.errstate(over="ignore", invalid="ignore"):
        return exact.astype(np.float32)


def _by_lower_case(table: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    lower: dict[str, np.ndarray] = {}
    for field, values in table.items():
        if field.lower() in lower and field.lower() in (*"xyz", *PACKED, *(n for triple in TRIPLES for n in triple)):
            raise CloudError(f"{name} has two fields {field.lower()}, in upper and lower case: leave one of them out.")
        lower.setdefault(field.lower(), values)
    return lower


def read_colors(table: dict[str, np.ndarray], name: str) -> np.ndarray | None:
    """Colours (N, 3) uint8 from fields (N,) of any usual name and type; None where no field is one of colour.

    Args:
        table: fields by name: red, green, blue, also with `diffuse_` before, or r, g, b, as numbers from 0 to 1 (floating
            point), 0 to 255 or 0 to 65535; or packed rgb or rgba.
        name: of the file, for errors.

    Raises:
        CloudError: a field of colour that is not understood.
    """
    lower = _by_lower_case(table, name)
    for triple in TRIPLES:
        found = [channel for channel in triple if channel in lower]
        if len(found) == 3:
            return _scaled(np.stack([lower[channel] for channel in triple], axis=1), name)
        if found and triple != TRIPLES[1]:  # an `r` alone may be a radius
            lacking = ", ".join(channel for channel in triple if channel not in lower)
            raise CloudError(f"{name} has {', '.join(found)} and no {lacking}: save all three colours, or none.")
    for packed in PACKED:
        if packed in lower:
            return _unpacked(lower[packed], packed, name)
    strange = [field for field in table if any(word in field.lower() for word in COLORFUL)]
    if strange or {"h", "s", "v"} <= lower.keys():
        raise CloudError(
            f"{name} has {', '.join(strange) or 'h, s, v'}, which is not understood as colour: name the fields red, green, "
            "blue, or leave them out."
        )
    return None


def _unpacked(values: np.ndarray, field: str, name: str) -> np.ndarray:
    if values.ndim == 2 and values.shape[1] in (3, 4):
        return _scaled(values[:, :3], name)
    if values.ndim != 1 or values.dtype.str[1:] not in ("f4", "u4", "i4"):
        raise CloudError(
            f"{name} has a field {field} of the type {values.dtype.str[1:]}: packed colours are one float, U or I of 4 bytes."
        )
    bits = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("="))).view(np.uint32)
    return np.stack([bits >> 16, bits >> 8, bits], axis=1).astype(np.uint8)


def _scaled(values: np.ndarray, name: str) -> np.ndarray:
    """Numbers (N, 3) of any type to uint8, by the type and by the range that they have."""
    if values.dtype == np.uint8:
        return values
    exact = values.astype(np.float64)
    unread = ~np.isfinite(exact)
    exact[unread] = 0.0
    low, high = (float(exact.min()), float(exact.max())) if exact.size else (0.0, 0.0)
    floating = values.dtype.kind == "f"
    full = next((top for top in ((1, 255, 65_535) if floating else (255, 65_535)) if high <= top * 1.0001), None)
    doubtful = floating and full == 255 and high < 2  # brighter than white, or the darkest of 255
    if low < 0 or full is None or doubtful:
        raise CloudError(
            f"{name} has colours of the type {values.dtype.str[1:]} from {low:g} to {high:g}: understood are 0 to 1 as "
            "floating point, 0 to 255 and 0 to 65535. Save them as uchar."
        )
    return np.rint(np.clip(exact / full, 0, 1) * 255).astype(np.uint8)
