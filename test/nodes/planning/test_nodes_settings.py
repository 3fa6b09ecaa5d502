"""Settings of two nodes on one path, seen by the planner: what moveit_goals follows, and a voxelizer's larger box."""

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from planning import MAX_AGE, SHADES, VOXELS, Planning
from std_srvs.srv import Trigger

from moe3d_ros.nodes.runtime import diagnostics
from moe3d_ros.world.workspace import Workspace

CONFLICTS = "limits that contradict each other"  # key on /diagnostics


def follower(namespace: str, max_age: float) -> DiagnosticArray:
    """Status of a moveit_goals."""
    values = {
        diagnostics.PROGRAM: "moveit_goals",
        diagnostics.NAMESPACE: f"/{namespace}",
        diagnostics.MAX_AGE: str(max_age),
    }
    pairs = [KeyValue(key=key, value=value) for key, value in values.items()]
    return DiagnosticArray(status=[DiagnosticStatus(name="arm", values=pairs)])


def test_a_plan_that_nobody_would_follow_any_more_is_not_released(probe, tiny_checkpoint):
    planning = Planning(probe, "followed", checkpoint=str(tiny_checkpoint), require_confirmation=True)
    confirm = probe.node.create_client(Trigger, "/followed/confirm")
    tell = probe.talk(DiagnosticArray, "/diagnostics")
    with planning.look():
        assert planning.plan()[1].error_code == 0
    with probe.streaming(tell, lambda: follower("followed", 0.001)):
        planning.process.wait_log("moveit_goals follows poses of up to max_age (0.001 s)")
        refused = probe.call(confirm, Trigger.Request())
    assert not refused.success
    assert "max_age (0.001 s)" in refused.message
    with probe.streaming(tell, lambda: follower("followed", 3600.0)):
        planning.diagnostics.wait(planning.shows(CONFLICTS, "none"), start=len(planning.diagnostics.messages))
        with planning.look():
            assert planning.plan()[1].error_code == 0
        done = probe.call(confirm, Trigger.Request())
    assert done.success, done.message
    with probe.streaming(tell, lambda: follower("followed", 0.001)):
        planning.diagnostics.wait(
            lambda array: not planning.shows(CONFLICTS, "none")(array) and planning.report("")(array),
            start=len(planning.diagnostics.messages),
        )
    # It has ended, perhaps to be started with another max_age: after a while its last words count no more.
    planning.diagnostics.wait(planning.shows(CONFLICTS, "none"), start=len(planning.diagnostics.messages))
    assert planning.process.stop() == 0


def test_voxels_beyond_the_models_box_are_told_with_both_boxes(probe, tiny_checkpoint):
    planning = Planning(probe, "beyond", checkpoint=str(tiny_checkpoint), max_cloud_age=MAX_AGE, min_confidence=0.0)
    inside = Workspace().contains(VOXELS)
    near, colors = VOXELS[inside], SHADES[inside]
    far = near[:50] + np.float32([1.0, 0.0, 0.0])
    points, shades = np.concatenate([near, far]), np.concatenate([colors, colors[:50]])
    with planning.look(points, shades):
        _, result = planning.plan()
    assert result.error_code == 0, result.error_msg
    planning.diagnostics.wait(planning.report("50 of"), timeout=30)
    assert planning.process.stop() == 0
