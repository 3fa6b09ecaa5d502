"""The parameters of the nodes: names, defaults, units, ranges, and when each may change. Free of ROS.

This is their one home: the nodes declare what stands here, `docs/parameters.md` is generated from it, and
`config/planner.yaml` is held equal to it by a test.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from moe3d_ros.nodes.runtime import parameter_checks as checks
from moe3d_ros.nodes.runtime.parameter_checks import CAMERA_NAMES, FOLLOW_BOX, LARGEST_VOXEL
from moe3d_ros.robot.safety import parse_box, parse_boxes
from moe3d_ros.sensing.expectations import CORRECT, WARN_ONLY, WITHHOLD
from moe3d_ros.world.gripper_names import GRIPPERS, SUCTION

START, CONFIGURE, LIVE = "at start", "unconfigured", "any time"
WHEN = {
    START: "Read once, at the start of the node.",
    CONFIGURE: "Read when the node is configured; read-only until it is cleaned up.",
    LIVE: "May be changed while the node runs; holds from the next request on.",
}
RELIABILITIES = ("auto", "reliable", "best_effort")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a node.

    Attributes:
        name, default: the default's type is the parameter's.
        description: one sentence.
        unit: of the number or of each number, empty where it has none.
        low, high: inclusive range of a number.
        choices: what a text may be.
        when: START, CONFIGURE or LIVE.
        check: called with the value; raises ValueError with the reason where it cannot be used.
        safety: it guards people and things; a name that looks like it and is none keeps the node from starting.
    """

    name: str
    default: Any
    description: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    when: str = START
    check: Callable[[Any], Any] | None = None
    safety: bool = False

    def problem(self, value) -> str | None:
        """Reason why the value cannot be used, as a sentence; None where it can."""
        numbers = value if isinstance(self.default, list) and not isinstance(self.default[0], str) else [value]
        if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
            return f"The parameter {self.name} is {value}: give a finite number."
        if self.low is not None and not self.low <= value <= self.high:
            span = f"{self.low:g} to {self.high:g} {self.unit}".rstrip()
            return f"The parameter {self.name} is {value}: set it to {span}."
        if self.choices and value not in self.choices:
            return f"The parameter {self.name} is '{value}': set it to {' or '.join(self.choices)}."
        if self.check is not None:
            try:
                self.check(list(value) if isinstance(self.default, list) else value)
            except ValueError as error:
                return f"The parameter {self.name} cannot be used: {error}."
        return None


PLANNING_FRAME = Parameter(
    "planning_frame",
    "base_link",
    "Frame of voxels, plans and poses: the robot's base.",
    check=checks.frame,
    safety=True,
)


TABLE_HEIGHT = Parameter(
    "table_height",
    WITHHOLD,
    "What becomes of a cloud whose table is 8 mm too low, 1 cm too high or 2 degrees off or more: warn only, correct it by up to 5 cm and 5 "
    "degrees (where the table is known to be at z = 0 and the camera is not), or withhold it. Said from 5 mm on.",
    choices=(WARN_ONLY, CORRECT, WITHHOLD),
)


TRANSFORMS = (
    Parameter("transform_timeout", 0.1, "Longest wait for the transform at the stamp of what is seen.", "s", 0.0, 10.0),
    Parameter("static_transforms", [""], "Static transforms 'parent child x y z qx qy qz qw', for where nobody "
              "publishes them.", "m", check=checks.transforms, safety=True),
)  # fmt: skip


def _managed(*parameters: Parameter) -> tuple[Parameter, ...]:
    """The table of a node with a lifecycle: what is not live is read when it is configured."""
    autostart = Parameter(
        "autostart", True, "Configure and activate at the start; false: wait for a lifecycle manager."
    )
    return (autostart, *(replace(p, when=CONFIGURE) if p.when == START else p for p in parameters))


def _space(box: str, edge: str) -> tuple[Parameter, ...]:
    """The box and the voxel size of a node that follows the planner's `model_info`."""
    return (
        Parameter(
            "workspace_low",
            FOLLOW_BOX,
            f"Lowest x, y, z of the box {box}, in the planning frame; [0.0]: as the planner's model_info says.",
            "m",
            check=checks.corner,
            safety=True,
        ),
        Parameter(
            "workspace_high",
            FOLLOW_BOX,
            "Highest x, y, z of that box; [0.0]: as model_info says.",
            "m",
            check=checks.corner,
            safety=True,
        ),
        Parameter(
            "voxel_size",
            0.0,
            f"{edge}, 0.001 or more; 0.0: as model_info says.",
            "m",
            0.0,
            LARGEST_VOXEL,
            check=checks.voxel_size,
        ),
    )


VOXELIZER = _managed(
    Parameter("input", "points", "What to listen to: points (PointCloud2) or depth (depth and colour images, "
              "camera_info).", choices=("points", "depth")),
    Parameter("image_transport", "raw", "How colour images come: raw, or compressed (JPEG or PNG) on <topic>/compressed.",
              choices=("raw", "compressed")),
    Parameter("depth_image_transport", "raw", "How depth images come: raw, compressedDepth (PNG or RVL) on "
              "<topic>/compressedDepth, or compressed (PNG of 16 bits) on <topic>/compressed.",
              choices=("raw", "compressed", "compressedDepth")),
    Parameter("point_cloud_transport", "raw", "How clouds come: raw, or zlib or zstd on <topic>/zlib or <topic>/zstd, which needs "
              "point_cloud_interfaces.", choices=("raw", "zlib", "zstd")),
    Parameter("cameras", [""], "Several cameras to merge: names that stand before the topics of each, such as left for "
              "left/points or left/depth/image_rect; none named: one camera, without prefix.", check=checks.camera_topics),
    Parameter("clouds", [""], "Topics of PointCloud2 to merge, beside cameras or instead; a name that ends in /zlib or "
              "/zstd says its own transport.", check=checks.camera_topics),
    Parameter("fusion_tolerance", 0.1, "Largest difference between the stamps of two cameras that are merged.", "s",
              0.0, 10.0, safety=True),
    Parameter("camera_timeout", 1.0, "With several cameras: oldest view that is merged, and how long a camera is "
              "waited for.", "s", 0.01, 60.0, safety=True),
    Parameter("missing_cameras", "continue", "What becomes of voxels while a camera is missing: continue without it, "
              "or refuse.", choices=("continue", "refuse"), safety=True),
    Parameter("uncolored_points", "grey", "Points that the colour camera does not see, being outside its image or "
              "hidden from it: grey where nothing else colours their voxel, or drop.", choices=("grey", "drop")),
    PLANNING_FRAME,
    *_space("that voxels are made in", "Edge of a voxel"),
    *TRANSFORMS,
    Parameter("table_plane", False, "Last resort: a frame without transform is put on the table that is in view, found "
              "as a plane in the first cloud that shows one clearly.", safety=True),
    Parameter("table_parent", "", "Frame of the robot, z up, such as base_link, in which height and tilt of the table are "
              "measured once, in the first cloud that shows it clearly: planning_frame, such as table, is then put on it "
              "and published as its child; empty: planning_frame is taken as it is.", check=checks.frame_or_none,
              safety=True),
    TABLE_HEIGHT,
    Parameter("depth_scale", 0.0, "Metres per unit of the depth images, such as 0.0001; 0.0: as the encoding says, "
              "0.001 for 16UC1 and 1 for 32FC1.", "m", 0.0, 1.0),
    Parameter("depth_max", 0.0, "Depth from which on nothing is a reading; 0.0: a value that many pixels share beyond "
              "all others is taken as the end of the range.", "m", 0.0, 100.0),
    Parameter("future_tolerance", 1.0, "Farthest that a stamp may lie in the future of this node's clock; a cloud "
              "beyond is dropped.", "s", 0.0, 3600.0),
    Parameter("sync_tolerance", 0.02, "Largest difference between the stamps of depth, camera_info and colour.", "s",
              0.0, 1.0),
    Parameter("reliability", "auto", "Quality of service of the sensor topics.", choices=RELIABILITIES),
    Parameter("idle_rate", 1.0, "Clouds that are looked at while nobody listens to voxels; 0: the sensors are not even "
              "subscribed to then.", "Hz", 0.0, 100.0),
)  # fmt: skip

PLANNER = _managed(
    Parameter("checkpoint", "default", "Name or folder of the checkpoint."),
    Parameter("device", "cpu", "Where the model runs: cpu, cuda or cuda:N.", check=checks.device),
    Parameter("threads", 0, "CPU threads of the model; 0: half of the cores.", "", 0, 256),
    Parameter("base_llm", "", "Folder or file of the base LLM; empty: as the checkpoint says."),
    Parameter("llm_weights", "auto", "Weights of the LLM. auto: bfloat16 on CPUs that multiply in it (AMX, AVX512-BF16), which "
              "takes 0.6 of the memory and three quarters of the time; float32 elsewhere. int8, on a CPU: less of both than float32; "
              "the layers that the reasoner reads stay as they are.", choices=("auto", "float32", "bfloat16", "int8")),
    PLANNING_FRAME,
    Parameter("workspace", "", "Part of the model's workspace that no planned pose may leave, 'x0 y0 z0 x1 y1 z1' in the "
              "planning frame; empty: all of it.", "m", check=parse_box, safety=True),
    Parameter("pose_tolerance", 0.01, "Farthest outside the workspace that a planned pose is set on its face, and said "
              "so, instead of withholding the plan; 0: none.", "m", 0.0, 0.1, when=LIVE, safety=True),
    replace(TABLE_HEIGHT, choices=(WARN_ONLY, WITHHOLD), when=LIVE, safety=True, description="What becomes of voxels whose table is 1 "
            "cm or 2 degrees off or more: warn only, or withhold the plan; the voxelizer measures it before."),
    Parameter("max_cloud_age", 5.0, "Oldest cloud that is planned on, and that a plan still rests on when it is "
              "published; 0: any.", "s", 0.0, 3600.0, when=LIVE, safety=True),
    Parameter("cloud_wait", 1.0, "How long a request waits for a good cloud.", "s", 0.0, 60.0, when=LIVE),
    Parameter("detector", "none", "Whose labelled things are taken from the topic detector/detections: none, vision_msgs "
              "(Detection3DArray) or yolo_msgs (DetectionArray of yolo_ros, with boxes in 3D); or of an image, with the "
              "camera's detector/camera_info: vision_msgs_2d (Detection2DArray) or yolo_msgs_2d (masks or boxes).",
              choices=("none", "vision_msgs", "yolo_msgs", "vision_msgs_2d", "yolo_msgs_2d")),
    Parameter("detector_score", 0.5, "Least score of a detection that is taken.", "", 0.0, 1.0, when=LIVE),
    Parameter("detector_tolerance", 1.0, "Largest difference between the stamps of the detections and of the cloud that is "
              "planned on.", "s", 0.0, 60.0, when=LIVE, safety=True),
    *TRANSFORMS,
    Parameter("publish_detections", False, "Publish what is seen with each plan on the topic detections "
              "(vision_msgs/Detection3DArray)."),
    Parameter("max_steps", 8, "Most steps of a plan where the request names no number.", "", 1, 64, when=LIVE),
    Parameter("planning_timeout", 60.0, "Longest time for one plan.", "s", 0.1, 3600.0, when=LIVE),
    Parameter("auto_replan", False, "Look and plan again when a step's place is reached, until nothing is left.",
              when=LIVE),
    Parameter("max_reach", 0.0, "Farthest pose from the planning frame's origin; 0: no limit.", "m", 0.0, 100.0,
              when=LIVE, safety=True),
    Parameter("keep_out", [""], "Boxes 'x0 y0 z0 x1 y1 z1' in the planning frame that no pose may be in.", "m",
              when=LIVE, check=parse_boxes, safety=True),
    Parameter("min_confidence", 0.0, "Least confidence of every step of a plan; 0: no limit.", "", 0.0, 1.0,
              when=LIVE, safety=True),
    Parameter("require_confirmation", False, "Hold the goals of a plan back until the service confirm is called.",
              when=LIVE, safety=True),
    Parameter("confirmation_timeout", 60.0, "How long a held plan can be confirmed; 0: any time.", "s", 0.0, 86400.0,
              when=LIVE, safety=True),
    Parameter("marker_lifetime", 0.0, "How long markers stay; 0: until the next plan.", "s", 0.0, 3600.0, when=LIVE),
)  # fmt: skip

TABLETOP = (
    Parameter("seed", 0, "Seed of the sensor noise, and of the scene: the first from this one on that has what contains "
              "asks for, so seeds close together may show the same table.", "", 0, 2**31 - 1),
    Parameter("contains", ["red block", "green bowl"], "Things that must be on the table, as colour and kind (block, "
              "bowl, zone), each exactly once."),
    Parameter("cameras", ["front", "left", "right"], f"Cameras, some of {', '.join(CAMERA_NAMES)}; the first one "
              "publishes its images too.", check=checks.cameras),
    Parameter("width", 640, "Width of the images.", "px", 64, 1920),
    Parameter("height", 480, "Height of the images.", "px", 48, 1080),
    Parameter("rate", 2.0, "Clouds a second.", "Hz", 0.1, 30.0),
    PLANNING_FRAME,
    Parameter("auto_execute", False, "Execute every planned_action as it comes, instead of by the service execute.",
              when=LIVE),
    Parameter("arm", True, "An arm executes, seen in joint_states, robot_description and /tf, and refuses what it cannot "
              "reach; false: suction without a body."),
    Parameter("gripper", SUCTION, "What the arm takes things with: a suction cup on a bent pipe, or two parallel fingers that "
              "open by 8.5 cm, which have no room to take things from their sides.", choices=GRIPPERS),
    Parameter("arm_speed", 1.0, "Speed of an execution; 0: as fast as it can be computed, and unseen but for its end.",
              "times real time", 0.0, 100.0, when=LIVE),
    Parameter("film", "", "Path of a GIF that shows all executions so far; empty: none."),
    Parameter("task", "", "Instruction of a long task whose table is laid instead of one with what contains asks for, and "
              "whose goals are judged; empty: none."),
)  # fmt: skip

REPLAY = (
    Parameter("cloud", "", "Path of a PCD or PLY file, metres, or of a recording: an .mcap or .db3 file or a rosbag2 "
              "folder."),
    Parameter("rate", 2.0, "Clouds a second, of a PCD or PLY file.", "Hz", 0.01, 100.0),
    Parameter("frame_id", "camera_optical_frame", "Frame of the file's points.", check=checks.frame),
    PLANNING_FRAME,
    Parameter("table_frame", True, "Find the table as a plane and publish the transform; only where frame_id is not "
              "the planning frame."),
    Parameter("table_center", [0.5, 0.0, 0.0], "Position of the scene's middle on the table in the planning frame, "
              "x, y, z.", "m", check=checks.three),
    Parameter("camera_pose", [0.0], "The camera's pose in the planning frame where it is known, x y z qx qy qz qw; "
              "then no table is searched.", "m", check=checks.pose),
    Parameter("topics", [""], "Topics of a recording to publish; none named: clouds, images, camera_info, transforms "
              "and texts, but nothing that a robot may follow."),
    Parameter("speed", 1.0, "How fast a recording is played; 1: as it was recorded.", "times", 0.01, 100.0),
    Parameter("loop", False, "Begin a recording again at its end; false: the node ends then."),
    Parameter("clock", False, "Publish /clock from the times of a recording and leave its stamps as they are; false: "
              "stamps move to now."),
    Parameter("delay", 1.0, "Time before the first message of a recording, for subscribers to be found.", "s", 0.0,
              3600.0),
)  # fmt: skip

RECORD = (
    Parameter("output", "", "Folder of the recording to make; it must not exist yet."),
    Parameter("topics", ["voxels", "instruction", "plan", "planned_action", "pick_pose", "place_pose", "/tf_static"],
              "Topics to record; a topic whose type is not known beforehand is recorded from its first publisher on."),
    Parameter("storage", "mcap", "File format.", choices=("mcap", "sqlite3")),
)  # fmt: skip

MOVEIT_GOALS = (
    PLANNING_FRAME,
    Parameter("group", "manipulator", "MoveIt's planning group."),
    Parameter("tool_link", "tool0", "Link whose frame is brought to the poses: the tool's tip, z out of the tool.", safety=True),
    Parameter("approach", 0.10, "Way along the tool's z before a pick and a place.", "m", 0.0, 1.0, safety=True),
    Parameter("retreat", 0.10, "Way back along the tool's z after a pick and a place.", "m", 0.0, 1.0, safety=True),
    Parameter("max_age", 90.0, "Oldest pose that is followed, by its stamp; 0: any. Longer than the planner's "
              "confirmation_timeout and max_cloud_age together.", "s", 0.0, 3600.0, when=LIVE, safety=True),
    Parameter("speed", 0.1, "Share of the arm's highest speed and acceleration.", "", 0.001, 1.0, when=LIVE, safety=True),
    Parameter("planning_time", 5.0, "Longest time MoveIt may plan a motion.", "s", 0.1, 600.0, when=LIVE),
    Parameter("attempts", 5, "How often MoveIt tries to plan a motion.", "", 1, 100, when=LIVE),
    Parameter("motion_timeout", 60.0, "Longest time for a motion with its planning and the gripper's part.", "s", 0.1,
              3600.0, when=LIVE, safety=True),
    Parameter("position_tolerance", 0.001, "Radius around the position.", "m", 0.00001, 0.1, when=LIVE, safety=True),
    Parameter("orientation_tolerance", 0.01, "Largest turn away about each axis.", "rad", 0.0001, 3.15, when=LIVE, safety=True),
    Parameter("straight_pipeline", "pilz_industrial_motion_planner", "Planning pipeline of contacts and retreats, "
              "which should be straight; empty: MoveIt's default.", when=LIVE),
    Parameter("straight_planner", "LIN", "Planner of that pipeline; empty: its default.", when=LIVE),
    Parameter("turns", 1, "Equal turns about the tool's axis that the approach of a pick may be tried at, 1: as planned alone; 2 "
              "for fingers, 4 for square things, more for suction.", "", 1, 36),
    Parameter("replans", 0, "How often in a row a new plan is asked for where a goal is not reached and nothing is held.", "", 0,
              10, when=LIVE, safety=True),
    Parameter("scene", True, "Put what the planner sees into MoveIt's planning scene, with the table below it, and attach what is "
              "held."),
    Parameter("touch_links", [""], "Links of the gripper that may touch what is held, besides tool_link.", when=LIVE),
    Parameter("gripper", True, "Use the gripper at the pick and the place; false: something else moves it."),
    Parameter("gripper_type", "set_bool", "How the gripper is used: the service gripper (std_srvs/SetBool; true: hold), or the "
              "action gripper_command (control_msgs/GripperCommand).", choices=("set_bool", "gripper_command")),
    Parameter("gripper_open", 0.08, "Position of gripper_command that lets go.", "m", -10.0, 10.0, when=LIVE, safety=True),
    Parameter("gripper_closed", 0.0, "Position of gripper_command that holds.", "m", -10.0, 10.0, when=LIVE, safety=True),
    Parameter("gripper_effort", 20.0, "Greatest effort of gripper_command.", "N", 0.0, 1000.0, when=LIVE, safety=True),
)  # fmt: skip

VIEWER = (
    PLANNING_FRAME,
    Parameter("host", "127.0.0.1", "Address to listen on; 127.0.0.1: this machine alone, 0.0.0.0: all networks. There "
              "is no password.", safety=True),
    Parameter("port", 8080, "Port of the page; the next free one is taken where it is not; 0: any.", "", 0, 65535),
    Parameter("instructions", True, "Whoever sees the page may type an instruction; false: only look.", safety=True),
    *_space("that is drawn", "Edge of a voxel as it is drawn"),
    Parameter("rate", 5.0, "Most clouds of voxels that are drawn a second.", "Hz", 0.1, 30.0),
)  # fmt: skip

MCP = (
    Parameter("release", True, "Offer the tool release, by which a plan goes through the planner's confirmation gate; false: only "
              "people at the robot release.", safety=True),
    Parameter("timeout", 120.0, "Longest wait for an answer of the planner.", "s", 0.1, 3600.0, when=LIVE),
    Parameter("wait", 5.0, "Longest wait for the planner to be found.", "s", 0.1, 600.0, when=LIVE),
)  # fmt: skip

TABLES = {
    "voxelizer": VOXELIZER,
    "planner": PLANNER,
    "tabletop": TABLETOP,
    "replay": REPLAY,
    "record": RECORD,
    "moveit_goals": MOVEIT_GOALS,
    "viewer": VIEWER,
    "mcp": MCP,
}

SAFETY = frozenset(parameter.name for table in TABLES.values() for parameter in table if parameter.safety)
