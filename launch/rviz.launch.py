"""Starts RViz on the planner's topics; config/moe3d.rviz names them relative to the namespace."""

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

ARGUMENTS = (
    ("namespace", "", (), "Namespace of the planner's nodes."),
    ("use_sim_time", "", ("", "true", "True", "1", "false", "False", "0"), "Use /clock."),
    ("planning_frame", "", (), "Fixed frame; empty: as the configuration says."),
    (
        "rviz_config",
        PathJoinSubstitution([FindPackageShare("moe3d_ros"), "config", "moe3d.rviz"]),
        (),
        "RViz configuration.",
    ),
)


def generate_launch_description() -> LaunchDescription:
    """Entry point of `ros2 launch`."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text, choices=list(choices) or None)
        for name, default, choices, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def start(context) -> list:
    """The node of RViz."""
    given = {name: LaunchConfiguration(name).perform(context) for name, *_ in ARGUMENTS}
    frame = ["--fixed-frame", given["planning_frame"]] if given["planning_frame"] else []
    return [
        Node(
            package="rviz2",
            executable="rviz2",
            name="rviz",
            namespace=given["namespace"],
            output="screen",
            arguments=["-d", given["rviz_config"], *frame],
            parameters=[{"use_sim_time": given["use_sim_time"] in ("true", "True", "1")}],
        )
    ]
