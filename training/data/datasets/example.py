"""The common form of every dataset: records without clouds, scans, and the two joined as an example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from moe3d_ros.plan import normalised
from moe3d_ros.world.pose import Pose

KINDS = ("qa", "situated_qa", "caption", "plan", "demonstration")


@dataclass(frozen=True)
class Problem:
    """Something wrong in a file: `file:line: field: what is wrong, what was expected`; line 0: no lines.

    ``harmless`` where the rest of the file can be used in spite of it.
    """

    file: str
    line: int
    field: str
    text: str
    harmless: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line or ''}{':' if self.line else ''} {self.field}: {self.text}"


class DataError(ValueError):
    """A dataset cannot be used; ``problems`` says why, in full."""

    def __init__(self, problems: list[Problem]):
        shown = "\n".join(str(problem) for problem in problems[:10])
        more = f"\n... and {len(problems) - 10} more" if len(problems) > 10 else ""
        super().__init__(shown + more)
        self.problems = problems


@dataclass
class Cloud:
    """One scan or one view.

    Attributes:
        points: (N, 3) float32 metres, finite, in the dataset's own frame, z up.
        colors: (N, 3) uint8 RGB.
        instances: (N,) int32, object id of each point, -1 for none; None where nobody labelled it.
        labels: object id -> name.
        classes: (N,) uint16, class of each point (NYU40 in ScanNet, 0 for none); None where there is no such file.
    """

    points: np.ndarray
    colors: np.ndarray
    instances: np.ndarray | None = None
    classes: np.ndarray | None = None
    labels: dict[int, str] = field(default_factory=dict)

    def boxes(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Axis-aligned boxes of the labelled objects: id -> lowest, highest corner (3,), metres."""
        if self.instances is None:
            return {}
        found = {}
        for number in np.unique(self.instances[self.instances >= 0]):
            own = self.points[self.instances == number]
            found[int(number)] = (own.min(0), own.max(0))
        return found


@dataclass(frozen=True)
class Record:
    """A dataset's words about one scene, without the scene.

    Attributes:
        scene_id: name of the scan, or of the recording with the number of the view.
        kind: one of KINDS.
        prompt: question or instruction in words, a situation before its question; empty for a scene caption. It is kept in
            the form in which the planner hears what people say (:func:`moe3d_ros.plan.normalised`).
        answers: right answers, the first one is trained on; empty for a demonstration.
        object_ids: objects that are meant, as the scan numbers them.
        object_names: what the dataset calls each of them; empty where it does not.
        pick, place: demonstrated tool poses in the planning frame.
        situation: position (3,) metres and quaternion xyzw of the asker, as the dataset has them.
        load: makes the cloud; None where it is the scan of this id.
        where: keys and indices of the scene's name in the dataset's JSON file.
    """

    scene_id: str
    kind: str
    prompt: str
    answers: tuple[str, ...] = ()
    object_ids: tuple[int, ...] = ()
    object_names: tuple[str, ...] = ()
    pick: Pose | None = None
    place: Pose | None = None
    situation: Pose | None = None
    load: Callable[[], Cloud] | None = None
    where: tuple = ()

    def __post_init__(self):
        object.__setattr__(self, "prompt", normalised(self.prompt))


@dataclass
class Example:
    """A record with its cloud in the planning frame: points (N, 3) float32 metres, colors (N, 3) uint8.

    ``boxes`` are the labelled objects' in the same frame, id -> lowest and highest corner; ``labels`` their names.
    """

    scene_id: str
    kind: str
    prompt: str
    answers: tuple[str, ...]
    points: np.ndarray
    colors: np.ndarray
    pick: Pose | None = None
    place: Pose | None = None
    boxes: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)


@dataclass
class Loaded:
    """Outcome of reading a dataset: the records that are right, and what is wrong with the others."""

    path: Path
    records: list[Record]
    problems: list[Problem]
    missing_scans: set[str] = field(default_factory=set)
