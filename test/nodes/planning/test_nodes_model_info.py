"""One workspace at run time: the planner says which space its model sees; voxelizer and planner agree, or say they do not."""

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticArray
from planning import SHADES, VOXELS, Planning
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from ros_helpers import LATCHED, NodeProcess, cloud_msg, scene_cloud, statuses
from sensor_msgs.msg import PointCloud2

from moe3d_ros.msg import ModelInfo
from moe3d_ros.nodes.runtime.diagnostics import PROGRAM, values_of
from moe3d_ros.nodes.runtime.model_space import CONTRADICTION, NO, Space, settle, space_from_msg
from moe3d_ros.plan import ErrorCode
from moe3d_ros.sensing.clouds import read_cloud
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.world.workspace import Workspace

MODEL = Workspace()
LARGER = Workspace((0.25, -0.6, 0.0), (1.0, 0.6, 0.3))
POINTS, COLORS = scene_cloud()
FAR = np.concatenate([POINTS, POINTS[:500] * [0, 0, 0] + [0.9, 0.0, 0.05]]).astype(np.float32)  # a thing at x 0.9
FAR_COLORS = np.concatenate([COLORS, COLORS[:500]])


def info(frame: str = "base_link", box: Workspace = MODEL, voxel_size: float = 0.01, margin: float = 0.02) -> ModelInfo:
    """model_info of a model that sees ``box``."""
    msg = ModelInfo(name="other", voxel_size=voxel_size, margin=margin)
    msg.header.frame_id = frame
    for which in ("model_workspace", "workspace"):
        for end, corner in (("low", box.low), ("high", box.high)):
            point = getattr(msg, f"{which}_{end}")
            point.x, point.y, point.z = corner
    return msg


def said(name: str, wanted):
    """Predicate on DiagnosticArray: the values of the program ``name`` fulfil ``wanted``."""
    return lambda array: any(wanted(v) for v in map(values_of, array.status) if v.get(PROGRAM) == name)


@pytest.mark.parametrize(
    ("box", "edge", "words"),
    [
        (None, 0.0, ()),
        (MODEL, 0.01, ()),
        (LARGER, 0.0, ("[0.25, -0.6, 0.0] to [1.0, 0.6, 0.3] m", "[0.25, -0.5, 0.0] to [0.75, 0.5, 0.3] m", "beyond")),
        (Workspace((0.3, -0.5, 0.0), (0.75, 0.5, 0.3)), 0.0, ("[0.3, -0.5, 0.0]", "left out")),
        (Workspace((0.25, -0.5, 0.74), (0.75, 0.5, 1.04)), 0.0, ("1.04] m", "all of it is left out")),
        (None, 0.02, ("0.02 m", "0.01 m", "voxel_size")),
        (LARGER, 0.02, ("workspace_low", "voxel_size")),
    ],
)
def test_own_parameters_win_and_contradictions_are_said_with_both_values(box, edge, words):
    space, said_words = settle(box, edge, Space())
    assert (space.seen, space.voxel_size) == (box or MODEL, edge or 0.01)
    assert bool(said_words) == bool(words)
    assert all(word in said_words for word in words)
    assert settle(box, edge, None) == (space, "")  # no model is known yet: nothing to contradict


@pytest.mark.parametrize("change", [{"voxel_size": 0.0}, {"voxel_size": float("nan")}, {"margin": -1.0}])
def test_a_space_in_which_no_voxels_can_be_made_is_not_followed(change):
    with pytest.raises(ValueError, match="cannot be made"):
        space_from_msg(info(**change))
    endless = info()
    endless.model_workspace_high.x = float("inf")
    with pytest.raises(ValueError, match="no corners"):
        space_from_msg(endless)


def test_planner_latches_what_its_model_sees(probe, tiny_checkpoint):
    planning = Planning(probe, "told", checkpoint=str(tiny_checkpoint), workspace="0.3 -0.4 0 0.7 0.4 0.2")
    planning.process.wait_log("model loaded")
    msg = probe.listen(ModelInfo, "/told/model_info", LATCHED).wait()  # a late joiner gets it too
    assert planning.process.stop() == 0
    assert msg.header.frame_id == "base_link"
    assert space_from_msg(msg) == Space(MODEL, Workspace((0.3, -0.4, 0.0), (0.7, 0.4, 0.2)), 0.01, 0.02)
    assert msg.name == "tiny" and len(msg.checksum) == 64
    assert msg.kinds[:3] == ["block", "bowl", "zone"]


def test_voxelizer_follows_the_model_and_refuses_what_it_cannot_follow(probe):
    voxelizer = NodeProcess("voxelizer", namespace="follows")
    talk = probe.talk(ModelInfo, "/follows/model_info", LATCHED)
    camera = probe.talk(PointCloud2, "/follows/points")
    voxels = probe.listen(PointCloud2, "/follows/voxels")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    expected = voxelize(FAR, FAR_COLORS, 0.02, LARGER, 0.05)[0]
    with probe.streaming(camera, lambda: cloud_msg(FAR, FAR_COLORS, "base_link", probe.now())):
        default = len(voxelize(FAR, FAR_COLORS)[0])
        voxels.wait(lambda msg: msg.width == default)
        talk.publish(info(box=LARGER, voxel_size=0.02, margin=0.05))
        msg = voxels.wait(lambda msg: msg.width == len(expected))
        diagnostics.wait(said("voxelizer", lambda v: v[CONTRADICTION] == NO and "'other'" in v["workspace follows"]))
        np.testing.assert_allclose(read_cloud(msg)[0], expected, atol=1e-6)
        for bad, words in ((info("map"), "planning_frame alike"), (info(voxel_size=0.0), "cannot be followed")):
            talk.publish(bad)
            diagnostics.wait(statuses("follows/voxelizer")(words))
            start = len(voxels.messages)
            voxels.wait(lambda msg: msg.width == len(expected), start=start)  # it stays with what it knew
    assert voxelizer.stop() == 0, voxelizer.log


def test_voxelizer_whose_parameters_contradict_the_planner_says_so_and_goes_on(probe, tiny_checkpoint):
    own = {"workspace_low": list(LARGER.low), "workspace_high": list(LARGER.high), "voxel_size": 0.02}
    voxelizer = NodeProcess("voxelizer", own, namespace="apart")
    pair = Planning(probe, "apart", voxels=False, checkpoint=str(tiny_checkpoint), cloud_wait=5.0)
    camera = probe.talk(PointCloud2, "/apart/points")
    voxels = probe.listen(PointCloud2, "/apart/voxels")
    report = statuses("apart/voxelizer")
    with probe.streaming(camera, lambda: cloud_msg(FAR, FAR_COLORS, "base_link", probe.now())):
        told = report("the planner's model sees [0.25, -0.5, 0.0] to [0.75, 0.5, 0.3] m")
        # Said before the first cloud, too, when there is no error to speak of.
        status = pair.diagnostics.wait(lambda msg: told(msg) and "error" in values_of(msg.status[0])).status[0]
        assert "[0.25, -0.6, 0.0] to [1.0, 0.6, 0.3] m" in status.message
        assert "0.02 m" in status.message and "0.01 m" in status.message
        assert values_of(status)["error"] == ErrorCode.NONE.name
        voxelizer.wait_log("the planner's model sees")
        points = read_cloud(voxels.wait(start=len(voxels.messages)))[0]
        assert (points[:, 0] > 0.85).any()  # the cloud still works, as the parameters have it
        start = len(pair.diagnostics.messages)
        pair.diagnostics.wait(report("the planner's model sees"), start=start)  # a good cloud does not hide it
        ended, result = pair.plan()
    assert (ended, result.error_code) == (GoalStatus.STATUS_SUCCEEDED, 0), result.error_msg
    assert voxelizer.stop() == 0
    assert pair.process.stop() == 0


def test_an_empty_workspace_is_explained_by_the_voxelizers_own_box(probe, tiny_checkpoint):
    high = {"workspace_low": [0.25, -0.5, 0.74], "workspace_high": [0.75, 0.5, 1.04]}
    voxelizer = NodeProcess("voxelizer", high, namespace="high")
    pair = Planning(probe, "high", voxels=False, checkpoint=str(tiny_checkpoint), cloud_wait=2.0)
    camera = probe.talk(PointCloud2, "/high/points")
    points = POINTS + np.float32([0, 0, 0.74])
    with probe.streaming(camera, lambda: cloud_msg(points, COLORS, "base_link", probe.now())):
        pair.diagnostics.wait(statuses("high/voxelizer")("move the planning frame"))
        _, result = pair.plan()
    assert result.error_code == ErrorCode.EMPTY_WORKSPACE
    assert "[0.25, -0.5, 0.74] to [0.75, 0.5, 1.04] m" in result.error_msg
    assert "[0.25, -0.5, 0.0] to [0.75, 0.5, 0.3] m" in result.error_msg
    assert "camera's view" not in result.error_msg  # the camera sees it all
    assert [voxelizer.stop(), pair.process.stop()] == [0, 0]


def test_a_workspace_beyond_the_models_is_refused_with_both_boxes(probe, tiny_checkpoint):
    planning = Planning(
        probe, "beyond", checkpoint=str(tiny_checkpoint), workspace="0.25 -0.6 0 1 0.6 0.3", autostart=True
    )
    planning.process.wait_log("The model cannot be loaded")
    with planning.look():
        status, result = planning.plan()
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, ErrorCode.MODEL)
    assert "(0.25, -0.6, 0.0) to (1.0, 0.6, 0.3)" in result.error_msg
    assert "(0.25, -0.5, 0.0) to (0.75, 0.5, 0.3)" in result.error_msg
    assert planning.process.stop() == 0


@pytest.fixture(scope="module")
def low_poses(tiny_checkpoint):
    """Heights of the pick and the place that the tiny model plans on the voxels, metres."""
    from moe3d_ros.planner import Planner

    action = Planner.from_pretrained(str(tiny_checkpoint)).plan(VOXELS, SHADES, "move it").actions[0]
    return action.pick.position[2], action.place.position[2]


def change(planning, name: str, value: float):
    """Set a number of the planner as `ros2 param set` does."""
    message = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
    client = planning.probe.node.create_client(SetParameters, f"/{planning.namespace}/planner/set_parameters")
    request = SetParameters.Request(parameters=[Parameter(name=name, value=message)])
    result = planning.probe.call(client, request).results[0]
    assert result.successful, result.reason


def test_a_pose_two_millimetres_outside_is_set_on_the_face_and_reported(probe, tiny_checkpoint, low_poses):
    floor = round(min(low_poses) + 0.002, 6)
    planning = Planning(
        probe, "millimetres", checkpoint=str(tiny_checkpoint), workspace=f"0.25 -0.5 {floor} 0.75 0.5 0.3"
    )
    planning.process.wait_log("model loaded")
    with planning.look():
        status, result = planning.plan("move it")
        assert (status, result.error_code) == (GoalStatus.STATUS_SUCCEEDED, 0), result.error_msg
        assert "2.0 mm beyond the bottom face" in result.plan.notes[0]
        action = result.plan.actions[0]
        assert min(action.pick.pose.position.z, action.place.pose.position.z) == pytest.approx(floor, abs=1e-9)
        assert planning.inbox["plan"].wait() == result.plan
        assert planning.inbox["planned_action"].wait() == action
        planning.diagnostics.wait(planning.report("2.0 mm beyond the bottom face"))
        before = planning.published()
        for tolerance in (0.0, 0.0015):
            change(planning, "pose_tolerance", tolerance)
            status, result = planning.plan("move it")
            assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, ErrorCode.OUTSIDE_WORKSPACE)
            assert "2.0 mm beyond the bottom face" in result.error_msg and not result.plan.actions
        change(planning, "pose_tolerance", 0.01)
        change(planning, "max_reach", 0.01)  # the other limits are as they were
        assert planning.plan("move it")[1].error_code == ErrorCode.OUTSIDE_WORKSPACE
    assert planning.published() == before
    assert planning.process.stop() == 0, planning.process.log
