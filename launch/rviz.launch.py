"""Starts RViz on the planner's topics; config/moe3d.rviz names them relative to the namespace."""

from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Entry point of `ros2 launch`."""
    namespace, use_sim_time = LaunchConfiguration("namespace"), LaunchConfiguration("use_sim_time")
    rviz_config = LaunchConfiguration("rviz_config")
    return LaunchDescription(
        [
            DeclareLaunchArgument("namespace", default_value="", description="Namespace of the planner's nodes."),
            DeclareLaunchArgument("use_sim_time", default_value="false", description="Use /clock."),
            DeclareLaunchArgument(
                "rviz_config",
                description="RViz configuration.",
                default_value=PathJoinSubstitution([FindPackageShare("moe3d_ros"), "config", "moe3d.rviz"]),
            ),
            Node(
                package="rviz2",
                executable="rviz2",
                name="rviz",
                namespace=namespace,
                output="screen",
                arguments=["-d", rviz_config],
                parameters=[{"use_sim_time": ParameterValue(use_sim_time, value_type=bool)}],
            ),
        ]
    )
