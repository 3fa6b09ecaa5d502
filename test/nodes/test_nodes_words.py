"""Words of nodes about themselves: no old values, no warning of what is about to come, and at debug what they do."""

import signal
import subprocess
import sys

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from places import ROOT
from planning import INSTRUCTION
from ros_helpers import NodeProcess, cloud_msg, scene_cloud, statuses
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String

from moe3d_ros.nodes.runtime.diagnostics import values_of

POINTS, COLORS = scene_cloud()
OF_A_CLOUD = {
    "voxels",
    "age at publication (ms)",
    "points without a reading",
    "points lie away (m)",
    "table height (m)",
}


class Watched:
    """A voxelizer that is listened to, and its status."""

    def __init__(self, probe, namespace: str, **parameters):
        self.probe, self.report = probe, statuses(f"{namespace}/voxelizer")
        self.diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
        self.node = NodeProcess("voxelizer", parameters, namespace=namespace, log_level="debug")
        self.talk = probe.talk(PointCloud2, f"/{namespace}/points")
        probe.listen(PointCloud2, f"/{namespace}/voxels")
        self.change = probe.node.create_client(ChangeState, f"/{namespace}/voxelizer/change_state")

    def camera(self):
        """Context: clouds come."""
        return self.probe.streaming(self.talk, lambda: cloud_msg(POINTS, COLORS, "base_link", self.probe.now()))

    def next(self, text: str, seen=lambda values: True) -> dict[str, str]:
        """Values of the next status with ``text`` in its message and with ``seen`` values."""

        def of(array) -> list[dict[str, str]]:
            return [values_of(one) for one in array.status if self.report(text)(DiagnosticArray(status=[one]))]

        start = len(self.diagnostics.messages)
        return of(self.diagnostics.wait(lambda array: any(map(seen, of(array))), start=start))[0]


@pytest.fixture
def watched(probe):
    made = Watched(probe, "watched")
    yield made
    made.node.stop()


def test_a_camera_that_starts_a_moment_later_is_no_warning_and_one_that_stays_away_is(watched):
    waiting = watched.next("No sensor data")
    assert float(waiting["seconds without data"]) < 4
    with watched.camera():
        watched.next("working", lambda values: "seconds without data" not in values)
        assert "No sensor data" not in watched.node.log
    assert int(watched.next("No sensor data")["seconds without data"]) >= 0
    watched.node.wait_log("No sensor data: the publishers send nothing")


def test_values_of_a_cloud_go_with_the_work_on_it(watched):
    with watched.camera():
        assert watched.next("working", lambda values: values.keys() >= OF_A_CLOUD)
    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_DEACTIVATE))
    assert watched.probe.call(watched.change, request).success
    idle = watched.next("inactive")
    assert not idle.keys() & (OF_A_CLOUD | {"seconds without data"})
    assert {"planning frame", "publishes", "workspace"} <= idle.keys()  # still so


def test_at_debug_a_voxelizer_tells_each_cloud_and_how_it_listens(watched):
    with watched.camera():
        watched.node.wait_log("Listening to /watched/points, reliable.")
        watched.node.wait_log(f"{len(POINTS)} points of 1 of 1 views")


def test_at_debug_a_planner_tells_what_it_looks_at_and_how_long_it_took(probe, tiny_checkpoint):
    parameters = {"checkpoint": str(tiny_checkpoint), "min_confidence": 0.0}
    planner = NodeProcess("planner", parameters, namespace="told", log_level="debug")
    say = probe.talk(String, "/told/instruction")
    planner.wait_log("The model is ready")
    voxels = probe.talk(PointCloud2, "/told/voxels")
    with probe.streaming(voxels, lambda: cloud_msg(POINTS[:5000], COLORS[:5000], "base_link", probe.now())):
        say.publish(String(data=INSTRUCTION))
        planner.wait_log(f"Asked for a plan of '{INSTRUCTION}' with 0 steps completed.")
        planner.wait_log("Looking at 5000 voxels")
        planner.wait_log("The plan took")
    planner.stop()


@pytest.mark.parametrize("program", ["voxelizer", "planner", "tabletop", "viewer"])
@pytest.mark.parametrize("imported", ["numpy", "rclpy"])
def test_ctrl_c_among_the_imports_ends_a_node_without_a_traceback(program, imported):
    command = [sys.executable, "-X", "importtime", "-m", f"moe3d_ros.nodes.{program}"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    said = []
    for line in process.stderr:
        said.append(line)
        if line.split("|")[-1].strip() == imported:
            process.send_signal(signal.SIGINT)
            break
    said += process.communicate(timeout=60)[1]
    assert "Traceback" not in "".join(said)
    assert process.returncode == -signal.SIGINT
