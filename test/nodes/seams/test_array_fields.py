"""What is put into array fields is what Lyrical's messages take: a list, a tuple or an array, never a set."""

from __future__ import annotations

import importlib
from collections.abc import Set

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")
pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")

from builtin_interfaces.msg import Time

from moe3d_ros.msg import SeenThings
from moe3d_ros.nodes.planning.markers import plan_markers
from moe3d_ros.nodes.runtime import conversions
from moe3d_ros.nodes.runtime.diagnostics import Diagnostics
from moe3d_ros.nodes.runtime.parameter_tables import TABLES
from moe3d_ros.nodes.runtime.parameters import descriptor
from moe3d_ros.nodes.seams.clouds import cloud_to_msg
from moe3d_ros.nodes.seams.transforms import StaticTransformSender
from moe3d_ros.plan import Action, Plan
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.world.geometry import pose_from_xyz_yaw
from moe3d_ros.world.seen_object import SeenObject

PACKAGES = (
    "diagnostic_msgs",
    "geometry_msgs",
    "moe3d_ros",
    "rcl_interfaces",
    "sensor_msgs",
    "tf2_msgs",
    "visualization_msgs",
)
HEAD = conversions.header("base_link", Time(sec=3, nanosec=4))
POSE = pose_from_xyz_yaw((0.4, 0.1, 0.04), 0.3)
STEP = Action(0, "pick_place", "red block", "in the bowl", POSE, POSE, 0.9, "pick the red block, place it in the bowl")
PLAN = Plan("put it away", (STEP,), False, {"text": 0.5}, "base_link", ("a note",))
BLOCK = SeenObject("red block", "block", "red", "", (0.4, 0.1, 0.02), (0.02, 0.02, 0.02), 0.3, None, 0.9)
POINTS, COLORS = np.ones((5, 3), np.float32), np.zeros((5, 3), np.uint8)


@pytest.fixture
def filled(monkeypatch) -> set[str]:
    """Array fields that were assigned to, as TaskPlan.actions; with Lyrical's warning as an error, which Jazzy does not give."""
    seen: set[str] = set()

    def watched(name: str, field: property) -> property:
        def assign(message, value) -> None:
            if isinstance(value, Set):
                raise DeprecationWarning(f"{name}: a set in an array field")
            if len(value):  # a constructor fills in what is not given
                seen.add(name)
            field.fset(message, value)

        return property(field.fget, assign)

    for package in PACKAGES:
        for kind in vars(importlib.import_module(f"{package}.msg")).values():
            for field, form in getattr(kind, "_fields_and_field_types", {}).items():
                if form.startswith("sequence") or form.endswith("]"):
                    monkeypatch.setattr(kind, field, watched(f"{kind.__name__}.{field}", getattr(kind, field)))
    return seen


def test_a_set_is_noticed(filled):
    with pytest.raises(DeprecationWarning, match="SeenThings.things"):
        SeenThings(things=set())


def test_plans_and_what_is_seen(filled):
    conversions.plan_to_msg(PLAN, HEAD)
    conversions.seen_to_msg([BLOCK], HEAD)
    plan_markers(PLAN, HEAD)
    expected = {f"TaskPlan.{name}" for name in ("actions", "notes", "stage_names", "stage_seconds")}
    assert filled >= {*expected, "SeenThings.things", "MarkerArray.markers", "Marker.points"}


def test_clouds_and_images(filled):
    cloud_to_msg(POINTS, COLORS, HEAD)
    conversions.image_to_msg(np.zeros((3, 4), np.float32), "32FC1", HEAD)
    conversions.camera_info_to_msg(np.eye(3), 4, 3, HEAD)
    expected = {f"CameraInfo.{name}" for name in "dkrp"}
    assert filled >= {*expected, "PointCloud2.fields", "PointCloud2.data", "Image.data"}


def test_parameters_as_they_are_described(filled):
    for table in TABLES.values():
        for parameter in table:
            descriptor(parameter)
    assert filled >= {"ParameterDescriptor.floating_point_range", "ParameterDescriptor.integer_range"}


def test_what_nodes_say_of_themselves(filled, probe):
    """The diagnostics, the fixed transforms, and the arm of the embedded world."""
    for library in ("mujoco", "mink"):
        pytest.importorskip(library, reason=f"{library} is not installed")
    from moe3d_ros.nodes.arm_outputs import ArmOutputs
    from moe3d_ros.tabletop.simulation.physics import TabletopWorld

    diagnostics, sender = Diagnostics(probe.node, "array fields", "test"), StaticTransformSender(probe.node)
    with TabletopWorld(Scene(()), arm=True) as world:
        diagnostics.set("a", "b")
        diagnostics.publish()
        ArmOutputs(probe.node, world.arm, sender, "base_link", "").publish()
    joints = {f"JointState.{name}" for name in ("name", "position", "velocity")}
    assert filled >= {*joints, "TFMessage.transforms", "DiagnosticArray.status", "DiagnosticStatus.values"}
