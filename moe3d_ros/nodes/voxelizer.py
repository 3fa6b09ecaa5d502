"""The voxelizer node: clouds or depth images in, the occupied voxels of the workspace in the planning frame out.

Subscribes to `points`, or with `input:=depth` to `depth/image_rect`, `depth/camera_info`, `rgb/image_rect_color` and
`rgb/camera_info`, raw or compressed; with the parameters `cameras` and `clouds` to those of several cameras, each of which is brought into
the planning frame at its own stamp before they are merged. Publishes `voxels` with the stamp of the source, the oldest
of several. What cannot be used is reported on /diagnostics and in the log, and nothing is published for it; a cloud
without a valid point gives empty voxels, so that no plan is made on the one before.

Box and voxel size are those of the planner's model (`model_info`) unless the parameters say otherwise; a contradiction is
reported, and the cloud is voxelised as the parameters say. Configured it knows its frames and offers `voxels`, active it
listens to the sensors. Without subscribers to `voxels` it processes `idle_rate` clouds a second only.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import Counter, deque
from dataclasses import replace

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.event_handler import PublisherEventCallbacks
from sensor_msgs.msg import PointCloud2

from moe3d_ros.nodes.cameras.camera_set import CameraSet, listed
from moe3d_ros.nodes.cameras.inputs import View, advice
from moe3d_ros.nodes.cameras.sensor_transports import check_installed
from moe3d_ros.nodes.cameras.view_frames import Placement
from moe3d_ros.nodes.runtime.clock import JumpBack, stamp_problem
from moe3d_ros.nodes.runtime.conversions import header, stamp_ns
from moe3d_ros.nodes.runtime.diagnostics import ERROR, ERROR_NAME, OK, PUBLISHES, WARN
from moe3d_ros.nodes.runtime.managed import ManagedNode
from moe3d_ros.nodes.runtime.model_space import ModelSpace, Space, words
from moe3d_ros.nodes.runtime.parameter_checks import check_voxelizer
from moe3d_ros.nodes.runtime.parameter_tables import VOXELIZER
from moe3d_ros.nodes.runtime.qos import CLOUD, OVERRIDABLE, own
from moe3d_ros.nodes.runtime.run import run_node
from moe3d_ros.nodes.seams.clouds import cloud_to_msg
from moe3d_ros.nodes.seams.transforms import Transforms
from moe3d_ros.plan import ErrorCode
from moe3d_ros.sensing import clouds
from moe3d_ros.sensing.expectations import Measured, Unexpected, report_of
from moe3d_ros.sensing.frame_tree import UnknownFrame, UnknownTime
from moe3d_ros.sensing.readings import Reading, has_reading, merge
from moe3d_ros.sensing.voxels import voxelize

NO_VOXELS = np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8)
# Keys on /diagnostics:
NO_READING = "points without a reading"  # how many of the last cloud, and why
SILENCE = "seconds without data"
UNSET_STAMP = (
    "The cloud's stamp is not set (0): its age is unknown, and the newest transform is used. Have the driver set "
    "header.stamp."
)
NO_COLOR = "The cloud has no colour: instructions that name colours cannot be followed. Publish XYZRGB."


class FromTheFuture(ValueError):
    """A view's stamp lies in the future; the message says how far."""


class Voxelizer(ManagedNode):
    """See the module's docstring. Parameters are documented in docs/parameters.md."""

    def __init__(self, hand_over=None):
        """``hand_over``: called with every message of voxels, for a planner in this process; it must not change it."""
        super().__init__("voxelizer", "voxels", VOXELIZER, check_voxelizer)
        self._hand_voxels = hand_over
        self._voxels = self._transforms = None  # while configured, like the next three
        self._placement: Placement | None = None
        self._space: ModelSpace | None = None
        self._jump: JumpBack | None = None
        self._sensors: CameraSet | None = None  # while active and listening
        self._active, self._opening = False, threading.Lock()
        # Clouds are worked on one at a time, beside the arrival of others: a newer one replaces the one that waits.
        self._waiting: deque = deque(maxlen=1)
        self._busy = threading.Lock()
        self._work = self.create_guard_condition(self._process_newest, callback_group=MutuallyExclusiveCallbackGroup())
        self._wanted = self.create_guard_condition(self._follow_listeners)
        self._arrived, self._taken = 0, 0.0
        self._watched = (0, time.monotonic())
        self._silence = ""  # sentence on it at the last look
        self.create_timer(2.0, self._watch)

    # --- lifecycle

    def configure(self) -> None:
        settings = self.settings
        check_installed(settings, listed(settings)[1])
        self._frame = settings["planning_frame"]
        self._space = ModelSpace(self, settings, self.diagnostics)
        self._idle_rate, self._future_tolerance = settings["idle_rate"], settings["future_tolerance"]
        self._strict = settings["missing_cameras"] == "refuse"
        self._drop_uncolored = settings["uncolored_points"] == "drop"
        self._transforms = Transforms(self, self._frame, settings["transform_timeout"], settings["static_transforms"])
        self._placement = Placement(self, settings, self._transforms)
        self._jump = JumpBack(self, self._begin_again)
        self._voxels = self.create_lifecycle_publisher(
            PointCloud2,
            "voxels",
            own(CLOUD),
            qos_overriding_options=OVERRIDABLE,
            event_callbacks=PublisherEventCallbacks(matched=lambda _: self._wanted.trigger()),
        )
        self.diagnostics.set("planning frame", self._frame)
        self.diagnostics.set(PUBLISHES, self.resolve_topic_name("voxels"))

    def activate(self) -> None:
        self._watched = (self._arrived, time.monotonic())
        with self._opening:
            self._active = True
            if self._idle_rate or self._listened():
                self._open()

    def deactivate(self) -> None:
        with self._opening:
            self._active = False
            self._shut()

    def _open(self) -> None:
        """Subscribe to the sensors."""
        self._taken = 0.0
        self._sensors = CameraSet(self, self.settings, self._transforms.between, self._hand_over)

    def _shut(self) -> None:
        sensors, self._sensors = self._sensors, None
        if sensors is not None:
            sensors.close()
        with self._busy:  # the cloud that is being worked on leaves whole
            self._waiting.clear()

    def _listened(self) -> bool:
        """True if voxels have a subscriber."""
        voxels = self._voxels
        return self._hand_voxels is not None or (voxels is not None and voxels.get_subscription_count() > 0)

    def _follow_listeners(self) -> None:
        """With idle_rate 0: subscribe to the sensors while voxels have a subscriber."""
        with self._opening:
            if not self._active or self._idle_rate or self._listened() == (self._sensors is not None):
                return
            self._watched = (self._arrived, time.monotonic())
            if self._sensors is not None:
                self._shut()
            else:
                self._open()

    def cleanup(self) -> None:
        for made in (self._jump, self._transforms, self._placement, self._space):
            if made is not None:
                made.close()
        if self._voxels is not None:
            self.destroy_lifecycle_publisher(self._voxels)
        self._jump = self._transforms = self._placement = self._voxels = self._space = None

    def _begin_again(self) -> None:
        """Forget what was remembered: the clock has jumped back, and what comes now is of another run."""
        self._waiting.clear()
        transforms, placement, sensors = self._transforms, self._placement, self._sensors
        if transforms is not None and placement is not None:
            transforms.forget_moving()
            placement.forget()
        if sensors is not None:
            sensors.begin_again()
        self.diagnostics.count("clock jumped back")
        self.get_logger().warning("The clock jumped back: transforms and images of the run before are forgotten.")

    # --- what arrives

    def _watch(self) -> None:
        """Say so when nothing arrives, and why nothing leaves."""
        sensors = self._sensors
        if sensors is None:
            self._say_idle()
            return
        for camera, state in sensors.states().items():
            self.diagnostics.set_passing(f"camera {camera}", state)
        (arrived, since), said = self._watched, self._silence
        if self._arrived != arrived:
            self._watched, self._silence = (self._arrived, time.monotonic()), ""
            self.diagnostics.forget(SILENCE)
            return
        seconds = time.monotonic() - since
        why = sensors.why_nothing()
        self._silence = f"No sensor data: {why}. {advice(why)}"
        self.diagnostics.set(ERROR_NAME, ErrorCode.NO_CLOUD.name)
        self.diagnostics.set_passing(SILENCE, f"{seconds:.0f}")
        # Logged where it is so at two looks: a camera that starts beside this node is none that is missing.
        self.diagnostics.report(WARN if arrived == 0 else ERROR, self._silence, log=self._silence == said)

    def _say_idle(self) -> None:
        """Report why the sensors are not listened to."""
        self.diagnostics.forget(SILENCE)
        if self._active:
            self.diagnostics.set(ERROR_NAME, ErrorCode.NONE.name)
            self.diagnostics.report(OK, "idle: nobody listens to voxels")
            return
        self.diagnostics.set(ERROR_NAME, ErrorCode.NO_CLOUD.name)
        self.diagnostics.report(
            WARN, f"The voxelizer is {self.state}: activate it (ros2 lifecycle set {self.full_name} activate)."
        )

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _hand_over(self, views: list[View]) -> None:
        if not self._active:  # deactivated in this moment
            return
        self._arrived += 1
        now = time.monotonic()
        if not self._listened() and self._idle_rate and now - self._taken < 1.0 / self._idle_rate:
            self.get_logger().debug("A cloud is left out: nobody listens to voxels, and idle_rate is kept.")
            return
        self._taken = now
        if self._waiting:
            self.diagnostics.count("overtaken")
        self._waiting.append(views)
        self._work.trigger()

    def _process_newest(self) -> None:
        with self._busy:
            sensors = self._sensors
            if self._waiting and sensors is not None:
                try:
                    self._process(self._waiting.popleft(), sensors)
                except Exception as error:  # it must not pass in silence: /diagnostics would still show the one before
                    self.get_logger().error(traceback.format_exc(), throttle_duration_sec=10.0)
                    self._fail(
                        ErrorCode.NO_CLOUD,
                        f"The cloud cannot be used ({type(error).__name__}: {error}). The node's log has the details; "
                        "please report them.",
                    )

    def _process(self, views: list[View], sensors: CameraSet) -> None:
        """Read, transform, merge, voxelise, publish; report what goes wrong."""
        self.diagnostics.count("input")
        readings: list[tuple[View, Reading]] = []
        transforms: list[np.ndarray | None] = []
        found: list[Measured] = []
        problems: list[tuple[ErrorCode, str]] = []
        seconds = {"read": 0.0, "transform": 0.0}
        for view in views:
            try:
                reading, transform, measured = self._read(view, seconds)
            except Unexpected as error:
                problems.append((ErrorCode.TRANSFORM, str(error)))
            except FromTheFuture as error:
                problems.append((ErrorCode.STALE_CLOUD, str(error)))
            except clouds.CloudError as error:
                problems.append((ErrorCode.NO_CLOUD, str(error)))
            except (UnknownFrame, ImportError) as error:
                problems.append((ErrorCode.TRANSFORM, unplaced(error)))
            else:
                readings.append((view, reading))
                transforms.append(transform)
                found.append(measured)
                report_of(
                    measured,
                    lambda key, value, of=view.camera: self.diagnostics.set_passing(f"{of} {key}".strip(), value),
                )
                continue
            if len(sensors.names) > 1:
                problems[-1] = (problems[-1][0], f"Camera {view.camera}: {problems[-1][1]}")
        if problems and (self._strict or not readings):
            self._fail(*problems[0])
            if problems[0][0] == ErrorCode.TRANSFORM and views:  # nobody may plan on the cloud before
                self.diagnostics.set_passing("voxels", 0)
                self._send(cloud_to_msg(*NO_VOXELS, header(self._frame, views[0].head.stamp)))
            return
        start = time.perf_counter()
        transform = transforms[0] if len(readings) == 1 else None  # of one view only what is voxelised is transformed
        if transform is None:
            readings = [(view, _transformed(reading, matrix)) for (view, reading), matrix in zip(readings, transforms)]
        dropped: Counter = Counter()
        merged = merge([reading for _, reading in readings])
        space = self._space.space
        centroids, shades = voxelize(
            merged.points,
            merged.colors,
            space.voxel_size,
            space.seen,
            space.margin,
            transform=transform,
            colored=merged.colored,
            dropped=dropped,
        )
        voxelized = time.perf_counter()
        stamp = min((view.head.stamp for view, _ in readings), key=stamp_ns)
        self._send(cloud_to_msg(centroids, shades, header(self._frame, stamp)))
        seconds |= {"voxelize": voxelized - start, "publish": time.perf_counter() - voxelized}
        for stage, spent in seconds.items():
            self.diagnostics.timing(stage, spent)
        self.diagnostics.count("output")
        self.diagnostics.set_passing("voxels", len(centroids))
        self.diagnostics.set_passing("age at publication (ms)", f"{(self._now() - stamp_ns(stamp)) / 1e6:.1f}")
        self.diagnostics.set_passing(NO_READING, ", ".join(f"{count} {why}" for why, count in dropped.items()))
        self.get_logger().debug(
            f"{len(merged.points)} points of {len(readings)} of {len(views)} views, stamped {stamp_ns(stamp) / 1e9:.3f} s, "
            f"became {len(centroids)} voxels in {1e3 * sum(seconds.values()):.1f} ms."
        )
        notes = [text for _, text in problems] + [sensors.missing()] + [reading.note for _, reading in readings]
        notes += [measured.note for measured in found]
        notes.append(UNSET_STAMP if stamp_ns(stamp) == 0 else "")
        notes.append(self._space.contradiction)
        frames = "', '".join(dict.fromkeys(view.head.frame_id for view, _ in readings))
        distances = found[0].distances if len(readings) == 1 else None
        code, problem = self._judge(merged, len(centroids), frames, space, distances)
        problem = problem or " ".join(filter(None, notes)) or ("" if merged.colors is not None else NO_COLOR)
        self.diagnostics.set(ERROR_NAME, code.name)
        self.diagnostics.report(*((WARN, problem) if problem else (OK, "working")))

    def _read(self, view: View, seconds: dict[str, float]) -> tuple[Reading, np.ndarray | None, Measured]:
        """Read a view, place it at its own stamp, and measure it; adds to ``seconds`` what that took."""
        start = time.perf_counter()
        problem = stamp_problem(stamp_ns(view.head.stamp), self._now(), self._future_tolerance)
        if problem:
            raise FromTheFuture(problem)
        reading = view.read()
        if self._drop_uncolored:
            reading = reading.only_colored()
        read = time.perf_counter()
        transform, measured = self._placement.place(view.head, reading.points, self._space.space.seen)
        seconds["read"] += read - start
        seconds["transform"] += time.perf_counter() - read
        return reading, transform, measured

    def _send(self, msg: PointCloud2) -> None:
        """Hand voxels to the planner in this process, if any, and publish them if there are subscribers."""
        if self._hand_voxels is not None:
            self._hand_voxels(msg)
            if self._voxels.get_subscription_count() == 0:  # then nothing is serialised
                return
        self._voxels.publish(msg)

    def _judge(self, merged: Reading, voxels: int, frames: str, space: Space, distances) -> tuple[ErrorCode, str]:
        """The reason why no voxels were made of a cloud, as a number and a sentence; NONE and empty where some were."""
        points = merged.points
        if len(points) == 0:
            return (
                ErrorCode.NO_CLOUD,
                "The cloud is empty (0 points): the camera sees nothing in its range, or is covered. Check it.",
            )
        if voxels:
            return ErrorCode.NONE, ""
        if not has_reading(points).any():
            return ErrorCode.NO_CLOUD, (
                "The cloud has no valid point (all NaN, Inf or (0, 0, 0)): check the camera's range, light and exposure."
            )
        away = "" if distances is None else f"; they lie {distances[0]:.2f} to {distances[1]:.2f} m from the camera"
        return ErrorCode.EMPTY_WORKSPACE, (
            f"No point of the cloud lies in the workspace {words(space.seen)}{away}: check the transform '{frames}' to "
            f"'{self._frame}' and what the camera looks at."
        )

    def _fail(self, code: ErrorCode, message: str) -> None:
        self.diagnostics.set(ERROR_NAME, code.name)
        self.diagnostics.count("dropped")
        self.diagnostics.report(ERROR, message)


def unplaced(error: Exception) -> str:
    """Sentences on a cloud that cannot be placed: the fact, and what to do."""
    way_out = "Publish that transform, or set the parameter static_transforms or table_plane of the voxelizer."
    if isinstance(error, UnknownTime):
        way_out = (
            "Either /tf comes later than transform_timeout allows (raise it), or the clocks of camera and robot differ (compare "
            "them, chrony), or nobody publishes that transform any more."
        )
    return f"The cloud cannot be brought into the planning frame: {error}. {way_out}"


def _transformed(reading: Reading, matrix: np.ndarray | None) -> Reading:
    """A reading moved by a rigid transform (4, 4), or as it is where there is none; what is no reading becomes NaN."""
    if matrix is None:
        return reading
    moved = clouds.transform_points(matrix, reading.points)
    moved[~has_reading(reading.points)] = np.nan
    return replace(reading, points=moved)


def main(args=None) -> int:
    """Entry point of the program `voxelizer`."""
    return run_node(Voxelizer, args, clouds=True)


if __name__ == "__main__":
    raise SystemExit(main())
