"""Own recordings, rosbag2 or MCAP: a cloud, an instruction, and the demonstrated poses of pick and place.

One demonstration is the last cloud before an instruction, the instruction, and the first pick and place pose after it.
More pairs may follow before the next instruction; each needs a cloud taken after the place pose before it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from moe3d_ros.recording.bags import TOPIC_TYPES, BagError, BagMessage, read_bag, topics
from moe3d_ros.sensing.clouds import CloudError, read_cloud
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.workspace import Workspace
from training.data.datasets.contact import axis_problem, pick_problem
from training.data.datasets.example import Cloud, DataError, Loaded, Problem, Record

# Option, its default, its type. The voxelizer's cloud is in the planning frame; a camera's own usually is not.
TOPICS = {
    "cloud": ("/voxels", TOPIC_TYPES["PointCloud2"]),
    "instruction": ("/instruction", TOPIC_TYPES["String"]),
    "pick": ("/pick_pose", TOPIC_TYPES["PoseStamped"]),
    "place": ("/place_pose", TOPIC_TYPES["PoseStamped"]),
}
FRAME = "base_link"


def read(path: Path, options: dict[str, str], workspace: Workspace = Workspace()) -> Loaded:
    """Records of kind ``demonstration``.

    Args:
        path: a rosbag2 folder, an .mcap or a .db3 file.
        options: ``cloud``, ``instruction``, ``pick``, ``place``: names of topics; ``frame``: the planning frame.
        workspace: box that clouds and poses must lie in.
    """
    names = {role: options.get(role, default) for role, (default, _) in TOPICS.items()}
    reader = _Reader(path, names, options.get("frame", FRAME), workspace)
    try:
        reader.check_topics()
        if not reader.problems:
            for message in read_bag(path, names.values(), warn=_said_before):
                reader.take(message)
            reader.end()
    except BagError as error:
        reader.problems.append(Problem(str(path), 0, "file", str(error)))
    if not reader.records and not reader.problems:
        reader.wrong(
            "file", "holds no demonstration, expected a cloud, an instruction, a pick and a place pose in this order"
        )
    return Loaded(path, reader.records, reader.problems)


def load_cloud(path: Path, topic: str, stamp_ns: int) -> Cloud:
    """The cloud that was received at that time, without its points that are not finite. Raises DataError."""
    try:
        found = next(read_bag(path, [topic], stamp_ns, stamp_ns + 1, _said_before))
        points, colors = read_cloud(found.msg)
    except (BagError, CloudError, StopIteration) as error:
        raise DataError([Problem(str(path), 0, topic, f"cannot be read: {error}")]) from error
    finite = np.isfinite(points).all(1)
    colors = np.full((len(points), 3), 128, np.uint8) if colors is None else colors
    return Cloud(points[finite], colors[finite])


def _said_before(note: str) -> None:
    """Take what is not as it should be with a recording: `topics` has said it."""


class _Reader:
    """Takes messages in their order and makes records of them."""

    def __init__(self, path: Path, names: dict[str, str], frame: str, workspace: Workspace):
        self.path, self.names, self.frame, self.workspace = path, names, frame, workspace
        self.roles = {name: role for role, name in names.items()}
        self.counts = dict.fromkeys(names, 0)
        self.records: list[Record] = []
        self.problems: list[Problem] = []
        self.cloud: tuple[int, np.ndarray] | None = None  # time and points of the last usable one
        self.instruction: tuple[str, str] | None = None  # words, name of the message
        self.cloud_of_step: tuple[int, np.ndarray] = (0, np.zeros((0, 3)))
        self.pick: tuple[Pose | None, str] | None = None  # None: it was there, and wrong
        self.done = 0  # pairs of poses since the instruction
        self.last_place = 0  # time of the last place pose

    def wrong(self, field: str, text: str) -> None:
        self.problems.append(Problem(str(self.path), 0, field, text))

    def check_topics(self) -> None:
        """Every topic is there and has the right type."""
        found = topics(self.path)
        for role, name in self.names.items():
            wanted = TOPICS[role][1]
            if name not in found:
                have = ", ".join(sorted(found)) or "none"
                self.wrong(name, f"is missing, expected a topic of {wanted} (there are: {have}; option {role}=NAME)")
            elif found[name][0] != wanted:
                self.wrong(name, f"is {found[name][0]}, expected {wanted}")

    def take(self, message: BagMessage) -> None:
        role = self.roles[message.topic]
        name = f"{message.topic}[{self.counts[role]}]"
        self.counts[role] += 1
        getattr(self, f"_{role}")(message, name)

    def _cloud(self, message: BagMessage, name: str) -> None:
        try:
            points, _ = read_cloud(message.msg)
        except CloudError as error:
            self.wrong(name, str(error))
            return
        if not self._in_frame(message, name):
            return
        if not self.workspace.contains(points).any():  # NaN lies nowhere
            finite = int(np.isfinite(points).all(1).sum())
            expected = f"expected metres in {self.frame}{self._unit(points)}"
            self.wrong(name, f"has no point in the workspace ({finite} of {len(points)} are finite), {expected}")
            return
        self.cloud = (message.stamp_ns, points)

    def _in_frame(self, message: BagMessage, name: str) -> bool:
        frame = message.msg.header.frame_id
        if frame.lstrip("/") != self.frame.lstrip("/"):
            self.wrong(
                f"{name}.header.frame_id", f"is {frame!r}, expected {self.frame!r}, the planning frame (option frame=)"
            )
        return frame.lstrip("/") == self.frame.lstrip("/")

    def _instruction(self, message: BagMessage, name: str) -> None:
        self.end()
        words = message.msg.data.strip()
        self.instruction, self.pick, self.done = None, None, 0
        if not words:
            self.wrong(f"{name}.data", "is empty, expected words")
        elif self.cloud is None:
            self.wrong(name, f"has no cloud before it, expected a usable one on {self.names['cloud']}")
        else:
            self.instruction, self.cloud_of_step = (words, name), self.cloud

    def _pick(self, message: BagMessage, name: str) -> None:
        pose = self._pose(message, name)
        if pose is None or self.instruction is None:
            return
        if self.pick is not None:
            self.wrong(name, f"follows {self.pick[1]}, expected a message on {self.names['place']} between them")
        if self.done:
            if self.cloud is None or self.cloud[0] <= self.last_place:
                self.wrong(name, f"has no cloud since the last place pose, expected one on {self.names['cloud']}")
                self.pick = None
                return
            self.cloud_of_step = self.cloud
        problem = pick_problem(self.cloud_of_step[1], pose)
        if problem:
            self.wrong(f"{name}.pose", problem)
        self.pick = (None if problem else pose, name)

    def _place(self, message: BagMessage, name: str) -> None:
        pose = self._pose(message, name)
        if self.instruction is None:
            return
        if self.pick is None:
            if pose is not None:
                self.wrong(name, f"has no pick pose before it, expected a usable message on {self.names['pick']}")
            return
        self.last_place, self.done = message.stamp_ns, self.done + 1
        pick, self.pick = self.pick[0], None
        if pose is not None and pick is not None:
            stamp = self.cloud_of_step[0]
            load = partial(load_cloud, self.path, self.names["cloud"], stamp)
            scene = f"{self.path.name}@{stamp}"
            words = self.instruction[0]
            self.records.append(Record(scene, "demonstration", words, pick=pick, place=pose, load=load))

    def _pose(self, message: BagMessage, name: str) -> Pose | None:
        """The pose if it is one in the workspace."""
        if not self._in_frame(message, name):
            return None
        pose = message.msg.pose
        position = np.array([getattr(pose.position, axis) for axis in "xyz"])
        turn = np.array([getattr(pose.orientation, axis) for axis in "xyzw"])
        length = float(np.linalg.norm(turn))
        if not abs(length - 1) <= 0.01:  # NaN too
            self.wrong(f"{name}.pose.orientation", f"is a quaternion of length {length:.3g}, expected length 1")
            return None
        if not self.workspace.contains(position):
            box = f"x, y, z from {self.workspace.low} to {self.workspace.high} m"
            shown = ", ".join(f"{value:.3f}" for value in position)
            unit = self._unit(position[None])
            self.wrong(f"{name}.pose.position", f"is ({shown}), outside the workspace, expected {box}{unit}")
            return None
        found = Pose(tuple(position.tolist()), tuple((turn / length).tolist()))
        problem = axis_problem(found)
        if problem:
            self.wrong(f"{name}.pose.orientation", problem)
        return None if problem else found

    def _unit(self, points: np.ndarray) -> str:
        """A likely unit of points that do not lie in the workspace, as the end of a sentence."""
        units = ((0.001, "millimetres"), (0.01, "centimetres"), (0.0254, "inches"))
        fitting = [name for scale, name in units if self.workspace.contains(points * scale).mean() > 0.5]
        return f" (are these {fitting[0]}?)" if fitting else ""

    def end(self) -> None:
        """End an instruction, which must have led to a demonstration."""
        if self.instruction and self.pick is not None:
            self.wrong(self.pick[1], f"has no place pose after it, expected a message on {self.names['place']}")
        elif (
            self.instruction
            and not self.done
            and not any(p.field.startswith(self.names["pick"]) for p in self.problems)
        ):
            self.wrong(
                self.instruction[1],
                f"has no poses after it, expected one on {self.names['pick']} and {self.names['place']}",
            )
