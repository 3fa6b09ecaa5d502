"""The planning frame on a table at 0.74 m: measured once, published, planned in, and never moved under a plan."""

import numpy as np
import pytest
from planning import Planning
from ros_helpers import LATCHED, NodeProcess, cloud_msg
from tf2_msgs.msg import TFMessage
from voxelizing import COLORS, POINTS

from moe3d_ros.nodes.runtime.conversions import pose_from_msg
from moe3d_ros.nodes.seams.transforms import transform_from_msg
from moe3d_ros.sensing.clouds import read_cloud, transform_points
from moe3d_ros.tabletop.scenes.wanted_scenes import scene_with
from moe3d_ros.tabletop.simulation.physics import TabletopWorld

CAMERA = np.diag([1.0, -1.0, -1.0, 1.0])  # in base_link: it looks straight down
CAMERA[:3, 3] = [0.5, 0.0, 1.5]
ON_TABLE = {
    "planning_frame": "table",
    "table_parent": "base_link",
    "static_transforms": ["base_link camera 0.5 0 1.5 1 0 0 0"],
}


def raised(points: np.ndarray, height: float = 0.74, degrees: float = 2.0) -> np.ndarray:
    """Points of a table at z = 0 brought to a height in base_link, tilted about y at the workspace's middle."""
    turn = np.radians(degrees)
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    middle = np.array([0.5, 0.0, 0.0])
    return ((points - middle) @ rotation.T + middle + [0, 0, height]).astype(np.float32)


def shown(probe, points: np.ndarray, colors=COLORS):
    """A cloud of points that are given in base_link, as the camera sees them."""
    return cloud_msg(transform_points(np.linalg.inv(CAMERA), points), colors, "camera", probe.now())


def stands(statics, start: int = 0) -> list[np.ndarray]:
    """Transforms of the table's frame in base_link that were published so far."""
    sent = [transform for msg in statics.messages[start:] for transform in msg.transforms]
    return [transform_from_msg(t) for t in sent if (t.header.frame_id, t.child_frame_id) == ("base_link", "table")]


def test_a_table_at_074_is_planned_on_and_the_transform_brings_the_poses_back_to_the_robot(rigs, probe):
    statics = probe.listen(TFMessage, "/tf_static", LATCHED)
    rig = rigs("mobile", **ON_TABLE)
    values = rig.says(lambda: shown(probe, raised(POINTS)), "working")
    assert (
        "'table' stands in 'base_link' on the table, which lies at z = 0.740 m, tilted by 2.0" in values["table frame"]
    )
    assert "residual of 0.0 mm" in values["table frame"]
    assert abs(float(values["table height (m)"])) < 0.001
    assert float(values["table tilt (deg)"]) < 0.1
    assert float(values["table residual (mm)"]) < 0.5
    (stand,) = stands(statics)
    points, _ = read_cloud(rig.voxels.wait(lambda msg: msg.width > 1000))
    assert rig.voxels.messages[-1].header.frame_id == "table"
    np.testing.assert_allclose(np.percentile(points[:, 2], (5, 50)), 0, atol=0.002)
    scene = scene_with(["red block", "green bowl"], 0)
    with TabletopWorld(scene) as world:
        cloud, colors = world.cloud(["front", "left", "right"])
    planner = Planning(probe, "mobile", voxels=False, planning_frame="table", max_cloud_age=10.0, cloud_wait=5.0)
    with probe.streaming(rig.talk, lambda: shown(probe, raised(cloud), colors)):
        planner.process.wait_log("model loaded", 120)
        _, result = planner.plan()
    assert result.error_code == 0, result.error_msg
    pick = planner.inbox["pick_pose"].wait()
    assert pick.header.frame_id == "table"
    in_robot = transform_points(stand, np.float32([pose_from_msg(pick).position]))
    block = next(thing for thing in scene.objects if thing.name.endswith("red block"))
    top = np.float32([[*block.position[:2], block.top]])
    np.testing.assert_allclose(in_robot, raised(top), atol=0.01)  # where the block is for the robot
    assert planner.process.stop() == 0, planner.process.log


def test_what_is_no_table_is_refused_with_the_fact_and_a_table_is_found_afterwards(rigs, probe):
    statics = probe.listen(TFMessage, "/tf_static", LATCHED)
    rig = rigs("refusing", **ON_TABLE)
    scattered = np.random.default_rng(0).uniform((0.2, -0.6, 0.3), (0.8, 0.6, 1.0), POINTS.shape).astype(np.float32)
    cases = (
        (raised(POINTS, degrees=8.0), "tilted by 8.0 degrees"),
        (scattered, "the fullest layer"),
        (raised(POINTS) + np.float32([3, 0, 0]), "lie over the place where the table is searched"),
    )
    for points, fact in cases:
        start = len(rig.voxels.messages)
        values = rig.says(lambda points=points: shown(probe, points), fact)
        assert (values["error"], values["table frame"]) == ("TRANSFORM", "not found yet")
        assert rig.voxels.wait(start=start).width == 0  # nobody may plan
    assert stands(statics) == []
    rig.says(lambda: shown(probe, raised(POINTS)), "working")
    assert stands(statics)[0][2, 3] == pytest.approx(0.74, abs=0.02)


def test_the_frame_is_not_moved_once_it_stands(rigs, probe):
    statics = probe.listen(TFMessage, "/tf_static", LATCHED)
    rig = rigs("standing", **ON_TABLE)
    rig.says(lambda: shown(probe, raised(POINTS)), "working")
    start = len(statics.messages)
    values = rig.says(lambda: shown(probe, raised(POINTS, 0.78)), "The table lies at z = 0.040 m")
    assert values["error"] == "TRANSFORM"
    rig.says(lambda: shown(probe, raised(POINTS)), "working")
    assert stands(statics, start) == []


def test_a_frame_that_is_known_already_is_taken_as_it_is(rigs, probe):
    statics = probe.listen(TFMessage, "/tf_static", LATCHED)
    known = [*ON_TABLE["static_transforms"], "base_link table 0 0 0.7 0 0 0 1"]
    rig = rigs("given", **{**ON_TABLE, "static_transforms": known})
    values = rig.says(lambda: shown(probe, raised(POINTS, 0.7, 0.0)), "working")
    assert "is known already" in values["table frame"]
    assert stands(statics) == []


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"table_parent": "base_link"}, "are both 'base_link'"),
        ({"table_parent": "base_link", "planning_frame": "table", "table_plane": True}, "Set one of them"),
        ({"table_parent": "/base_link", "planning_frame": "table"}, "without a slash in front"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(parameters, words):
    node = NodeProcess("voxelizer", parameters, namespace="contrary")
    node.wait_log(words)
    assert node.process.wait(20) == 2
