"""Recordings played by `replay` and made by `record`, between real processes."""

import time

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="rosbags is not installed")
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from planning import INSTRUCTION, Planning
from ros_helpers import LATCHED, TIMEOUT, NodeProcess, scene_cloud
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from moe3d_ros.nodes.runtime.conversions import header, stamp_ns
from moe3d_ros.nodes.runtime.stamps import Timeline
from moe3d_ros.recording import bags
from moe3d_ros.sensing.clouds import read_cloud
from training.data.datasets import recordings

SECOND = bags.NANOSECONDS
FIRST = 1_700_000_000 * SECOND  # long ago
FRAME = "camera_optical_frame"


def transform(parent: str, child: str, x: float):
    """tf2_msgs/TFMessage with one transform: the child x metres ahead of the parent."""
    make = bags.message
    moved = make(
        "geometry_msgs/msg/Transform",
        translation=make("geometry_msgs/msg/Vector3", x=x, y=0.0, z=0.0),
        rotation=make("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0),
    )
    stamped = make(
        "geometry_msgs/msg/TransformStamped", header=bags.header(FIRST, parent), child_frame_id=child, transform=moved
    )
    return make("tf2_msgs/msg/TFMessage", transforms=[stamped])


def recording(path, frame: str = FRAME):
    """Two clouds, half a second apart, an instruction, two transforms, a pick pose and a type that nobody knows."""
    points, colors = scene_cloud(3000)
    return bags.write_bag(
        path,
        [
            ("/tf_static", FIRST, transform("base_link", FRAME, 0.0)),
            ("/tf_static", FIRST + 1, transform("base_link", "elsewhere", 1.0)),
            ("/points", FIRST + SECOND // 10, bags.cloud(points, colors, FIRST, frame)),
            ("/number", FIRST + SECOND // 5, bags.message("std_msgs/msg/Float64", data=1.0)),
            ("/pick_pose", FIRST + SECOND // 4, bags.pose_stamped((0.5, 0, 0.1), (1, 0, 0, 0), FIRST, "base_link")),
            ("/points", FIRST + 6 * SECOND // 10, bags.cloud(points[::-1], colors[::-1], FIRST + SECOND // 2, frame)),
            ("/instruction", FIRST + 7 * SECOND // 10, bags.string("put it there")),
        ],
    )


def test_a_recording_is_played_with_its_timing_and_fresh_stamps(probe, tmp_path):
    clouds, poses = probe.listen(PointCloud2, "/played/points"), probe.listen(PoseStamped, "/played/pick_pose")
    words = probe.listen(String, "/played/instruction")
    arrived = []
    probe.node.create_subscription(PointCloud2, "/played/points", lambda _: arrived.append(time.monotonic()), 10)
    before = probe.node.get_clock().now().nanoseconds
    replay = NodeProcess(
        "replay", {"cloud": str(recording(tmp_path / "bag")), "speed": 0.25, "delay": 5.0}, namespace="played"
    )
    assert words.wait().data == "put it there"
    first, second = (stamp_ns(clouds.wait(start=number).header.stamp) for number in (0, 1))
    assert second - first == 2 * SECOND  # half a second at a quarter of its speed
    assert before < first < second < probe.node.get_clock().now().nanoseconds
    assert arrived[1] - arrived[0] > 1.0
    np.testing.assert_allclose(read_cloud(clouds.messages[0])[0], scene_cloud(3000)[0])
    assert replay.process.wait(TIMEOUT) == 0, replay.log  # it ends with its recording
    replay.stop()
    assert replay.log.count("std_msgs/msg/Float64") == 1
    assert "/number" in replay.log
    assert not poses.messages  # a robot may follow it


def test_a_recording_in_a_loop_tells_the_time_to_those_who_use_it(probe, tmp_path):
    path = recording(tmp_path / "bag")
    voxels = probe.listen(PointCloud2, "/timed/voxels")
    clock, poses = probe.listen(Clock, "/clock"), probe.listen(PoseStamped, "/timed/pick_pose")
    voxelizer = NodeProcess("voxelizer", {"use_sim_time": True}, namespace="timed")
    settings = {"cloud": str(path), "clock": True, "loop": True, "topics": ["points", "/tf_static", "pick_pose"]}
    replay = NodeProcess("replay", settings, namespace="timed")
    msg = voxels.wait()
    assert msg.header.frame_id == "base_link"
    assert msg.width > 100
    assert stamp_ns(msg.header.stamp) in (FIRST, FIRST + SECOND // 2)  # as recorded
    late = probe.listen(TFMessage, "/tf_static", LATCHED)
    transforms = late.wait(lambda m: len(m.transforms) == 2).transforms
    assert {t.child_frame_id for t in transforms} == {FRAME, "elsewhere"}
    assert poses.wait().pose.position.x == 0.5  # it was named
    times = [stamp_ns(m.clock) for m in clock.messages]
    assert len(times) > 10
    assert all(FIRST <= t <= FIRST + SECOND for t in times)
    clock.wait(lambda m: stamp_ns(m.clock) == FIRST, start=len(times))  # the next round
    assert replay.alive() and replay.stop() == 0, replay.log
    assert voxelizer.stop() == 0


def test_what_cannot_be_played_is_refused_with_the_reason(tmp_path):
    whole = recording(tmp_path / "whole")
    cut = tmp_path / "cut.mcap"
    content = next(whole.glob("*.mcap")).read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    (tmp_path / "empty").mkdir()
    results = bags.write_bag(tmp_path / "results", [("/number", 1, bags.message("std_msgs/msg/Float64", data=1.0))])
    wrong = bags.BagWriter(tmp_path / "wrong")
    wrong.write("/instruction", "std_msgs/msg/String", FIRST, b"\x00\x01\x00\x00\x02\x00\x00\x00a\x00")
    wrong.write("/instruction", "std_msgs/msg/String", FIRST + 1, b"\x00\x01\x00\x00\xff\xff\xff\x00a\x00")
    wrong.close()
    cases = [  # parameters, exit code, words
        ({"cloud": str(cut)}, 2, "cut off"),
        ({"cloud": str(tmp_path / "nothing.mcap")}, 2, "There is no recording"),
        ({"cloud": str(tmp_path / "empty")}, 2, "no metadata.yaml"),
        ({"cloud": str(whole), "topics": ["/points", "/nobody"]}, 2, "The recording has no /nobody"),
        ({"cloud": str(results)}, 2, "nothing to play"),
        ({"cloud": str(wrong.path), "delay": 0.0}, 1, "a message on /instruction is no std_msgs/msg/String"),
    ]
    processes = [NodeProcess("replay", case[0], namespace=f"bad{number}") for number, case in enumerate(cases)]
    for process, (_, code, words) in zip(processes, cases):
        assert process.process.wait(TIMEOUT) == code, process.log
        process.stop()
        assert words in process.log
        assert "Traceback" not in process.log


def test_stamps_that_were_equal_stay_equal_and_other_clocks_are_recognised():
    timeline = Timeline(FIRST, 2 * FIRST, speed=2.0)
    depth, info = Image(), CameraInfo()
    for msg, received in ((depth, FIRST + 10), (info, FIRST + 30_000_000)):
        msg.header = header("camera", Time(sec=7))
        timeline.move(msg, received)
    assert stamp_ns(depth.header.stamp) == stamp_ns(info.header.stamp)
    assert abs(stamp_ns(depth.header.stamp) - 2 * FIRST) < SECOND  # recorded by simulated time, 7 s, played at present
    latest = Image()
    timeline.move(latest, FIRST)
    assert stamp_ns(latest.header.stamp) == 0


def test_a_run_is_recorded_and_read_as_a_demonstration(probe, tiny_checkpoint, tmp_path):
    folder = tmp_path / "monday"
    record = NodeProcess("record", {"output": str(folder)}, namespace="run")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    record.wait_log("Recording voxels")
    planning = Planning(probe, "run", checkpoint=str(tiny_checkpoint))

    def counted(topic):
        return lambda array: any(
            "run/record" in status.name and f"/run/{topic} rate (Hz)" in [value.key for value in status.values]
            for status in array.status
        )

    with planning.look():
        diagnostics.wait(counted("voxels"))
        planning.instruct.publish(String(data=INSTRUCTION))
        planning.inbox["place_pose"].wait()
        diagnostics.wait(counted("place_pose"))
        diagnostics.wait(counted("plan"))
    assert record.stop() == 0, record.log
    assert f"Wrote {folder}" in record.log
    planning.process.stop()
    found = bags.topics(folder)
    assert found["/run/plan"] == ("moe3d_ros/msg/TaskPlan", 1)
    assert found["/run/planned_action"][1] == 1
    names = {role: f"/run{name}" for role, (name, _) in recordings.TOPICS.items()}
    loaded = recordings.read(folder, names)
    # the poses of a random model hit nothing: no more than that is wrong with the demonstration
    assert {problem.field.split("[")[0] for problem in loaded.problems} <= {names["pick"], names["place"]}
    pick, recorded = planning.inbox["pick_pose"].messages[0].pose, next(bags.read_bag(folder, [names["pick"]])).msg.pose
    assert (recorded.position.x, recorded.orientation.w) == (pick.position.x, pick.orientation.w)
    stamp = next(bags.read_bag(folder, [names["cloud"]])).stamp_ns
    assert len(recordings.load_cloud(folder, names["cloud"], stamp).points) > 100
    plan = next(bags.read_bag(folder, ["/run/plan"])).msg
    said = planning.inbox["plan"].messages[0]
    assert plan.instruction == INSTRUCTION
    assert plan.actions[0].text == said.actions[0].text


def test_a_recording_is_never_overwritten_and_says_what_is_missing(tmp_path):
    cases = [
        ({"output": str(tmp_path)}, "exists already"),
        ({}, "set the parameter output"),
        ({"output": str(tmp_path / "x"), "storage": "csv"}, "mcap or sqlite3"),
    ]
    processes = [NodeProcess("record", case[0], namespace=f"no{number}") for number, case in enumerate(cases)]
    for process, (_, words) in zip(processes, cases):
        assert process.process.wait(TIMEOUT) == 2, process.log
        process.stop()
        assert words in process.log
        assert "Traceback" not in process.log
    assert not (tmp_path / "x").exists()
