"""PLY files to a table of their vertices, ascii or binary of either byte order, by the library `plyfile`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from moe3d_ros.sensing.clouds import CloudError

LONGEST_HEADER = 16_384  # bytes


def read_ply(path: Path) -> dict[str, np.ndarray]:
    """Properties of the vertices by name, (N,) each in their own types; lists are left out.

    Raises:
        CloudError: the header is not understood, the data is not what it says, or `plyfile` is not installed.
    """
    try:
        from plyfile import PlyData, PlyElementParseError, PlyHeaderParseError
    except ImportError as error:
        raise CloudError(
            f"plyfile cannot be imported ({error}): reading PLY files needs it, the extra `scans` of moe3d_ros. "
            "Install it with `pip install plyfile`."
        ) from error
    try:
        ply = _read(PlyData, PlyElementParseError, path)
        if "vertex" not in ply:
            raise CloudError(f"{path.name} has no element `vertex`, it has {_elements(ply)}: save it as a point cloud.")
        table = ply["vertex"].data
        return {name: np.array(table[name]) for name in table.dtype.names or () if table.dtype[name].kind in "iuf"}
    except PlyHeaderParseError as error:
        raise CloudError(
            f"The header of {path.name} is not understood: {error.message} (line {error.line or 1}). The file is damaged, "
            "or no PLY file."
        ) from error
    except CloudError:
        raise
    except PlyElementParseError as error:
        raise CloudError(
            f"{path.name} is not what its header says: {error}. It was cut off, or its header is wrong."
        ) from error
    except (OSError, ValueError, MemoryError, OverflowError, TypeError, IndexError) as error:
        raise CloudError(
            f"{path.name} cannot be read: {error or type(error).__name__}. The file is damaged."
        ) from error


def _read(ply_data, parse_error, path: Path):
    """The parsed file; what follows its last element is refused, since then the header counts wrongly."""
    with path.open("rb") as file:
        head = file.read(LONGEST_HEADER)
        if b"property list" in head.split(b"end_header")[0]:
            try:  # faces, which are triangles as a rule: mapped so, it takes milliseconds instead of seconds
                return ply_data.read(str(path), mmap="r", known_list_len={"face": {"vertex_indices": 3}})
            except parse_error:
                return ply_data.read(str(path), mmap="r")
        ply = ply_data.read(str(path), mmap=False)
        file.seek(0)
        body = file.read().split(b"end_header", 1)[1].partition(b"\n")[2]
    if ply.text:
        more = sum(1 for line in body.splitlines() if line.strip()) > sum(len(element.data) for element in ply.elements)
    else:
        more = bool(body[sum(element.data.nbytes for element in ply.elements) :].strip(b"\0 \r\n"))
    if more:
        raise CloudError(
            f"{path.name} holds more than its header says ({_elements(ply)}): a number or a type in the header is wrong, so "
            "that no vertex could be read for certain."
        )
    return ply


def _elements(ply) -> str:
    return ", ".join(f"{len(element.data)} {element.name}" for element in ply.elements) or "no element"
