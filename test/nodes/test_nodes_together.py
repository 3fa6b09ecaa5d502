"""Nodes side by side: voxelizer and planner in one process, and two robots on one machine."""

import time

import pytest
from planning import INSTRUCTION, Planning
from ros_helpers import NodeProcess, cloud_msg, scene_cloud
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String

from moe3d_ros.msg import TaskPlan
from moe3d_ros.nodes.runtime.conversions import header
from moe3d_ros.plan import ErrorCode


def test_composed_plans_on_clouds_that_never_leave_the_process(probe, tiny_checkpoint):
    both = NodeProcess("composed", {"checkpoint": str(tiny_checkpoint), "cloud_wait": 5.0}, namespace="one")
    plans = probe.listen(TaskPlan, "/one/plan")
    instruct = probe.talk(String, "/one/instruction")
    camera = probe.talk(PointCloud2, "/one/points")
    points, colors = scene_cloud()
    with probe.streaming(camera, lambda: cloud_msg(points, colors, "base_link", probe.now())):
        instruct.publish(String(data=INSTRUCTION))
        assert plans.wait().instruction == INSTRUCTION
        assert probe.node.count_publishers("/one/voxels") == 1  # and nobody has listened: nothing was serialised
        assert probe.node.count_subscribers("/one/voxels") == 0
        assert probe.listen(PointCloud2, "/one/voxels").wait().width > 0  # whoever wants them gets them
    assert both.stop() == 0, both.log


def test_two_robots_answer_only_their_own_instruction(probe, tiny_checkpoint):
    robots = [Planning(probe, name, checkpoint=str(tiny_checkpoint)) for name in ("robot1", "robot2")]
    for robot in robots:
        robot.process.wait_log("model loaded")
    for robot, other in (robots, reversed(robots)):
        start, before = len(robot.inbox["plan"].messages), other.published()
        with robots[0].look(), robots[1].look():
            robot.instruct.publish(String(data=f"{INSTRUCTION}, {robot.namespace}"))
            plan = robot.inbox["plan"].wait(start=start)
            assert plan.instruction.endswith(robot.namespace)
            robot.inbox["goal_pose"].wait(start=len(robot.inbox["goal_pose"].messages) - 1)
        assert other.published() == before
        _, result = other.plan("")  # answered after whatever else it had heard
        assert result.error_code == ErrorCode.BAD_INSTRUCTION
        assert other.published() == before
    assert [robot.process.stop() for robot in robots] == [0, 0]


def test_voxels_reach_the_planner_as_the_same_message(tiny_checkpoint):
    """In one process the very message that the voxelizer made is what the planner reads: no copy."""
    rclpy = pytest.importorskip("rclpy")
    from rclpy.executors import SingleThreadedExecutor

    from moe3d_ros.nodes.composed import make_nodes

    rclpy.init(args=["--ros-args", "-r", "__ns:=/same", "-p", f"checkpoint:='{tiny_checkpoint}'"])
    planner, voxelizer = make_nodes()
    try:
        for node in (planner, voxelizer):
            node.start()
        handed = []
        take = voxelizer._hand_voxels
        voxelizer._hand_voxels = lambda msg: (handed.append(msg), take(msg))
        points, colors = scene_cloud()
        executor = SingleThreadedExecutor()
        executor.add_node(voxelizer)
        stamp = planner.get_clock().now().to_msg()
        camera = planner.create_publisher(PointCloud2, "points", 1)
        end = time.monotonic() + 30
        while not handed and time.monotonic() < end:
            camera.publish(cloud_msg(points, colors, "base_link", stamp))
            executor.spin_once(timeout_sec=0.1)
        assert handed
        assert planner._cloud._msg is handed[0]
        assert handed[0].header == header("base_link", stamp)
    finally:
        for node in (planner, voxelizer):
            node.close()
            node.destroy_node()
        rclpy.try_shutdown()
