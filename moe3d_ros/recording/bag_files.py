"""The files of a recording, told by their content, and what metadata.yaml says of them, which is a label and no more."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from moe3d_ros.recording.bag_types import BagError, reason

MAGIC = {  # first bytes -> what such a file is
    b"\x89MCAP0\r\n": "mcap",
    b"SQLite format 3\0": "db3",
    b"#ROSBAG V": "bag",
    b"\x28\xb5\x2f\xfd": "zstd",
}
ZSTD = b"\x28\xb5\x2f\xfd"
SUFFIXES = (".mcap", ".db3", ".bag", ".zstd", ".zst")
PARTS = (".mcap", ".db3", ".mcap.zstd", ".db3.zstd")


class Labels(NamedTuple):
    """Content of metadata.yaml: names of files, and topic -> type, number of messages; None where it says nothing."""

    files: list[str] | None
    topics: dict[str, tuple[str, int]] | None


def is_recording(path: str | Path) -> bool:
    """True if something is a recording of any kind, by its name or its first bytes; a folder always is."""
    path = Path(path)
    return path.is_dir() or path.suffix.lower() in SUFFIXES or _kind(path) is not None


def _kind(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError:
        return None
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)


def parts_of(path: Path, notes: list[str]) -> tuple[list[Path], Labels]:
    """Files that a recording consists of, and its labels.

    Args:
        notes: takes a sentence for whatever is not as it should be and can be done without.

    Raises:
        BagError: there is no such recording, or it is of a kind that cannot be read.
    """
    if not path.exists():
        raise BagError(f"There is no recording {path}: give a rosbag2 folder, an .mcap or a .db3 file.")
    if path.is_dir():
        return _parts_of_folder(path, notes)
    kind, suffix = _kind(path), path.suffix.lower()
    if kind == "bag" or suffix == ".bag":
        raise BagError(
            f"{path} is a ROS 1 bag, which is not read here: convert it with "
            f"`rosbags-convert --src {path.name} --dst {path.stem}` (of the package `rosbags`) and give the folder."
        )
    if kind == "zstd" or suffix in (".zstd", ".zst"):
        raise BagError(
            f"{path} is a file that was compressed as a whole: unpack it with `zstd -d {path.name}` and give the result, or "
            "give its folder with metadata.yaml."
        )
    if kind is not None and suffix != f".{kind}":
        raise BagError(f"{path} is a .{kind} file by its content, whatever its name says: rename it to end in .{kind}.")
    if suffix not in (".mcap", ".db3"):
        raise BagError(f"{path} is no recording: give a rosbag2 folder, an .mcap or a .db3 file.")
    return [path], Labels(None, None)


def _parts_of_folder(path: Path, notes: list[str]) -> tuple[list[Path], Labels]:
    there = {file.name: file for file in sorted(path.iterdir()) if file.name.endswith(PARTS) and file.is_file()}
    for name in [name for name in there if f"{name}.zstd" in there]:  # somebody unpacked it beside itself
        del there[f"{name}.zstd"]
    labels = _labels(path, notes)
    if labels.files is not None:
        names = [name if name in there else name.removesuffix(".zstd") for name in labels.files]
        missing, others = [name for name in names if name not in there], sorted(there.keys() - set(names))
        if not missing:
            if others:
                notes.append(f"{path}: {', '.join(others)} is not listed in metadata.yaml and left out.")
            return [there[name] for name in names], labels
        if len(names) > len(missing):
            notes.append(f"{path}: {', '.join(missing)} is listed in metadata.yaml and not there: its part is missing.")
        elif others:
            notes.append(
                f"{path}: metadata.yaml lists {', '.join(missing)}; read is what is there, {', '.join(others)}."
            )
    found = list(there.values())
    if not found:
        why = "its files were moved or never written" if labels.files else "it is no recording"
        begun = "" if labels.files is not None else "no metadata.yaml and "
        raise BagError(f"{path} has {begun}no .mcap or .db3 file: {why}. Give a rosbag2 folder or one such file.")
    series = {re.sub(r"(_\d+)?\.(mcap|db3)(\.zstd)?$", r".\2", name) for name in there}
    if labels.files is None and len(series) > 1:  # else a split one; a recorder that was killed leaves no metadata.yaml
        raise BagError(f"{path} has no metadata.yaml and {len(found)} .mcap or .db3 files: give one of the files.")
    return found, labels


def _labels(path: Path, notes: list[str]) -> Labels:
    """Content of metadata.yaml, as far as it can be understood."""
    file = path / "metadata.yaml"
    if not file.is_file():
        return Labels(None, None)
    import yaml

    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))["rosbag2_bagfile_information"]
        files = [Path(str(name)).name for name in said["relative_file_paths"]]
    except Exception as error:  # YAML of any shape
        notes.append(f"{file} cannot be read ({reason(error).splitlines()[0]}): the recording is read without it.")
        return Labels(None, None)
    try:
        topics = {
            str(entry["topic_metadata"]["name"]): (str(entry["topic_metadata"]["type"]), int(entry["message_count"]))
            for entry in said["topics_with_message_count"]
        }
    except (KeyError, TypeError, ValueError, OverflowError):
        topics = None
    return Labels(files, topics)


@contextmanager
def unpacked(parts: list[Path]) -> Iterator[list[Path]]:
    """The same files, those that were compressed as a whole unpacked into a folder that is removed again.

    Raises:
        BagError: one of them is damaged.
    """
    with TemporaryDirectory(prefix="moe3d_recording_") as folder:
        yield [_unpack(part, Path(folder)) if _kind(part) == "zstd" else part for part in parts]


def _unpack(part: Path, folder: Path) -> Path:
    import zstandard

    target = folder / part.name.removesuffix(".zstd")
    try:
        with part.open("rb") as packed, target.open("wb") as file:
            reader = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
            shutil.copyfileobj(reader, file)
    except Exception as error:
        raise BagError(f"{part} cannot be unpacked: {reason(error)}. Was the recording cut off?") from error
    return target
