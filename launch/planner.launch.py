"""Starts voxelizer and planner, and with them a source: the embedded simulator, a recorded scan, or your camera.

ros2 launch moe3d_ros planner.launch.py sim:=true rviz:=true
ros2 launch moe3d_ros planner.launch.py sim:=true view:=true
ros2 launch moe3d_ros planner.launch.py cloud:=/path/to/scan.pcd
ros2 launch moe3d_ros planner.launch.py cloud:=/path/to/recording use_sim_time:=true
ros2 launch moe3d_ros planner.launch.py points:=/camera/depth/color/points
ros2 launch moe3d_ros planner.launch.py composed:=true autostart:=false respawn:=true namespace:=robot1

An argument that is given wins over params_file; one that is not leaves what stands there.
"""

import tempfile

import yaml
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node, PushRosNamespace, SetParameter
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription
from moe3d_ros.nodes.settings.launch_arguments import ARGUMENTS, YES, check, overrides

SHARE = FindPackageShare("moe3d_ros")
RESPAWN_DELAY = 0.2  # seconds; a node's own start takes longer than that, so one that cannot start does not spin


def generate_launch_description() -> LaunchDescription:
    """Entry point of `ros2 launch`."""
    declared = [
        DeclareLaunchArgument(name, default_value=located(default), description=text, choices=list(choices) or None)
        for name, default, choices, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def located(default: str):
    """A default, below the share folder of the package where it is a file of it."""
    return PathJoinSubstitution([SHARE, default]) if default.startswith("config/") else default


def start(context) -> list:
    """Actions for the arguments as they were given. Raises RuntimeError where they do not go with each other."""
    given = {name: LaunchConfiguration(name).perform(context) for name, *_ in ARGUMENTS}
    wanted = {name for name, *_ in ARGUMENTS if given[name] in YES}
    check(given, wanted)
    with tempfile.NamedTemporaryFile("w", prefix="moe3d_ros_launch_", suffix=".yaml", delete=False) as file:
        yaml.safe_dump(overrides(given, wanted), file)
    return [
        *rviz(given, wanted),
        GroupAction([*clock(given, wanted), PushRosNamespace(given["namespace"]), *nodes(given, wanted, file.name)]),
    ]


def clock(given: dict, wanted: set) -> list:
    """Setting of use_sim_time for all nodes, where it is given."""
    return [SetParameter("use_sim_time", "use_sim_time" in wanted)] if given["use_sim_time"] else []


def nodes(given: dict, wanted: set, file: str) -> list:
    """The nodes, which read params_file and then ``file``."""
    sensors = [
        ("points", given["points"]),
        ("depth/image_rect", given["depth"]),
        ("depth/camera_info", given["camera_info"]),
        ("rgb/image_rect_color", given["color"]),
        ("rgb/camera_info", given["color_info"]),
    ]

    def node(program: str, remappings=(), **name) -> Node:
        return Node(
            package="moe3d_ros",
            executable=program,
            parameters=[given["params_file"], file],
            remappings=list(remappings),
            arguments=["--ros-args", "--log-level", given["log_level"], "--enclave", f"{given['enclaves']}/{program}"],
            output="screen",
            respawn="respawn" in wanted,
            respawn_delay=RESPAWN_DELAY,
            **name,
        )

    # Two nodes in one process: a name given to it would be both nodes' name.
    apart = [node("voxelizer", sensors, name="voxelizer"), node("planner", name="planner")]
    others = {"tabletop": "sim" in wanted, "viewer": "view" in wanted, "replay": given["cloud"] != ""}
    started = [node(program, name=program) for program, there in others.items() if there]
    return [*([node("composed", sensors)] if "composed" in wanted else apart), *started]


def rviz(given: dict, wanted: set) -> list:
    """RViz, before the nodes: where it is not installed, none of them is left running."""
    if "rviz" not in wanted:
        return []
    names = ("namespace", "use_sim_time", "planning_frame", "rviz_config")
    source = PythonLaunchDescriptionSource(PathJoinSubstitution([SHARE, "launch", "rviz.launch.py"]))
    return [IncludeLaunchDescription(source, launch_arguments=[(name, given[name]) for name in names])]
