"""The live view: its page and its data over HTTP and WebSocket, fed over DDS; in a browser where there is one."""

import io
import os
import re
import signal
import subprocess
import sys
import warnings
from urllib.request import urlopen
from xml.etree import ElementTree

import numpy as np
import pytest
from ros_helpers import LATCHED, RELIABLE, TIMEOUT, NodeProcess, cloud_msg, scene_cloud, statuses

pytest.importorskip("viser", reason="viser is not installed: make env")
import browser
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import Point, PoseStamped
from places import ROOT
from sensor_msgs.msg import JointState, PointCloud2
from std_msgs.msg import String
from view_client import ViewClient
from visualization_msgs.msg import Marker, MarkerArray
from websockets.exceptions import ConnectionClosed

from moe3d_ros.msg import ModelInfo, TaskPlan
from moe3d_ros.nodes.planning.markers import plan_markers
from moe3d_ros.nodes.runtime.conversions import header, plan_to_msg, pose_to_msg
from moe3d_ros.plan import Action, Plan
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.tabletop.simulation.arm_model import HOME, description, joints
from moe3d_ros.view.robot_model import RobotModel
from moe3d_ros.view.webview import WebView, own_page, plan_html
from moe3d_ros.world.pose import Pose
from moe3d_ros.world.workspace import Workspace

DOWN = (1.0, 0.0, 0.0, 0.0)  # xyzw: z points down
STEP = Action(
    0,
    "pick_place",
    "red block",
    "green bowl",
    Pose((0.5, 0.1, 0.06), DOWN),
    Pose((0.4, -0.2, 0.05), DOWN),
    0.9,
    "pick the <red> block, place it in the green bowl",
)
NOTE = "The place pose of step 1 lay 2.0 mm beyond the bottom face of the workspace and was set on it."
PLAN = Plan("put {the red block} away", (STEP,), False, {"language": 0.25}, notes=(NOTE,))


def test_what_is_drawn_again_is_taken_away_without_a_warning():
    view = WebView(port=0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for pose in (STEP.pick, STEP.place, None):
                view.show_pose("pick", pose)
            view.show_pose("goal", STEP.pick, arrow=True)
            view.show_pose("goal", None, arrow=True)
            for _ in range(2):
                view.draw_text("number/0", (0.5, 0.0, 0.1), "1")
            view.erase("number/0")
    finally:
        view.close()


def start(namespace: str, **parameters) -> tuple[NodeProcess, str]:
    """A viewer on a free port, and the address of its page."""
    node = NodeProcess("viewer", {"port": 0, **parameters}, namespace=namespace)
    node.wait_log("The view is at")
    return node, re.search(r"The view is at (\S+)", node.log).group(1)


@pytest.fixture(scope="module")
def viewer():
    """A viewer that several tests look at, in the namespace `look`."""
    node, address = start("look")
    yield address
    assert node.stop() == 0, node.log
    assert "failed" not in node.log and "Traceback" not in node.log, node.log


@pytest.fixture
def client(viewer):
    client = ViewClient(viewer)
    yield client
    client.close()


def show(probe, plan: Plan, lifetime: float = 0.0) -> None:
    """Publish a plan with its markers and goals as the planner does."""
    head = header("base_link", probe.now())
    probe.talk(TaskPlan, "/look/plan", LATCHED).publish(plan_to_msg(plan, head))
    probe.talk(MarkerArray, "/look/plan_markers", LATCHED).publish(plan_markers(plan, head, lifetime))
    for action in plan.actions[:1]:
        for name, pose in (("pick", action.pick), ("place", action.place), ("goal", action.pick)):
            probe.talk(PoseStamped, f"/look/{name}_pose", RELIABLE).publish(pose_to_msg(pose, head))


def test_page_is_whole_and_comes_from_here(viewer):
    with urlopen(viewer) as answer:
        page = answer.read().decode()
    assert answer.status == 200
    assert viewer.startswith("http://localhost:")
    assert len(page) > 500_000  # scripts and styles are in it
    assert not re.search(r"""<(script|link|img)[^>]*(src|href)=["']?(https?:)?//""", page)


def test_voxels_and_workspace_reach_the_page(probe, client):
    points, colors = voxelize(*scene_cloud())
    talk = probe.talk(PointCloud2, "/look/voxels", RELIABLE)
    with probe.streaming(talk, lambda: cloud_msg(points, colors, "base_link", probe.now())):
        client.wait(lambda c: "/voxels" in c.nodes, "voxels")
    shown = client.nodes["/voxels"]
    assert np.abs(shown["points"].reshape(-1, 3) - points).max() <= 0.005 + 1e-5  # the middles of their cells
    np.testing.assert_array_equal(shown["colors"].reshape(-1, 3), colors)
    box = client.nodes["/workspace"]["points"].reshape(-1, 3)
    np.testing.assert_allclose([box.min(axis=0), box.max(axis=0)], [Workspace().low, Workspace().high], atol=1e-6)


def test_the_model_says_which_box_is_drawn_and_parameters_that_contradict_are_reported(probe):
    node, address = start("boxes")
    stubborn = NodeProcess("viewer", {"port": 0, "voxel_size": 0.02}, namespace="boxes", name="stubborn")
    client = ViewClient(address)
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    msg = ModelInfo(name="other", voxel_size=0.01, margin=0.02, header=header("base_link", probe.now()))
    msg.model_workspace_high = Point(x=1.0, y=2.0, z=0.5)
    msg.workspace_low, msg.workspace_high = Point(x=0.5, y=0.5, z=0.1), Point(x=0.9, y=1.5, z=0.4)
    latched = probe.talk(ModelInfo, "/boxes/model_info", LATCHED)
    latched.publish(msg)

    def corners(c) -> np.ndarray:
        box = c.nodes["/workspace"]["points"].reshape(-1, 3)
        return np.array([box.min(axis=0), box.max(axis=0)])

    wanted = [[0.5, 0.5, 0.1], [0.9, 1.5, 0.4]]  # the box that planned poses stay in
    client.wait(lambda c: "/workspace" in c.nodes and np.allclose(corners(c), wanted, atol=1e-6), "the model's box")
    array = diagnostics.wait(statuses("boxes/stubborn")("0.02 m, the planner's model was trained with 0.01 m"))
    assert array.status[0].level == DiagnosticStatus.WARN
    client.close()
    assert [node.stop(), stubborn.stop()] == [0, 0], node.log


def test_plan_is_drawn_and_written_and_the_next_one_replaces_it(probe, client):
    show(probe, PLAN)
    drawn = {"/plan/pick_axes/0", "/plan/place_axes/0", "/plan/arrow/0", "/plan/step/0", "/pick", "/place", "/goal"}
    client.wait(lambda c: drawn <= set(c.nodes) and "green bowl" in c.words, "plan")
    arrow = client.nodes["/plan/arrow/0"]["points"].reshape(2, 3)
    np.testing.assert_allclose(arrow, [[0.5, 0.1, 0.08], [0.4, -0.2, 0.07]], atol=1e-6)
    np.testing.assert_allclose(
        client.nodes["/goal"]["points"].reshape(2, 3)[:, 2], [0.18, 0.06], atol=1e-6
    )  # from above
    np.testing.assert_allclose(client.poses["/place"]["position"], STEP.place.position)
    np.testing.assert_allclose(client.poses["/place"]["wxyz"], (0, 1, 0, 0))
    assert client.nodes["/plan/step/0"]["text"] == "1"
    assert "put {the red block} away" in client.words
    assert "&lt;red&gt;" in client.words
    assert "0.25 s" in client.words
    assert NOTE in client.words
    late = ViewClient(f"http://{client._socket.remote_address[0]}:{client._socket.remote_address[1]}")
    late.wait(lambda c: drawn <= set(c.nodes) and "green bowl" in c.words, "plan for who comes later")
    late.close()
    show(probe, Plan("tidy up", (), True, {}))
    client.wait(lambda c: not drawn & set(c.nodes) and "Nothing is left to do." in c.words, "end of the plan before")


def test_the_robot_is_drawn_and_moves_with_its_joints(probe, client):
    described, states = probe.talk(String, "/look/robot_description", LATCHED), JointState(name=list(joints().names))
    described.publish(String(data=description("look_")))
    shapes = len(ElementTree.fromstring(description()).findall("link/visual"))

    def drawn(c) -> list[str]:
        return [name for name in c.nodes if re.fullmatch(r"/robot/\d+/\d+", name)]

    client.wait(lambda c: len(drawn(c)) == shapes, "robot")
    tool = f"/robot/{max(int(name.split('/')[2]) for name in drawn(client))}"  # the last link that has shapes
    wanted = RobotModel(description()).poses(dict(zip(joints().names, HOME)))["tool_link"][:3, 3]
    states.position = HOME.tolist()
    probe.talk(JointState, "/look/joint_states", RELIABLE).publish(states)
    there = {"position": (np.inf,) * 3}
    client.wait(lambda c: np.allclose(c.poses.get(tool, there)["position"], wanted, atol=1e-5), "movement")
    heard = probe.listen(DiagnosticArray, "/diagnostics", 10)
    described.publish(String(data="<robot"))
    assert heard.wait(statuses("look/viewer")("no URDF"))


def test_markers_replace_those_before_and_carry_their_lifetime():
    """What RViz goes by: a latched array that begins with DELETEALL, every other marker with the lifetime."""
    first, *others = plan_markers(PLAN, header("base_link", Time(sec=1)), lifetime=2.5).markers
    assert first.action == Marker.DELETEALL
    assert len(others) == 5
    assert all(m.action == Marker.ADD and (m.lifetime.sec, m.lifetime.nanosec) == (2, 500_000_000) for m in others)
    assert len({(m.ns, m.id) for m in others}) == 5


def test_markers_with_a_lifetime_vanish(probe, client):
    show(probe, PLAN, lifetime=1.0)
    client.wait(lambda c: "/plan/arrow/0" in c.nodes, "arrow")
    client.wait(
        lambda c: not any(name.startswith("/plan/") and name.endswith("/0") for name in c.nodes),
        "end of the markers",
        30.0,
    )
    assert "/pick" in client.nodes  # a pose has no lifetime


def test_typed_instruction_is_published(probe, client):
    heard = probe.node.get_subscriptions_info_by_topic("/look/instruction")
    assert [end for end in heard if end.node_name == "viewer"] == []  # else pub --once takes it for the planner
    inbox = probe.listen(String, "/look/instruction")
    client.wait(lambda c: any(g["type"] == "GuiTextMessage" for g in c.gui.values()), "text field")
    for _ in range(int(TIMEOUT // 5)):  # until the viewer has found this listener, nobody hears it
        client.type("  put the blocks in the bowls ")
        if inbox.came(5.0):
            break
    assert inbox.wait(timeout=0.0).data == "put the blocks in the bowls"
    client.wait(lambda c: "put the blocks in the bowls" in c.words, "instruction in the panel")


def test_other_sites_can_neither_look_nor_say(probe, viewer):
    strangers = []
    with pytest.raises(ConnectionClosed) as closed:  # at once, or while it says hello
        strangers.append(ViewClient(viewer, origin="http://elsewhere.example"))
        strangers[0].wait(lambda c: False, "end of the connection", 60.0)
    assert closed.value.rcvd.code == 1008
    assert not any(stranger.gui or stranger.nodes for stranger in strangers)
    friend = ViewClient(viewer, origin=viewer)
    friend.wait(lambda c: c.gui, "panel")
    friend.close()


@pytest.mark.parametrize(
    ("origin", "host", "listening", "own"),
    [
        ("http://localhost:8080", "localhost:8080", "127.0.0.1", True),
        (None, "127.0.0.1:8080", "127.0.0.1", True),
        ("http://localhost:3000", "localhost:8080", "127.0.0.1", False),
        ("http://rebound.example:8080", "rebound.example:8080", "127.0.0.1", False),
        ("http://robot.lan:8080", "robot.lan:8080", "0.0.0.0", True),
        ("null", "localhost:8080", "127.0.0.1", False),
    ],
)
def test_own_page(origin, host, listening, own):
    headers = {"Host": host, **({"Origin": origin} if origin else {})}
    assert own_page(headers, listening) is own


def test_words_of_others_are_no_markup():
    page = plan_html(Plan("<script>alert(1)</script>", (), True, {}), "")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_without_instructions_there_is_no_field():
    node, address = start("mute", instructions=False)
    client = ViewClient(address)
    client.wait(lambda c: "No plan yet" in c.words, "panel")
    client.wait(lambda c: any(g["type"] == "GuiCheckboxMessage" for g in c.gui.values()), "panel")
    assert not any(g["type"] in ("GuiTextMessage", "GuiFormMessage") for g in client.gui.values())
    client.close()
    assert node.stop() == 0


def test_host_that_cannot_be_listened_on_is_refused_with_the_reason():
    node = NodeProcess("viewer", {"host": "203.0.113.1"}, namespace="refused")
    node.wait_log("nobody can listen on the host '203.0.113.1'")
    assert node.process.wait(60) == 2
    assert "Traceback" not in node.log


def test_demo_with_a_view_stays_until_it_is_interrupted(tmp_path):
    pytest.importorskip("mujoco", reason="MuJoCo is not installed")
    command = [sys.executable, "-m", "moe3d_ros.demo", "--view", "--planner", "oracle_planner", "--out", str(tmp_path)]
    path = os.pathsep.join([str(ROOT), str(ROOT / "test" / "helpers"), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
    )
    said, address = [], ""
    try:
        for line in process.stdout:
            said.append(line)
            address = line.split()[-1] if line.startswith("Live view: ") else address
            if line.startswith("The view stays"):
                break
        assert address, "".join(said)
        client = ViewClient(address)
        client.wait(lambda c: "/voxels" in c.nodes and "green bowl" in c.words, "plan of the demo")
        client.type("put the red block in the green bowl")  # where it lies already
        client.wait(lambda c: "Nothing is left to do." in c.words or "No plan yet" in c.words, "answer")
        client.close()
    finally:
        process.send_signal(signal.SIGINT)
        said.append(process.communicate(timeout=TIMEOUT)[0])
    assert process.returncode == 0, "".join(said)
    assert (tmp_path / "plan.json").is_file()
    assert (tmp_path / "plan.png").is_file()


@pytest.mark.browser
@pytest.mark.skipif(browser.find() is None, reason="there is no Chromium here: apt-get install chromium")
def test_page_in_a_browser_shows_the_plan_and_takes_an_instruction(probe, viewer):
    inbox = probe.listen(String, "/look/instruction")
    points, colors = voxelize(*scene_cloud())
    talk = probe.talk(PointCloud2, "/look/voxels", RELIABLE)
    with browser.Page(viewer, 1000, 480, timeout=240.0) as page:
        page.wait_text("Instruction")
        page.type("put the red block away")
        assert inbox.wait().data == "put the red block away"
        with probe.streaming(talk, lambda: cloud_msg(points, colors, "base_link", probe.now()), rate=1.0):
            show(probe, PLAN)
            page.wait_text("pick the <red> block")
            red = lambda: count_red(page.screenshot())  # noqa: E731
            page.wait_until(lambda: red() > 20, "red voxel of the block")
        elsewhere = [r for r in page.requests if not r.startswith(("data:", "blob:", viewer, f"ws{viewer[4:]}"))]
        assert not elsewhere, elsewhere


def count_red(png: bytes) -> int:
    """Pixels in the colour of the block of `scene_cloud`."""
    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    return int((np.abs(pixels - (255, 87, 89)).max(axis=-1) < 12).sum())
