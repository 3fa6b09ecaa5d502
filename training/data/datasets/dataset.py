"""Examples of one dataset for training: its clouds are loaded and placed one by one, when they are needed."""

from __future__ import annotations

import numpy as np
from torch.utils.data import Dataset

from moe3d_ros.world.workspace import Workspace
from training.data.datasets.catalogue import Spec, load
from training.data.datasets.example import DataError, Example, Problem
from training.data.datasets.placement import place
from training.data.datasets.scans import Scans


class ExampleDataset(Dataset):
    """Examples of one dataset.

    Args:
        spec: the dataset; with the option ``skip=true`` what is wrong in it, and what has no scan, is left out.
        workspace: box that scans are placed into.

    Raises:
        DataError: something is wrong in it, or nothing is left.
    """

    def __init__(self, spec: Spec, workspace: Workspace = Workspace()):
        loaded = load(spec, workspace)
        missing = [
            Problem(
                str(spec.scans), 0, "scan", f"there is no scan {name!r}, expected e.g. {name}/{name}_vh_clean_2.ply"
            )
            for name in sorted(loaded.missing_scans)
        ]
        problems = loaded.problems + missing
        if problems and spec.options.get("skip") != "true":
            raise DataError(problems)
        self.spec, self.scans, self.workspace = spec, Scans(spec.scans), workspace
        self.records = [record for record in loaded.records if record.scene_id not in loaded.missing_scans]
        if not self.records:
            raise DataError(problems or [Problem(str(spec.path), 0, "file", "holds no examples, expected one or more")])
        self.left_out = len(problems)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> Example:
        record = self.records[index]
        cloud = record.load() if record.load else self.scans.load(record.scene_id)
        cloud, _ = place(cloud, self.spec.placement, record.object_ids, self.workspace)
        boxes = cloud.boxes()
        labels = {number: label for number, label in cloud.labels.items() if number in boxes}
        return Example(
            record.scene_id,
            record.kind,
            record.prompt,
            record.answers,
            cloud.points.astype(np.float32),
            cloud.colors,
            record.pick,
            record.place,
            boxes,
            labels,
        )
