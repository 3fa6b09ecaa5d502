"""Transports of the sensor topics: raw, and what the plugins of image_transport and point_cloud_transport publish.

A transport's topic lies below its base topic and bears the transport's name; a remapping is of the base topic, as with both
libraries. Theirs are the names of the parameters and of the transports, too.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image, PointCloud2

from moe3d_ros.nodes.seams.clouds import read_cloud
from moe3d_ros.sensing import clouds
from moe3d_ros.sensing.compressed.compressed_clouds import decompressed_cloud
from moe3d_ros.sensing.compressed.compressed_images import (
    NEEDS_PILLOW,
    read_compressed_color,
    read_compressed_depth,
    read_png_depth,
)

RAW = "raw"
DEPTH_PARAMETER, COLOR_PARAMETER, CLOUD_PARAMETER = "depth_image_transport", "image_transport", "point_cloud_transport"


@dataclass(frozen=True)
class Transport:
    """A type of message, and its reader, whose arguments and errors are those of the raw message's."""

    message: type
    read: Callable[..., Any]


DEPTHS = {
    RAW: Transport(Image, clouds.read_depth),
    "compressed": Transport(CompressedImage, read_png_depth),
    "compressedDepth": Transport(CompressedImage, read_compressed_depth),
}
COLORS = {
    RAW: Transport(Image, clouds.read_color),
    "compressed": Transport(CompressedImage, read_compressed_color),
}
CLOUDS = (RAW, "zlib", "zstd")  # whose messages are installed or not
KNOWN = {DEPTH_PARAMETER: tuple(DEPTHS), COLOR_PARAMETER: tuple(COLORS), CLOUD_PARAMETER: CLOUDS}


def cloud_transport(name: str) -> Transport:
    """The transport of clouds of this name. Raises ValueError where its messages are not installed."""
    if name == RAW:
        return Transport(PointCloud2, read_cloud)
    try:
        messages = importlib.import_module("point_cloud_interfaces.msg")
    except ImportError as error:
        raise ValueError(
            f"The package point_cloud_interfaces is not installed or not sourced ({error}), so clouds cannot be heard as {name}: "
            "apt-get install ros-$ROS_DISTRO-point-cloud-transport-plugins, or have them published raw."
        ) from error
    return Transport(messages.CompressedPointCloud2, lambda msg: read_cloud(decompressed_cloud(msg)))


def own_transport(topic: str, otherwise: str) -> tuple[str, str]:
    """Base and transport of a topic of clouds: what its name ends with, such as /robot2/points/zstd, or ``otherwise``."""
    base, _, last = topic.rpartition("/")
    return (base, last) if base and last in CLOUDS[1:] else (topic, otherwise)


def topic_of(node: Node, base: str, transport: str) -> str:
    """Name of a transport's topic: the base topic itself for raw, else one below it, as it is remapped."""
    return base if transport == RAW else f"{node.resolve_topic_name(base)}/{transport}"


def other_transport(node: Node, base: str, used: str, parameter: str) -> str:
    """Clause on another transport of the topic that somebody publishes; empty where nobody does."""
    for name in KNOWN[parameter]:
        topic = node.resolve_topic_name(topic_of(node, base, name))
        if name != used and node.count_publishers(topic):
            return f"there is {topic}, for {parameter} {name}"
    return ""


def check_installed(settings, topics: Iterable[str]) -> None:
    """Raise ValueError where a package is missing that the transports need.

    Args:
        settings: parameters of the voxelizer by name.
        topics: of clouds, as the parameter `clouds` lists them.
    """
    used = {own_transport(topic, settings[CLOUD_PARAMETER])[1] for topic in topics}
    for name in used | ({settings[CLOUD_PARAMETER]} if settings["input"] == "points" else set()):
        cloud_transport(name)
    if {settings[DEPTH_PARAMETER], settings[COLOR_PARAMETER]} != {RAW} and importlib.util.find_spec("PIL") is None:
        raise ValueError(f"{NEEDS_PILLOW}.")
