"""Datasets by name: `format:path?option=value`, and what reads them. Needs no torch, so that checking is quick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from moe3d_ros.world.workspace import Workspace
from training.data.datasets import leo, recordings, scanqa, sqa3d
from training.data.datasets.example import Loaded
from training.data.datasets.placement import PLACEMENTS
from training.data.datasets.scans import Scans

READERS: dict[str, Callable[[Path, dict[str, str]], Loaded]] = {
    "scanqa": scanqa.read,
    "sqa3d": sqa3d.read,
    "leo": leo.read,
    "recording": recordings.read,
}
OPTIONS = {
    "scanqa": {"scans", "placement", "skip"},
    "sqa3d": {"scans", "placement", "skip", "annotations"},
    "leo": {"scans", "placement", "skip"},
    "recording": {"skip", "frame", *recordings.TOPICS},
}


@dataclass(frozen=True)
class Spec:
    """A dataset, and how to read it.

    Attributes:
        format: one of READERS.
        path: the file (of a recording: or the folder).
        options: as OPTIONS has them for the format.
    """

    format: str
    path: Path
    options: dict[str, str]

    def __post_init__(self):
        if self.format not in READERS:
            raise ValueError(f"there is no dataset format {self.format!r}: {', '.join(READERS)}")
        unknown = set(self.options) - OPTIONS[self.format]
        if unknown:
            known = ", ".join(sorted(OPTIONS[self.format]))
            raise ValueError(f"{self.format} has no option {', '.join(sorted(unknown))}: {known}")
        if self.placement not in PLACEMENTS:
            raise ValueError(f"there is no placement {self.placement!r}: {', '.join(PLACEMENTS)}")
        if self.options.get("skip", "false") not in ("true", "false"):
            raise ValueError(f"skip must be true or false, not {self.options['skip']!r}")

    @property
    def placement(self) -> str:
        """Policy by which the clouds come into the workspace."""
        return "none" if self.format == "recording" else self.options.get("placement", "fit")

    @property
    def scans(self) -> Path:
        """The folder of the scans: that of the option, else `scans` beside the file."""
        return Path(self.options.get("scans", self.path.parent / "scans"))


def parse_specs(text: str) -> list[Spec]:
    """`scanqa:train.json?scans=scans,recording:bag` -> specs. Raises ValueError with what was expected."""
    specs = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, colon, rest = part.partition(":")
        path, _, options = rest.partition("?")
        if not colon or not path:
            raise ValueError(f"{part!r} is no dataset: write format:path or format:path?option=value&...")
        specs.append(Spec(name, Path(path), dict(parse_qsl(options, keep_blank_values=True))))
    return specs


def load(spec: Spec, workspace: Workspace = Workspace()) -> Loaded:
    """Read a dataset's records and look for their scans, which are not opened yet.

    Args:
        workspace: box that the clouds and poses of recordings must lie in.
    """
    if spec.format == "recording":
        return recordings.read(spec.path, spec.options, workspace)
    loaded = READERS[spec.format](spec.path, spec.options)
    scans = Scans(spec.scans)
    loaded.missing_scans = {s for s in dict.fromkeys(r.scene_id for r in loaded.records) if scans.find(s) is None}
    return loaded
