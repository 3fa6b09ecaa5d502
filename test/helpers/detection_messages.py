"""vision_msgs, of which there is no pip package: its types by a store of types, and messages in them."""

import numpy as np
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

DEFINITIONS = {
    "ObjectHypothesis": "string class_id\nfloat64 score",
    "ObjectHypothesisWithPose": "vision_msgs/ObjectHypothesis hypothesis\ngeometry_msgs/PoseWithCovariance pose",
    "BoundingBox3D": "geometry_msgs/Pose center\ngeometry_msgs/Vector3 size",
    "Detection3D": "std_msgs/Header header\nvision_msgs/ObjectHypothesisWithPose[] results\n"
    "vision_msgs/BoundingBox3D bbox\nstring id",
    "Detection3DArray": "std_msgs/Header header\nvision_msgs/Detection3D[] detections",
    "Point2D": "float64 x\nfloat64 y",
    "Pose2D": "vision_msgs/Point2D position\nfloat64 theta",
    "BoundingBox2D": "vision_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y",
    "Detection2D": "std_msgs/Header header\nvision_msgs/ObjectHypothesisWithPose[] results\n"
    "vision_msgs/BoundingBox2D bbox\nstring id",
    "Detection2DArray": "std_msgs/Header header\nvision_msgs/Detection2D[] detections",
}


def detection_types():
    """A store of types that knows vision_msgs/msg/Detection3DArray and Detection2DArray."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for name, text in DEFINITIONS.items():
        store.register(get_types_from_msg(text, f"vision_msgs/msg/{name}"))
    return store


def header_of(types, frame, stamp):
    """A header of the store's types."""
    return types["std_msgs/msg/Header"](types["builtin_interfaces/msg/Time"](*stamp), frame)


def image_detections(store, frame, detections, stamp=(7, 5)):
    """A Detection2DArray of (scores by class, middle in pixels, size in pixels), as it comes from the wire."""
    types = store.types
    nowhere = types["geometry_msgs/msg/Pose"](
        types["geometry_msgs/msg/Point"](0.0, 0.0, 0.0), types["geometry_msgs/msg/Quaternion"](0.0, 0.0, 0.0, 1.0)
    )
    spread = types["geometry_msgs/msg/PoseWithCovariance"](nowhere, np.zeros(36))

    def detection(scores, middle, size):
        results = [
            types["vision_msgs/msg/ObjectHypothesisWithPose"](types["vision_msgs/msg/ObjectHypothesis"](*pair), spread)
            for pair in scores.items()
        ]
        center = types["vision_msgs/msg/Pose2D"](types["vision_msgs/msg/Point2D"](*map(float, middle)), 0.0)
        box = types["vision_msgs/msg/BoundingBox2D"](center, *map(float, size))
        return types["vision_msgs/msg/Detection2D"](header_of(types, frame, stamp), results, box, "")

    name = "vision_msgs/msg/Detection2DArray"
    array = types[name](header_of(types, frame, stamp), [detection(*one) for one in detections])
    return store.deserialize_cdr(bytes(store.serialize_cdr(array, name)), name)


def recorded_detections(store, frame, detections, stamp=(7, 5)):
    """CDR of a Detection3DArray of (frame, scores by class, position, quaternion xyzw, size)."""
    types = store.types

    def header(name):
        return header_of(types, name, stamp)

    def detection(own, scores, position, quaternion, size):
        pose = types["geometry_msgs/msg/Pose"](
            types["geometry_msgs/msg/Point"](*map(float, position)),
            types["geometry_msgs/msg/Quaternion"](*map(float, quaternion)),
        )
        spread = types["geometry_msgs/msg/PoseWithCovariance"](pose, np.zeros(36))
        results = [
            types["vision_msgs/msg/ObjectHypothesisWithPose"](types["vision_msgs/msg/ObjectHypothesis"](*pair), spread)
            for pair in scores.items()
        ]
        box = types["vision_msgs/msg/BoundingBox3D"](pose, types["geometry_msgs/msg/Vector3"](*map(float, size)))
        return types["vision_msgs/msg/Detection3D"](header(own), results, box, "")

    array = types["vision_msgs/msg/Detection3DArray"](header(frame), [detection(*one) for one in detections])
    return bytes(store.serialize_cdr(array, "vision_msgs/msg/Detection3DArray"))
