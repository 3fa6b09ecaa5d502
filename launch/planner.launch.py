"""Starts voxelizer and planner, and with them a source: the embedded simulator, a recorded scan, or your camera.

ros2 launch moe3d_ros planner.launch.py sim:=true rviz:=true
ros2 launch moe3d_ros planner.launch.py sim:=true view:=true
ros2 launch moe3d_ros planner.launch.py cloud:=/path/to/scan.pcd
ros2 launch moe3d_ros planner.launch.py cloud:=/path/to/recording use_sim_time:=true
ros2 launch moe3d_ros planner.launch.py points:=/camera/depth/color/points
ros2 launch moe3d_ros planner.launch.py composed:=true autostart:=false respawn:=true namespace:=robot1
"""

from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription
from launch.conditions import IfCondition, UnlessCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, NotEqualsSubstitution, PathJoinSubstitution
from launch_ros.actions import Node, PushRosNamespace, SetParameter
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

SHARE = FindPackageShare("moe3d_ros")
COMPOSED = PathJoinSubstitution([SHARE, "config", "composed.yaml"])

RESPAWN_DELAY = 0.2  # seconds; a node's own start takes longer than that, so one that cannot start does not spin

ARGUMENTS = (
    ("sim", "false", "Start the embedded tabletop simulator as camera and robot."),
    ("cloud", "", "Path of a PCD or PLY file, or of a recording (MCAP, rosbag2), to replay as a camera."),
    ("rviz", "false", "Start RViz with config/moe3d.rviz."),
    ("view", "false", "Serve the live view in the browser, http://localhost:8080."),
    ("input", "points", "What the voxelizer listens to: points (PointCloud2) or depth (images)."),
    ("points", "points", "Topic of the cloud (input:=points)."),
    ("depth", "depth/image_rect", "Topic of the rectified depth image (input:=depth)."),
    ("camera_info", "depth/camera_info", "Topic of its camera_info (input:=depth)."),
    ("color", "rgb/image_rect_color", "Topic of the rectified colour image (input:=depth)."),
    ("color_info", "rgb/camera_info", "Topic of its camera_info, for colour not registered to depth (input:=depth)."),
    ("planning_frame", "base_link", "Frame of voxels, plans and poses."),
    ("checkpoint", "default", "Name or folder of the checkpoint."),
    ("device", "cpu", "Where the model runs: cpu or cuda."),
    ("autostart", "true", "Voxelizer and planner configure and activate themselves; false: a lifecycle manager does."),
    ("composed", "false", "Voxelizer and planner in one process: clouds are handed over in memory."),
    ("respawn", "false", "Start a node again that has ended by itself."),
    ("params_file", PathJoinSubstitution([SHARE, "config", "planner.yaml"]), "Parameters of all nodes."),
    ("namespace", "", "Namespace of all nodes and of all topics but /diagnostics and /tf."),
    ("use_sim_time", "false", "Use /clock."),
    ("enclaves", "/moe3d_ros", "SROS2: the nodes' enclaves stand below this path; see docs/security.md."),
    ("log_level", "info", "debug, info, warn, error or fatal."),
)


def generate_launch_description() -> LaunchDescription:
    """Entry point of `ros2 launch`."""
    value = {name: LaunchConfiguration(name) for name, _, _ in ARGUMENTS}
    frame = {"planning_frame": ParameterValue(value["planning_frame"], value_type=str)}

    clock = {"clock": ParameterValue(value["use_sim_time"], value_type=bool)}  # a recording's time, for all nodes
    managed = {"autostart": ParameterValue(value["autostart"], value_type=bool)}

    process = {
        "output": "screen",
        "respawn": value["respawn"],
        "respawn_delay": RESPAWN_DELAY,
    }

    def arguments(program: str) -> list:
        return ["--ros-args", "--log-level", value["log_level"], "--enclave", [value["enclaves"], f"/{program}"]]

    def node(program: str, condition=None, remappings=(), common=frame, **parameters) -> Node:
        texts = {name: ParameterValue(setting, value_type=str) for name, setting in parameters.items()}
        return Node(
            package="moe3d_ros",
            executable=program,
            name=program,
            parameters=[value["params_file"], {**common, **texts}],
            remappings=list(remappings),
            condition=condition,
            arguments=arguments(program),
            **process,
        )

    sensors = [
        ("points", value["points"]),
        ("depth/image_rect", value["depth"]),
        ("depth/camera_info", value["camera_info"]),
        ("rgb/image_rect_color", value["color"]),
        ("rgb/camera_info", value["color_info"]),
    ]
    model = {name: value[name] for name in ("checkpoint", "device")}
    apart, together, both = UnlessCondition(value["composed"]), IfCondition(value["composed"]), {**frame, **managed}
    replayed = IfCondition(NotEqualsSubstitution(value["cloud"], ""))
    nodes = [
        node("voxelizer", apart, sensors, both, input=value["input"]),
        node("planner", apart, (), both, **model),
        # Two nodes in one process: a name given here would be both nodes' name, so their parameters come by a file.
        Node(
            package="moe3d_ros",
            executable="composed",
            parameters=[value["params_file"], ParameterFile(COMPOSED, allow_substs=True)],
            remappings=sensors,
            condition=together,
            arguments=arguments("composed"),
            **process,
        ),
        node("tabletop", condition=IfCondition(value["sim"])),
        node("viewer", condition=IfCondition(value["view"])),
        node("replay", replayed, (), {**frame, **clock}, cloud=value["cloud"]),
    ]
    rviz = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution([SHARE, "launch", "rviz.launch.py"])),
        launch_arguments={name: value[name] for name in ("namespace", "use_sim_time")}.items(),
        condition=IfCondition(value["rviz"]),
    )
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS
    ]
    return LaunchDescription(
        [
            *declared,
            GroupAction(
                [
                    SetParameter("use_sim_time", ParameterValue(value["use_sim_time"], value_type=bool)),
                    PushRosNamespace(value["namespace"]),
                    *nodes,
                ]
            ),
            rviz,
        ]
    )
