"""Arguments of the launch file: their defaults and choices, what they do to parameters, and what does not go together.

Free of ROS and of launch, which is not on the embedded route.
"""

from __future__ import annotations

from pathlib import Path

from moe3d_ros.world.gripper_names import GRIPPERS

YES, NO = ("true", "True", "1"), ("false", "False", "0")
EITHER = (*YES, *NO)
AS_FILED = ("", *EITHER)  # empty: as params_file says
LEVELS = ("debug", "info", "warn", "error", "fatal")
SCANS = (".pcd", ".ply")  # files that carry no time
TRANSPORTS = ("image_transport", "depth_image_transport", "point_cloud_transport")

# Name, default, choices, description; what begins with config/ stands in the share folder of the package.
ARGUMENTS = (
    ("sim", "false", EITHER, "Start the embedded tabletop simulator as camera and robot."),
    ("arm", "", AS_FILED, "With sim: an arm executes; false: suction without a body."),
    ("gripper", "", ("", *GRIPPERS), "With sim: what the arm takes things with."),
    ("cloud", "", (), "Path of a PCD or PLY file, or of a recording (MCAP, rosbag2), to replay as a camera."),
    ("rviz", "false", EITHER, "Start RViz with rviz_config."),
    (
        "rviz_config",
        "config/moe3d.rviz",
        (),
        "RViz configuration.",
    ),
    ("view", "false", EITHER, "Serve the live view in the browser, http://localhost:8080."),
    ("input", "", ("", "points", "depth"), "What the voxelizer listens to: points (PointCloud2) or depth (images)."),
    ("points", "points", (), "Topic of the cloud (input:=points)."),
    ("depth", "depth/image_rect", (), "Topic of the rectified depth image (input:=depth)."),
    ("camera_info", "depth/camera_info", (), "Topic of its camera_info (input:=depth)."),
    ("color", "rgb/image_rect_color", (), "Topic of the rectified colour image (input:=depth)."),
    (
        "color_info",
        "rgb/camera_info",
        (),
        "Topic of its camera_info, for colour not registered to depth (input:=depth).",
    ),
    (
        "image_transport",
        "",
        ("", "raw", "compressed"),
        "How the colour image comes: raw, or compressed on <topic>/compressed.",
    ),
    (
        "depth_image_transport",
        "",
        ("", "raw", "compressed", "compressedDepth"),
        "How the depth image comes: raw, compressedDepth, or compressed (PNG), each on <topic>/<transport>.",
    ),
    (
        "point_cloud_transport",
        "",
        ("", "raw", "zlib", "zstd"),
        "How the cloud comes: raw, or zlib or zstd on <topic>/<transport>.",
    ),
    ("planning_frame", "", (), "Frame of voxels, plans and poses, in RViz too."),
    ("table_parent", "", (), "Robot's frame, such as base_link, in which planning_frame is put on the table in view."),
    ("checkpoint", "", (), "Name or folder of the checkpoint."),
    ("device", "", (), "Where the model runs: cpu or cuda."),
    ("autostart", "", AS_FILED, "Voxelizer and planner configure and activate themselves; false: a manager does."),
    ("composed", "false", EITHER, "Voxelizer and planner in one process: clouds are handed over in memory."),
    ("respawn", "false", EITHER, "Start a node again that has ended by itself."),
    ("params_file", "config/planner.yaml", (), "Parameters of all nodes."),
    ("namespace", "", (), "Namespace of all nodes and of all topics but /diagnostics and /tf."),
    ("use_sim_time", "", AS_FILED, "Use /clock."),
    ("enclaves", "/moe3d_ros", (), "SROS2: the nodes' enclaves stand below this path; see docs/security.md."),
    ("log_level", "info", LEVELS, "How much the nodes say."),
)


def check(given: dict[str, str], wanted: set[str]) -> None:
    """Raise RuntimeError where nobody would publish the time that the nodes wait for."""
    source = "sim:=true" if "sim" in wanted else f"cloud:={given['cloud']}"
    if "use_sim_time" in wanted and ("sim" in wanted or Path(given["cloud"]).suffix.lower() in SCANS):
        raise RuntimeError(
            f"{source} publishes no /clock, so with use_sim_time:=true every node would wait for a time that never comes: "
            "leave use_sim_time out. It is for recordings, and for a simulator of your own that publishes /clock."
        )


def overrides(given: dict[str, str], wanted: set[str]) -> dict:
    """Parameters by node that arguments give; what is not given is as params_file says."""

    def only(**values) -> dict:
        return {name: value for name, value in values.items() if value not in ("", None)}

    autostart = given["autostart"] in YES if given["autostart"] else None
    frame = only(planning_frame=given["planning_frame"])
    parameters = {
        "voxelizer": {
            **frame,
            **only(autostart=autostart, **{name: given[name] for name in ("input", "table_parent", *TRANSPORTS)}),
        },
        "planner": {**frame, **only(autostart=autostart, checkpoint=given["checkpoint"], device=given["device"])},
        "tabletop": {**frame, **only(arm=given["arm"] in YES if given["arm"] else None, gripper=given["gripper"])},
        "viewer": frame,
        # A recording's time, for all nodes.
        "replay": {**frame, **only(cloud=given["cloud"], clock="use_sim_time" in wanted or None)},
    }
    return {f"/**/{node}": {"ros__parameters": values} for node, values in parameters.items() if values}
