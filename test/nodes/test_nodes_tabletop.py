"""The tabletop as a process: what its cameras see agrees, and what it is told to do is done and judged."""

import json

import numpy as np
import pytest
from ros_helpers import LATCHED, NodeProcess

pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")
pytest.importorskip("mujoco", reason="MuJoCo is not installed")

from sensor_msgs.msg import CameraInfo, Image, JointState, PointCloud2
from std_msgs.msg import Empty, String
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage

from moe3d_ros.msg import PlannedAction
from moe3d_ros.nodes.runtime.conversions import action_to_msg, header, stamp_ns
from moe3d_ros.nodes.seams.transforms import transform_from_msg
from moe3d_ros.plan import Action
from moe3d_ros.sensing.clouds import (
    depth_to_points,
    read_cloud,
    read_color,
    read_depth,
    read_intrinsics,
    transform_points,
)
from moe3d_ros.tabletop.scenes.wanted_scenes import find_scene, scene_with
from moe3d_ros.tabletop.simulation.arm_model import description, finger_joints, joints
from moe3d_ros.tabletop.tasks.single_step import make_step
from moe3d_ros.world.gripper_names import FINGERS
from moe3d_ros.world.workspace import Workspace

CONTAINS = ["red block", "green bowl"]
FRAME = "table_front_camera_optical_frame"  # of the namespace /table


@pytest.fixture(scope="module")
def tabletop(probe):
    node = NodeProcess(
        "tabletop",
        {"contains": CONTAINS, "seed": 3, "rate": 5.0, "width": 320, "height": 240, "arm_speed": 4.0},
        namespace="table",
    )
    node.wait_log("On the table")
    yield node
    assert node.stop() == 0, node.log


def oracle_action(stamp) -> PlannedAction:
    """The right step for the scene that the node made from the same seed."""
    scene = scene_with(CONTAINS, 3)
    names = [f"{thing.color} {thing.kind}" for thing in scene.objects]
    step = make_step(scene, names.index("red block"), names.index("green bowl"))
    target, destination = step.text.removeprefix("pick the ").split(", place it ")
    action = Action(0, "pick_place", target, destination, step.pick, step.place, 1.0, step.text)
    return action_to_msg(action, header("base_link", stamp))


def test_cloud_depth_and_transform_agree(probe, tabletop):
    kinds = {
        "points": PointCloud2,
        "depth/image_rect": Image,
        "depth/camera_info": CameraInfo,
        "rgb/image_rect_color": Image,
    }
    inboxes = {name: probe.listen(kind, f"/table/{name}") for name, kind in kinds.items()}
    transforms = probe.listen(TFMessage, "/tf_static", LATCHED)
    points_msg, depth_msg, info, color_msg = (inbox.wait() for inbox in inboxes.values())
    message = transforms.wait(lambda m: any(t.child_frame_id == FRAME for t in m.transforms))
    transform = next(t for t in message.transforms if t.child_frame_id == FRAME)
    assert transform.header.frame_id == points_msg.header.frame_id == "base_link"
    assert depth_msg.header.frame_id == info.header.frame_id == color_msg.header.frame_id == FRAME
    assert (
        (depth_msg.width, depth_msg.height)
        == (info.width, info.height)
        == (color_msg.width, color_msg.height)
        == (320, 240)
    )
    inbox = inboxes["depth/camera_info"]
    assert inbox.wait(lambda m: m.header.stamp == depth_msg.header.stamp)  # the set shares its stamp

    seen = transform_points(
        transform_from_msg(transform), depth_to_points(read_depth(depth_msg), read_intrinsics(info))
    )
    inside = Workspace().contains(seen)
    assert inside.sum() > 5000
    assert abs(np.median(seen[inside, 2])) < 0.01
    points, colors = read_cloud(points_msg)
    assert np.isfinite(points).all()
    assert len(points) > inside.sum()
    assert colors.std() > 5
    from scipy.spatial import cKDTree

    distance, _ = cKDTree(points).query(seen[inside][::50])
    assert np.percentile(distance, 95) < 0.01  # one camera's depth is part of the fused cloud
    red = read_color(color_msg).reshape(-1, 3)[inside].astype(int)
    assert (((red[:, 0] - red[:, 1]) > 60) & ((red[:, 0] - red[:, 2]) > 60)).sum() > 20


def test_execute_does_what_it_is_told_and_judges_it(probe, tabletop):
    client = probe.node.create_client(Trigger, "/table/execute")
    nothing = probe.call(client, Trigger.Request())
    assert not nothing.success
    assert "no planned_action" in nothing.message
    executed, reached = probe.listen(String, "/table/executed"), probe.listen(Empty, "/table/goal_reached")
    states, moving = probe.listen(JointState, "/table/joint_states"), probe.listen(TFMessage, "/tf")
    clouds = probe.listen(PointCloud2, "/table/points")
    probe.talk(PlannedAction, "/table/planned_action").publish(oracle_action(probe.now()))
    response = probe.call(client, Trigger.Request())
    while "no planned_action" in response.message:  # the message is still under way
        response = probe.call(client, Trigger.Request())
    assert response.success, response.message
    report = json.loads(executed.wait().data)
    assert report["success"]
    assert report["grasped"]
    assert report["released"]
    assert "red block" in report["target"]
    assert reached.wait(start=1) is not None
    done = stamp_ns(probe.now())  # what was sent before may still be under way
    after = clouds.wait(lambda m: stamp_ns(m.header.stamp) > done)
    place = oracle_action(probe.now()).place.pose.position
    points, colors = read_cloud(after)
    near = np.linalg.norm(points[:, :2] - [place.x, place.y], axis=1) < 0.02
    red = (colors[near, 0].astype(int) - colors[near, 1]) > 60
    assert red.mean() > 0.5  # the next look shows it there
    again = probe.call(client, Trigger.Request())
    assert not again.success  # a step is executed once
    shown_arm_moved(states.messages, moving.messages)


def shown_arm_moved(states: list[JointState], transforms: list[TFMessage]) -> None:
    """Checks what was published while the arm moved: many angles, no speed above the limits, and each link in its parent's frame."""
    angles = np.array([state.position for state in states])
    assert tuple(states[0].name) == joints().names
    assert len(angles) > 20
    assert np.ptp(angles, axis=0).max() > 0.5
    assert (np.abs([state.velocity for state in states]) <= joints().speed).all()
    tips = []
    for message in transforms:
        pose, frame = np.eye(4), "table_arm_mount"
        for transform in message.transforms:  # a chain, from the base to the tip
            assert transform.header.frame_id == frame
            pose, frame = pose @ transform_from_msg(transform), transform.child_frame_id
        assert frame == "table_arm_tip"
        tips.append(pose[:3, 3])
    assert np.ptp(tips, axis=0).max() > 0.2
    assert np.abs(tips[-1] - tips[0]).max() < 0.01  # home again


def test_the_arms_description_goes_with_its_frames(probe, tabletop):
    said = probe.listen(String, "/table/robot_description", LATCHED).wait().data
    assert said == description("table_")
    statics = probe.listen(TFMessage, "/tf_static", LATCHED)
    message = statics.wait(lambda m: any(t.child_frame_id == "table_arm_mount" for t in m.transforms))
    mount = next(t for t in message.transforms if t.child_frame_id == "table_arm_mount")
    assert mount.header.frame_id == "base_link"
    assert np.array_equal(transform_from_msg(mount), np.eye(4))


def test_with_fingers_the_same_step_is_done_and_their_joints_are_shown(probe):
    settings = {"contains": CONTAINS, "seed": 3, "width": 160, "height": 120, "gripper": FINGERS, "arm_speed": 10.0}
    node = NodeProcess("tabletop", settings, namespace="fingers")
    node.wait_log("On the table")
    assert probe.listen(String, "/fingers/robot_description", LATCHED).wait().data == description("fingers_", FINGERS)
    executed, states = probe.listen(String, "/fingers/executed"), probe.listen(JointState, "/fingers/joint_states")
    action, client = (
        probe.talk(PlannedAction, "/fingers/planned_action"),
        probe.node.create_client(Trigger, "/fingers/execute"),
    )
    action.publish(oracle_action(probe.now()))
    response = probe.call(client, Trigger.Request())
    while "no planned_action" in response.message:  # the message is still under way
        response = probe.call(client, Trigger.Request())
    assert response.success, response.message
    assert json.loads(executed.wait().data)["success"]
    fingers = finger_joints(FINGERS)
    assert tuple(states.messages[0].name) == (*joints().names, *fingers.names)
    moved = np.ptp([state.position[-len(fingers.names) :] for state in states.messages], axis=0)
    assert moved.min() > 0.005  # closed, and opened again
    assert node.stop() == 0, node.log


def test_pick_at_an_empty_place_is_reported(probe, tabletop):
    action = oracle_action(probe.now())
    action.pick.pose.position.x, action.pick.pose.position.y = 0.26, -0.49
    probe.talk(PlannedAction, "/table/planned_action").publish(action)
    client = probe.node.create_client(Trigger, "/table/execute")
    response = probe.call(client, Trigger.Request())
    while "no planned_action" in response.message:
        response = probe.call(client, Trigger.Request())
    assert not response.success
    assert "Nothing was picked" in response.message
    assert tabletop.alive()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"cameras": ["front", "behind"]}, "behind"),
        ({"contains": ["red elephant"]}, "elephant"),
        ({"task": "sing"}, "Say, for example"),
        ({"gripper": "claw"}, "suction or fingers"),
        ({"gripper": FINGERS, "arm": False}, "which only an arm has"),
    ],
)
def test_bad_parameters_are_refused_with_the_reason(parameters, words):
    node = NodeProcess("tabletop", parameters, namespace="refused")
    node.wait_log(words)
    assert node.process.wait(60) == 2
    assert "Traceback" not in node.log


def test_the_scene_that_a_seed_leads_to_is_told():
    number, scene = find_scene(CONTAINS, 3)
    assert number >= 3
    assert scene == find_scene(CONTAINS, number)[1]
    assert find_scene([], 3)[0] == 3


@pytest.mark.parametrize(
    ("contains", "words"),
    [
        (["red elephant"], "red elephant is in none of them. There are the kinds block, bowl, zone, in"),
        (["mauve block", "green bowl"], "mauve block is in none of them. There are"),
        (["block"], "block is in none of them"),
        (
            [f"{color} block" for color in ("red", "green", "blue", "yellow", "purple", "orange", "white")],
            "Ask for fewer things",
        ),
    ],
)
def test_a_table_that_cannot_be_is_refused_with_the_fact(contains, words):
    with pytest.raises(ValueError, match="no scene of") as caught:
        find_scene(contains, 0)
    assert words in str(caught.value)
