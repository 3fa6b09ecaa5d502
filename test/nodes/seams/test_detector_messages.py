"""Messages of detectors at the seam: what is seen as vision_msgs, which is not installed here, and what is said then."""

from types import SimpleNamespace

import numpy as np
import pytest
from detection_messages import DEFINITIONS, detection_types

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from moe3d_ros.nodes.seams.detector_messages import DetectionArrays, NotInstalled, detector_input
from moe3d_ros.sensing.detections import named_things, vision_boxes
from moe3d_ros.world.seen_object import SeenObject

SEEN = (
    SeenObject("coffee mug", "bowl", "green", "", (0.5, 0.1, 0.05), (0.06, 0.05, 0.05), 0.4, None, 0.75, "coffee mug"),
    SeenObject("small red block", "block", "red", "small", (0.4, -0.2, 0.02), (0.02, 0.02, 0.02), -0.3, None, 0.5),
)
HEAD = Header(frame_id="base_link", stamp=Time(sec=3, nanosec=4))


def test_what_is_seen_goes_out_with_label_and_kind_and_comes_back_as_it_was():
    store = detection_types()
    types = SimpleNamespace(**{name: store.types[f"vision_msgs/msg/{name}"] for name in DEFINITIONS})
    sent = DetectionArrays(types).array(SEEN, HEAD)
    name = "vision_msgs/msg/Detection3DArray"
    array = store.deserialize_cdr(bytes(store.serialize_cdr(sent, name)), name)
    assert (array.header.frame_id, array.header.stamp.sec, array.header.stamp.nanosec) == ("base_link", 3, 4)
    found = [
        [(result.hypothesis.class_id, result.hypothesis.score) for result in one.results] for one in array.detections
    ]
    assert found == [[("coffee mug", 0.75), ("green bowl", 0.75)], [("small red block", 0.5)]]
    things, problems = named_things(list(vision_boxes(array)), 0.0, lambda frame: np.eye(4))
    assert problems == []
    for thing, seen in zip(things, SEEN, strict=True):
        assert thing.label == seen.name
        assert thing.center == pytest.approx(seen.center)
        assert thing.half == pytest.approx(seen.half_extents)
        assert thing.yaw == pytest.approx(seen.yaw)


@pytest.mark.parametrize("name", ["vision_msgs", "yolo_msgs", "vision_msgs_2d", "yolo_msgs_2d"])
def test_a_package_of_messages_that_is_missing_is_named_with_what_to_do(name):
    package = name.removesuffix("_2d")
    with pytest.raises(NotInstalled, match=f"{package} is not installed or not sourced.*{package.split('_')[0]}"):
        detector_input(name)
