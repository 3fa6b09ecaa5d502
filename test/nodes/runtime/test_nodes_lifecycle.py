"""The lifecycle over real DDS: what each transition does, how errors are mended, what is said while inactive."""

import os
import shutil
import subprocess
import sys

import pytest
from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from planning import Planning
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from ros_helpers import LOST, ROOT, TIMEOUT, NodeProcess, cloud_msg, scene_cloud, statuses
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String
from std_srvs.srv import Trigger

from moe3d_ros.plan import ErrorCode
from moe3d_ros.srv import AnswerQuestion


class Lifecycle:
    """What `ros2 lifecycle` and `ros2 param set` do."""

    def __init__(self, probe, node: str):
        self.probe, self.node = probe, node
        self._change = probe.node.create_client(ChangeState, f"{node}/change_state")
        self._get = probe.node.create_client(GetState, f"{node}/get_state")

    def change(self, name: str) -> bool:
        """Whether the transition was made; where no response came, the state tells."""
        before = self.state()
        for _ in range(2):
            future = self.begin(name)
            if self.probe.ended(future, LOST):
                return future.result().success
            if self.state() != before:
                return True
        return False

    def begin(self, name: str):
        """Ask for a transition without waiting for it: a future."""
        transition = Transition(id=getattr(Transition, f"TRANSITION_{name.upper()}"))
        return self.probe.begin(self._change, ChangeState.Request(transition=transition))

    def state(self) -> str:
        return self.probe.call(self._get, GetState.Request()).current_state.label

    def set(self, name: str, text: str):
        client = self.probe.node.create_client(SetParameters, f"{self.node}/set_parameters")
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=text)
        request = SetParameters.Request(parameters=[Parameter(name=name, value=value)])
        return self.probe.call(client, request).results[0]


@pytest.fixture(scope="module")
def managed(probe, tiny_checkpoint):
    """A planner that waits for its manager, and that manager."""
    planning = Planning(probe, "managed", voxels=False, checkpoint=str(tiny_checkpoint), autostart=False)
    yield planning, Lifecycle(probe, "/managed/planner")
    assert planning.process.stop() == 0, planning.process.log


def refuses_everything(planning, word: str) -> None:
    """Every way in is answered with the numbered error and a sentence, and nothing is published."""
    before, reports = planning.published(), len(planning.diagnostics.messages)
    status, result = planning.plan()
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, ErrorCode.NOT_ACTIVE)
    assert word in result.error_msg
    assert "ros2 lifecycle set /managed/planner activate" in result.error_msg
    planning.instruct.publish(String(data="put the red block in the green bowl"))
    planning.diagnostics.wait(planning.report(word), start=reports)
    node = planning.probe.node
    for name in ("replan", "confirm", "reject"):
        response = planning.probe.call(node.create_client(Trigger, f"/managed/{name}"), Trigger.Request())
        assert not response.success
        assert word in response.message
    question = node.create_client(AnswerQuestion, "/managed/answer")
    answer = planning.probe.call(question, AnswerQuestion.Request(question="what is on the table?"))
    assert not answer.success
    assert answer.error_code == ErrorCode.NOT_ACTIVE
    assert word in answer.message
    assert planning.published() == before


def test_a_planner_plans_only_while_it_is_active(managed):
    planning, lifecycle = managed
    assert lifecycle.state() == "unconfigured"
    refuses_everything(planning, "unconfigured")
    assert lifecycle.change("configure")
    assert lifecycle.state() == "inactive"
    refuses_everything(planning, "inactive")
    assert lifecycle.change("activate")
    assert lifecycle.state() == "active"
    planning.process.wait_log("model loaded")
    planning.voxels = planning.probe.talk(PointCloud2, "/managed/voxels")
    planning.answers_good_request()
    assert lifecycle.change("deactivate")
    assert lifecycle.state() == "inactive"
    refuses_everything(planning, "inactive")
    assert lifecycle.change("activate")
    planning.answers_good_request()
    assert lifecycle.change("deactivate")
    assert lifecycle.change("cleanup")
    assert lifecycle.state() == "unconfigured"


def test_deactivation_ends_the_request_that_runs(managed):
    planning, lifecycle = managed
    assert lifecycle.change("configure")
    assert lifecycle.change("activate")
    handle = planning.goal()  # waits for a cloud
    assert lifecycle.change("deactivate")
    answer = planning.answer_to(handle)
    assert (answer.status, answer.result.error_code) in (
        (GoalStatus.STATUS_ABORTED, ErrorCode.NOT_ACTIVE),
        (GoalStatus.STATUS_ABORTED, ErrorCode.NO_CLOUD),
    )
    assert lifecycle.change("cleanup")


def test_an_impossible_transition_is_refused_and_the_node_lives(managed):
    planning, lifecycle = managed
    for name in ("activate", "deactivate", "cleanup"):
        assert not lifecycle.change(name)
        assert lifecycle.state() == "unconfigured"
    planning.process.wait_log("Possible from 'unconfigured': configure, shutdown")
    assert lifecycle.change("configure")
    assert not lifecycle.change("configure")
    assert lifecycle.change("cleanup")
    assert planning.process.alive()


def test_what_is_read_at_configure_can_be_set_before_and_not_after(managed, tiny_checkpoint):
    _, lifecycle = managed
    assert not lifecycle.set("device", "gpu").successful
    assert lifecycle.set("device", "cpu").successful
    assert lifecycle.change("configure")
    refused = lifecycle.set("device", "cpu")
    assert not refused.successful
    assert "clean up" in refused.reason
    assert lifecycle.change("cleanup")


def test_a_model_that_cannot_be_loaded_fails_the_activation_until_it_is_there(managed, tiny_checkpoint, tmp_path):
    planning, lifecycle = managed
    assert lifecycle.set("checkpoint", str(tmp_path / "tiny")).successful
    assert lifecycle.change("configure")
    assert not lifecycle.change("activate")
    assert lifecycle.state() == "inactive"
    planning.process.wait_log("no checkpoint folder")
    planning.diagnostics.wait(planning.report("no checkpoint folder"))
    shutil.copytree(tiny_checkpoint, tmp_path / "tiny")
    assert lifecycle.change("activate")
    assert lifecycle.state() == "active"
    planning.answers_good_request()
    assert lifecycle.change("deactivate")
    assert lifecycle.change("cleanup")


def test_the_node_answers_while_a_transition_loads_the_model(managed, tmp_path, tiny_checkpoint):
    """A pipe in place of the configuration holds the load until the test writes it."""
    planning, lifecycle = managed
    shutil.copytree(tiny_checkpoint, tmp_path / "slow")
    content = (tmp_path / "slow" / "config.json").read_bytes()
    (tmp_path / "slow" / "config.json").unlink()
    os.mkfifo(tmp_path / "slow" / "config.json")
    assert lifecycle.set("checkpoint", str(tmp_path / "slow")).successful
    assert lifecycle.change("configure")
    activated = lifecycle.begin("activate")
    pipe = os.open(tmp_path / "slow" / "config.json", os.O_WRONLY)  # returns when the node reads
    (tmp_path / "slow" / "config.json").unlink()
    (tmp_path / "slow" / "config.json").write_bytes(content)
    assert lifecycle.state() == "activating"
    status, result = planning.plan()
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, ErrorCode.NOT_ACTIVE)
    assert "still loading" in result.error_msg
    assert not lifecycle.change("deactivate")
    os.write(pipe, content)
    os.close(pipe)
    assert planning.probe.result(activated).success
    assert lifecycle.state() == "active"
    assert lifecycle.change("deactivate")
    assert lifecycle.change("cleanup")


@pytest.mark.parametrize(
    ("program", "parameters", "words", "name", "good"),
    [
        ("planner", {"device": "gpu"}, "cuda:N", "device", "cpu"),
        ("voxelizer", {"input": 3}, "input", "input", "points"),
        ("voxelizer", {"planning_frame": "/base_link"}, "without a slash", "planning_frame", "base_link"),
    ],
)
def test_configure_fails_with_the_reason_of_a_bad_parameter(probe, program, parameters, words, name, good):
    node = NodeProcess(program, {**parameters, "autostart": False}, namespace=f"bad_{name}")
    lifecycle = Lifecycle(probe, f"/bad_{name}/{program}")
    assert not lifecycle.change("configure")
    assert lifecycle.state() == "unconfigured"
    node.wait_log(words)
    assert lifecycle.set(name, good).successful
    assert lifecycle.change("configure")
    assert lifecycle.state() == "inactive"
    assert node.stop() == 0


def test_a_voxelizer_sends_voxels_only_while_it_is_active(probe):
    node = NodeProcess("voxelizer", {"autostart": False}, namespace="eyes")
    lifecycle = Lifecycle(probe, "/eyes/voxelizer")
    voxels = probe.listen(PointCloud2, "/eyes/voxels")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    camera = probe.node.create_publisher(PointCloud2, "/eyes/points", 5)
    points, colors = scene_cloud()
    with probe.streaming(camera, lambda: cloud_msg(points, colors, "base_link", probe.now())):
        diagnostics.wait(statuses("eyes/voxelizer")("is unconfigured: activate it"))
        assert lifecycle.change("configure")
        assert lifecycle.change("activate")
        assert voxels.wait().header.frame_id == "base_link"
        assert lifecycle.change("deactivate")
        reports = len(diagnostics.messages)
        diagnostics.wait(statuses("eyes/voxelizer")("is inactive: activate it"), start=reports)
        count = len(voxels.messages)
        diagnostics.wait(statuses("eyes/voxelizer")("is inactive"), start=len(diagnostics.messages))
        assert len(voxels.messages) == count
        assert lifecycle.change("activate")
        voxels.wait(start=count)
        assert lifecycle.change("active_shutdown")
        assert lifecycle.state() == "finalized"
    assert node.stop() == 0
    assert State.PRIMARY_STATE_FINALIZED


@pytest.mark.slow
def test_memory_comes_back_after_every_cycle():
    command = [sys.executable, "-m", "benchmarks", "lifecycle", "--cycles", "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0 and "first cycle's: yes" in done.stdout, done.stdout + done.stderr
