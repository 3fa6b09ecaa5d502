"""Datasets by name: `format:path?option=value`, read at once, their clouds loaded one by one when they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable
from urllib.parse import parse_qsl

import numpy as np
from torch.utils.data import Dataset

from training.datasets import leo, recordings, scanqa, sqa3d
from training.datasets.example import DataError, Example, Loaded, Problem
from training.datasets.placement import PLACEMENTS, place
from training.datasets.scans import Scans

READERS: dict[str, Callable[[Path, dict[str, str]], Loaded]] = {
    "scanqa": scanqa.read, "sqa3d": sqa3d.read, "leo": leo.read, "recording": recordings.read,
}  # fmt: skip
OPTIONS = {
    "scanqa": {"scans", "placement", "skip"},
    "sqa3d": {"scans", "placement", "skip", "annotations"},
    "leo": {"scans", "placement", "skip"},
    "recording": {"skip", "frame", *recordings.TOPICS},
}


@dataclass(frozen=True)
class Spec:
    """Which dataset, and how to read it.

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
        """How the clouds come into the workspace."""
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


def load(spec: Spec) -> Loaded:
    """Read a dataset's records and look for their scans, which are not opened yet."""
    loaded = READERS[spec.format](spec.path, spec.options)
    if spec.format != "recording":
        scans = Scans(spec.scans)
        loaded.missing_scans = {s for s in dict.fromkeys(r.scene_id for r in loaded.records) if scans.find(s) is None}
    return loaded


class ExampleDataset(Dataset):
    """Examples of one dataset.

    Args:
        spec: the dataset; with the option ``skip=true`` what is wrong in it, and what has no scan, is left out.

    Raises:
        DataError: something is wrong in it, or nothing is left.
    """

    def __init__(self, spec: Spec):
        loaded = load(spec)
        missing = [
            Problem(str(spec.scans), 0, "scan", f"there is no scan {name!r}, expected e.g. {name}/{name}_vh_clean_2.ply")
            for name in sorted(loaded.missing_scans)
        ]
        problems = loaded.problems + missing
        if problems and spec.options.get("skip") != "true":
            raise DataError(problems)
        self.spec, self.scans = spec, Scans(spec.scans)
        self.records = [record for record in loaded.records if record.scene_id not in loaded.missing_scans]
        if not self.records:
            raise DataError(problems or [Problem(str(spec.path), 0, "file", "holds no examples, expected one or more")])
        self.left_out = len(problems)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> Example:
        record = self.records[index]
        cloud = record.load() if record.load else self.scans.load(record.scene_id)
        cloud, _ = place(cloud, self.spec.placement, record.object_ids)
        boxes = cloud.boxes()
        labels = {number: label for number, label in cloud.labels.items() if number in boxes}
        return Example(
            record.scene_id, record.kind, record.prompt, record.answers, cloud.points.astype(np.float32), cloud.colors,
            record.pick, record.place, boxes, labels,
        )  # fmt: skip
