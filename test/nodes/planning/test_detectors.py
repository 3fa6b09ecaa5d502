"""A detector at the planner node: which of its messages belongs to a cloud, and what is said where none does."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from builtin_interfaces.msg import Time
from detection_messages import detection_types, image_detections, recorded_detections
from diagnostic_msgs.msg import DiagnosticArray
from planning import Planning
from ros_helpers import TIMEOUT
from sensor_msgs.msg import CameraInfo

from moe3d_ros.nodes.planning.latest_detections import LatestDetections
from moe3d_ros.nodes.planning.requests import Moment
from moe3d_ros.nodes.runtime.diagnostics import values_of
from moe3d_ros.nodes.seams.detector_messages import DetectorInput
from moe3d_ros.nodes.seams.transforms import Transforms
from moe3d_ros.sensing.detections import vision_boxes
from moe3d_ros.sensing.image_detections import vision_regions

STORE = detection_types()
NO_POINTS = np.zeros((0, 3))
LEVEL, SIZE = (0.0, 0.0, 0.0, 1.0), (0.1, 0.1, 0.1)


def message(label, sec, frame="base_link"):
    """Detections of one thing at a second, as they come from the wire."""
    data = recorded_detections(STORE, frame, [("", {label: 0.9}, (0.5, 0.0, 0.0), LEVEL, SIZE)], (sec, 0))
    return STORE.deserialize_cdr(data, "vision_msgs/msg/Detection3DArray")


@pytest.fixture
def latest(probe):
    transforms = Transforms(probe.node, "base_link", 0.05, ["base_link camera 0 0 0.5 0 0 0 1"])
    kind = DetectorInput(SimpleNamespace, vision_boxes)
    found = LatestDetections(kind, transforms, lambda: 0.5, lambda: 1.0, "/detector/detections")
    yield found
    found.close()


def labels(result):
    things, problems = result
    assert problems == []
    return [thing.label for thing in things]


def test_the_detections_nearest_to_the_cloud_count(latest):
    for label, sec in (("apple", 7), ("banana", 8), ("mug", 10)):
        latest.put(message(label, sec))
    assert labels(latest.things(Time(sec=8, nanosec=300_000_000), NO_POINTS, 0.0)) == ["banana"]
    assert labels(latest.things(Time(sec=11), NO_POINTS, 0.0)) == ["mug"]


def test_an_empty_array_says_that_there_is_nothing(latest):
    latest.put(STORE.deserialize_cdr(recorded_detections(STORE, "base_link", []), "vision_msgs/msg/Detection3DArray"))
    assert labels(latest.things(Time(sec=7), NO_POINTS, 0.0)) == []


def test_stale_detections_are_never_used_and_said(latest):
    latest.put(message("banana", 7))
    things, (why,) = latest.things(Time(sec=9), NO_POINTS, 0.0)
    assert things == []
    assert "2.0 s older than the cloud" in why
    assert "/detector/detections" in why
    assert "1.0 s newer" in latest.things(Time(sec=5, nanosec=999_000_000), NO_POINTS, 0.0)[1][0]


def test_detections_of_before_the_robot_moved_are_not_used(latest):
    latest.put(message("banana", 7))
    assert labels(latest.things(Time(sec=7, nanosec=500_000_000), NO_POINTS, 0.0, Moment(7 * 10**9, 0.0))) == ["banana"]
    assert latest.things(Time(sec=7, nanosec=500_000_000), NO_POINTS, 0.0, Moment(7 * 10**9 + 1, 0.0))[0] == []


def test_nothing_that_has_come_is_said_with_the_topic(latest):
    latest.put(message("banana", 7))
    latest.clear()
    assert "nothing has come on /detector/detections" in latest.things(Time(sec=7), NO_POINTS, 0.0)[1][0]


def test_detections_that_come_while_they_are_waited_for_are_used(latest):
    sender = threading.Thread(target=lambda: latest.put(message("banana", 7)))
    asked = []

    def send_once() -> bool:
        if not asked:
            asked.append(True)
            sender.start()
        return False

    assert labels(latest.things(Time(sec=7), NO_POINTS, TIMEOUT, should_stop=send_once)) == ["banana"]
    sender.join()
    began = time.monotonic()
    assert latest.things(Time(sec=70), NO_POINTS, TIMEOUT, should_stop=lambda: True)[0] == []
    assert time.monotonic() - began < TIMEOUT / 2


def test_things_are_brought_into_the_planning_frame_and_unknown_frames_are_said(latest):
    latest.put(message("banana", 7, "camera"))
    (banana,), _ = latest.things(Time(sec=7), NO_POINTS, 0.0)
    assert banana.center == pytest.approx((0.5, 0.0, 0.5))
    latest.put(message("mug", 20, "nowhere"))
    things, (why,) = latest.things(Time(sec=20), NO_POINTS, 0.0)
    assert things == []
    assert "'mug' was left out" in why
    assert "nowhere" in why


def test_outlines_in_an_image_need_the_camera_s_calibration_and_become_things_with_it(probe):
    transforms = Transforms(probe.node, "base_link", 0.05, ["base_link camera 0.5 0 1 1 0 0 0"])  # looks down
    kind = DetectorInput(SimpleNamespace, regions=vision_regions)
    latest = LatestDetections(kind, transforms, lambda: 0.5, lambda: 1.0, "/detector/detections")
    points = np.array([[0.5 + x / 100, y / 100, 0.05] for x in range(-2, 3) for y in range(-2, 3)])
    latest.put(image_detections(STORE, "camera", [({"mug": 0.9}, (320, 240), (60, 60))], (7, 0)))
    things, (why,) = latest.things(Time(sec=7), points, 0.0)
    assert things == []
    assert "remap detector/camera_info" in why
    latest.put_info(CameraInfo(k=[600.0, 0.0, 320.0, 0.0, 600.0, 240.0, 0.0, 0.0, 1.0], width=640, height=480))
    (mug,), problems = latest.things(Time(sec=7), points, 0.0)
    assert (problems, mug.label) == ([], "mug")
    assert mug.center == pytest.approx((0.5, 0.0, 0.025), abs=0.01)
    assert mug.half[2] == pytest.approx(0.025, abs=0.002), "down to the table"
    latest.put_info(CameraInfo())
    things, (why,) = latest.things(Time(sec=7), points, 0.0)
    assert things == []
    assert "holds no calibration" in why
    latest.close()


def test_messages_that_are_not_installed_are_told_on_diagnostics(probe):
    if any(_installed(package) for package in ("vision_msgs", "yolo_msgs")):
        pytest.skip("messages of detectors are installed here")
    planning = Planning(probe, "blind", checkpoint="none", voxels=False, detector="yolo_msgs", publish_detections=True)

    def told(array: DiagnosticArray) -> bool:
        values = [values_of(status) for status in array.status if "blind/planner" in status.name]
        return any(
            "yolo_msgs is not installed" in one.get("detector", "")
            and "vision_msgs is not installed" in one.get("detections", "")
            for one in values
        )

    try:
        planning.diagnostics.wait(told)
    finally:
        planning.process.stop()


def _installed(package: str) -> bool:
    try:
        __import__(f"{package}.msg")
    except ImportError:
        return False
    return True
