"""The voxelizer as a process, with clouds that are not what is expected: said with the figure, and not planned on."""

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from rclpy.duration import Duration
from rclpy.time import Time as ClockTime
from ros_helpers import LATCHED, RELIABLE, cloud_msg
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage
from voxelizing import COLORS, POINTS

from moe3d_ros.nodes.runtime.conversions import camera_info_to_msg, header, image_to_msg
from moe3d_ros.nodes.seams.transforms import transform_from_msg, transform_to_msg
from moe3d_ros.sensing.clouds import read_cloud
from moe3d_ros.world.geometry import tool_down_matrix

CAMERA = np.eye(4)
CAMERA[:3, :3] = tool_down_matrix(0.3)
CAMERA[:3, 3] = [0.5, 0.0, 0.8]
SEEN = ((POINTS - CAMERA[:3, 3]) @ CAMERA[:3, :3]).astype(np.float32)
K = np.array([[120.0, 0, 79.5], [0, 120.0, 59.5], [0, 0, 1]])


def test_a_table_that_is_off_is_withheld_and_the_next_good_cloud_answered(rigs):
    rig = rigs("withheld")
    values = rig.says(rig.good, "working")
    assert abs(float(values["table height (m)"])) < 0.003
    start = len(rig.voxels.messages)
    for dz in (0.02, -0.03, 0.74):
        values = rig.says(lambda dz=dz: rig.moved(dz), f"The table lies at z = {dz:.3f} m")
        assert values["error"] == "TRANSFORM"
    rig.voxels.wait(lambda msg: msg.width == 0, start=start)  # nobody may plan on the cloud before
    future = rig.probe.now()
    future.sec += 30
    rig.says(lambda: cloud_msg(POINTS, COLORS, "base_link", future), "s in the future of this node's clock")
    rig.says(lambda: cloud_msg(POINTS, COLORS, "base_link", Time()), "stamp is not set (0)")
    rig.says(
        lambda: cloud_msg(POINTS * np.float32(1000), COLORS, "base_link", rig.probe.now()), "are they millimetres?"
    )
    rig.says(rig.good, "working")


def test_a_table_that_is_off_is_corrected_where_the_parameter_says_so(rigs):
    rig = rigs("corrected", table_height="correct")
    with rig.probe.streaming(rig.talk, lambda: rig.moved(0.03)):
        points, _ = read_cloud(rig.voxels.wait(lambda msg: msg.width > 1000))
    assert abs(np.median(points[:, 2])) < 0.004
    rig.says(lambda: rig.moved(0.03), "was laid onto it")


def test_depth_in_tenths_of_a_millimetre_is_read_by_the_parameter_and_told_without_it(rigs, probe):
    depth = np.full((120, 160), 8000, np.uint16)
    depth[50:70, 70:90], depth[:20] = 7600, 65535
    stand = ["base_link cam 0.5 0 0.8 1 0 0 0"]
    rig = rigs("tenths", input="depth", static_transforms=stand, depth_scale=0.0001)
    other = rigs("unscaled", input="depth", static_transforms=stand)
    for each in (rig, other):
        info = probe.talk(CameraInfo, f"/{each.namespace}/depth/camera_info")
        each.talk = probe.talk(Image, f"/{each.namespace}/depth/image_rect")

        def send(info=info):
            head = header("cam", probe.now())
            info.publish(camera_info_to_msg(K, 160, 120, head))
            return image_to_msg(depth, "16UC1", head)

        values = each.says(send, "no colour" if each is rig else "tenths of a millimetre")
        if each is rig:
            assert values["points without a reading"] == "3200 not finite, 0 exactly (0, 0, 0)"
            assert abs(float(values["table height (m)"])) < 0.002


def test_a_plane_is_latched_only_where_it_is_a_table_and_until_a_transform_comes(rigs, probe):
    rig = rigs("plane", table_plane=True, transform_timeout=0.0)
    statics = probe.listen(TFMessage, "/tf_static", LATCHED)
    frame = "camera_of_plane"

    def latched(start=0):
        msg = statics.wait(lambda m: any(t.child_frame_id == frame for t in m.transforms), start=start)
        return next(transform_from_msg(t) for t in msg.transforms if t.child_frame_id == frame)

    def ours() -> int:
        return sum(any(t.child_frame_id == frame for t in m.transforms) for m in statics.messages)

    wall = np.c_[np.random.default_rng(0).uniform(-2, 2, (20_000, 2)), np.full(20_000, 7.0)].astype(np.float32)
    rig.says(lambda: cloud_msg(wall, COLORS[: len(wall)], frame, probe.now()), "largest plane")
    assert ours() == 0
    holed = np.vstack([SEEN, np.zeros_like(SEEN)])
    rig.says(lambda: cloud_msg(holed, np.vstack([COLORS, COLORS]), frame, probe.now()), "working")
    assert latched()[2, 3] == pytest.approx(0.8, abs=0.01)
    start = len(statics.messages)
    lifted = SEEN + np.float32([0, 0, 0.1])  # the camera was lifted: what was latched is found again
    with probe.streaming(
        rig.talk, lambda: cloud_msg(lifted, COLORS, frame, probe.now())
    ):  # "working" it says before, too
        assert latched(start)[2, 3] == pytest.approx(0.9, abs=0.01)
    start = len(rig.voxels.messages)
    true = CAMERA.copy()
    true[0, 3] += 0.05
    moving = probe.talk(TFMessage, "/tf")
    with (
        probe.streaming(
            moving, lambda: TFMessage(transforms=[transform_to_msg("base_link", frame, true, probe.now())])
        ),
        probe.streaming(rig.talk, lambda: cloud_msg(SEEN, COLORS, frame, earlier(probe))),
    ):
        rig.node.wait_log("the table's plane is no longer used")


def earlier(probe):
    """A stamp a little before now, which transforms of now enclose."""
    return (ClockTime.from_msg(probe.now()) - Duration(seconds=0.3)).to_msg()


def test_a_clock_that_jumps_back_ends_what_was_remembered(rigs, probe):
    rig = rigs("reset", use_sim_time=True, transform_timeout=0.2)
    clock, moving = probe.talk(Clock, "/clock", 10), probe.talk(TFMessage, "/tf", RELIABLE)
    points = np.full((50, 3), (0.40, 0.0, 0.05), np.float32)

    def time_of(seconds: float):
        return ClockTime(nanoseconds=int(seconds * 1e9)).to_msg()

    def seen_at(seconds: float, x: float) -> float:
        """Where the voxelizer sees the block whose camera stands at ``x`` at that time."""
        place = np.eye(4)
        place[0, 3] = x

        def send():
            clock.publish(Clock(clock=time_of(seconds + 0.02)))
            for stamp in (seconds - 0.01, seconds + 0.01):
                moving.publish(
                    TFMessage(transforms=[transform_to_msg("base_link", "arm_camera", place, time_of(stamp))])
                )
            return cloud_msg(points, np.full(points.shape, 200, np.uint8), "arm_camera", time_of(seconds))

        start = len(rig.voxels.messages)
        with probe.streaming(rig.talk, send):
            found = rig.voxels.wait(lambda m: m.width > 0 and m.header.stamp == time_of(seconds), start=start)
        return float(read_cloud(found)[0][:, 0].mean())

    for seconds, x in ((3.0, 0.05), (8.0, 0.24), (1.0, 0.0), (1.5, 0.02), (0.5, 0.1)):
        assert seen_at(seconds, x) == pytest.approx(0.40 + x, abs=1e-3)
    rig.node.wait_log("The clock jumped back")
