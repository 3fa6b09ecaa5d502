"""The voxelizer with cameras that send compressed: the same voxels as raw, or a sentence that names the way out."""

import gzip
import subprocess
import sys

import numpy as np
import pytest
import zstandard
from compressed_messages import config, file_of, inverse_depth, rvl
from diagnostic_msgs.msg import DiagnosticArray
from places import ROOT
from ros_helpers import BEST_EFFORT, RELIABLE, NodeProcess, cloud_msg, scene_cloud, statuses
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2

from moe3d_ros.nodes.runtime.conversions import camera_info_to_msg, header, image_to_msg
from moe3d_ros.sensing.clouds import read_cloud
from moe3d_ros.sensing.voxels import voxelize

PLACE = {"input": "depth", "static_transforms": ["base_link overhead 0.5 0 0.8 1 0 0 0"]}
INTRINSICS = np.array([[150.0, 0, 80], [0, 150.0, 60], [0, 0, 1]])
METRES = np.full((120, 160), 0.8, np.float32)
METRES[50:70, 70:90] = 0.74  # a block
METRES[:10] = np.nan
MILLIMETRES = np.nan_to_num(np.rint(METRES * 1000)).astype(np.uint16)
COLOR = np.full((120, 160, 3), (90, 77, 66), np.uint8)
COLOR[50:70, 70:90] = (255, 87, 89)
HEAD, INVERSE = inverse_depth(METRES)
FILES = {
    "16UC1; compressedDepth png": ("compressedDepth", config() + file_of(MILLIMETRES)),
    "16UC1; compressedDepth rvl": ("compressedDepth", config() + rvl(MILLIMETRES)),
    "32FC1; compressedDepth png": ("compressedDepth", HEAD + file_of(INVERSE)),
    "16UC1; png compressed ": ("compressed", file_of(MILLIMETRES)),
}


def shows_the_block(msg) -> bool:
    """Table and red block lie where they are."""
    points, colors = read_cloud(msg)
    top = points[:, 2] > 0.05
    if (
        len(points) < 500 or not top.any() or np.abs(np.median(colors[top], axis=0) - (255, 87, 89)).max() > 8
    ):  # of a JPEG
        return False
    return np.allclose(points[top].mean(axis=0), [0.5, 0.0, 0.06], atol=0.01) and np.abs(points[~top, 2]).max() < 0.01


class Camera:
    """A camera's topics below a base, the pictures compressed."""

    def __init__(self, probe, depth_topic: str, color_topic: str, info_topic: str, qos=RELIABLE):
        self._probe = probe
        self.depth = probe.talk(CompressedImage, depth_topic, qos)
        self._color = probe.talk(CompressedImage, color_topic, qos)
        self._info = probe.talk(CameraInfo, info_topic, qos)

    def send(self, text: str, data: bytes, color: bytes = file_of(COLOR, "JPEG", quality=95)):
        """A depth message; colour and camera_info of the same moment are sent."""
        head = header("overhead", self._probe.now())
        self._info.publish(camera_info_to_msg(INTRINSICS, 160, 120, head))
        self._color.publish(CompressedImage(header=head, format="rgb8; jpeg compressed bgr8", data=color))
        return CompressedImage(header=head, format=text, data=data)


@pytest.mark.parametrize("text", FILES)
def test_compressed_pictures_give_the_voxels_of_raw_ones(probe, text):
    transport, data = FILES[text]
    name = "c" + "".join(filter(str.isalnum, text)).lower()
    node = NodeProcess(
        "voxelizer",
        {**PLACE, "depth_image_transport": transport, "image_transport": "compressed"},
        {
            "depth/image_rect": f"/{name}/camera/depth",
            "rgb/image_rect_color": f"/{name}/camera/color",
        },  # of the base topics
        namespace=name,
    )
    voxels = probe.listen(PointCloud2, f"/{name}/voxels")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    camera = Camera(
        probe,
        f"/{name}/camera/depth/{transport}",
        f"/{name}/camera/color/compressed",
        f"/{name}/depth/camera_info",
        BEST_EFFORT if "rvl" in text else RELIABLE,
    )
    with probe.streaming(camera.depth, lambda: camera.send(text, data)):
        voxels.wait(shows_the_block)
        diagnostics.wait(statuses(f"{name}/voxelizer")("working"))
    with probe.streaming(camera.depth, lambda: camera.send("32FC1; compressedDepth zfp", data[:60])):
        words = "32FC1; compressedDepth zfp'" if transport == "compressedDepth" else "keeps 16UC1 only"
        diagnostics.wait(statuses(f"{name}/voxelizer")(words), start=len(diagnostics.messages))
    start = len(voxels.messages)
    with probe.streaming(camera.depth, lambda: camera.send(text, data)):  # a bad picture cost nothing but itself
        voxels.wait(shows_the_block, start=start)
    assert node.stop() == 0, node.log


def test_what_is_published_in_another_transport_is_named_with_the_parameter(probe):
    node = NodeProcess("voxelizer", {**PLACE, "depth_image_transport": "compressedDepth"}, namespace="other")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    says = statuses("other/voxelizer")
    talk = probe.node.create_publisher(Image, "/other/depth/image_rect", RELIABLE)
    found = diagnostics.wait(says("there is /other/depth/image_rect, for depth_image_transport raw"))
    (sentence,) = (status.message for status in found.status if status.name.startswith("other/voxelizer"))
    assert "nobody publishes on /other/depth/image_rect/compressedDepth" in sentence
    assert "Set that parameter" in sentence
    probe.node.destroy_publisher(talk)
    assert node.stop() == 0, node.log


def test_colour_that_is_only_there_compressed_is_named_with_the_parameter(probe):
    node = NodeProcess("voxelizer", PLACE, namespace="grey")
    diagnostics = probe.listen(DiagnosticArray, "/diagnostics", 10)
    depth, info = probe.talk(Image, "/grey/depth/image_rect"), probe.talk(CameraInfo, "/grey/depth/camera_info")
    color = probe.node.create_publisher(CompressedImage, "/grey/rgb/image_rect_color/compressed", RELIABLE)

    def send():
        head = header("overhead", probe.now())
        info.publish(camera_info_to_msg(INTRINSICS, 160, 120, head))
        return image_to_msg(METRES, "32FC1", head)

    with probe.streaming(depth, send):
        diagnostics.wait(statuses("grey/voxelizer")("no colour, but there is /grey/rgb/image_rect_color/compressed"))
    probe.node.destroy_publisher(color)
    assert node.stop() == 0, node.log


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"depth_image_transport": "theora"}, "set it to raw or compressed or compressedDepth"),
        ({"image_transport": "compressedDepth"}, "set it to raw or compressed"),
        ({"point_cloud_transport": "draco"}, "set it to raw or zlib or zstd"),
        ({"point_cloud_transport": "zstd"}, "point_cloud_interfaces is not installed"),
        ({"clouds": ["/robot2/points/zlib"]}, "cannot be heard as zlib"),
    ],
)
def test_a_transport_that_cannot_be_is_refused_at_the_start(parameters, words):
    if "point_cloud_interfaces" in words or "zlib" in words.split():
        there = "import importlib.util, sys; sys.exit(importlib.util.find_spec('point_cloud_interfaces') is None)"
        if subprocess.run([sys.executable, "-c", there], cwd=ROOT, check=False).returncode == 0:
            pytest.skip("point_cloud_interfaces is installed")
    node = NodeProcess("voxelizer", parameters, namespace="refused")
    node.wait_log(words)
    assert node.process.wait(20) == 2
    assert "Traceback" not in node.log


@pytest.mark.parametrize(("code", "pack"), [("zlib", gzip.compress), ("zstd", zstandard.compress)])
def test_compressed_clouds_give_the_voxels_of_raw_ones(probe, code, pack):
    messages = pytest.importorskip(
        "point_cloud_interfaces.msg", reason="point_cloud_transport_plugins is not installed"
    )
    points, colors = scene_cloud()
    name = f"cloud_{code}"
    topic = f"/{name}/points/{code}"
    node = NodeProcess(
        "voxelizer", {"point_cloud_transport": code} if code == "zlib" else {"clouds": [topic]}, namespace=name
    )
    voxels = probe.listen(PointCloud2, f"/{name}/voxels")
    talk = probe.talk(messages.CompressedPointCloud2, topic)

    def send():
        raw = cloud_msg(points, colors, "base_link", probe.now())
        same = ("header", "height", "width", "fields", "is_bigendian", "point_step", "row_step", "is_dense")
        return messages.CompressedPointCloud2(
            **{field: getattr(raw, field) for field in same}, format=code, compressed_data=pack(bytes(raw.data))
        )

    with probe.streaming(talk, send):
        msg = voxels.wait(lambda msg: msg.width > 1000)
    np.testing.assert_allclose(read_cloud(msg)[0], voxelize(points, colors)[0], atol=1e-6)
    assert node.stop() == 0, node.log


def test_a_recording_of_compressed_pictures_is_a_camera(probe, tmp_path):
    bags = pytest.importorskip("moe3d_ros.recording.bags")
    pytest.importorskip("rosbags", reason="rosbags is not installed")
    written = []
    for number in range(20):
        at = (1_700_000_000 * 10 + number) * 100_000_000
        head = bags.header(at, "overhead")
        info = camera_info_to_msg(INTRINSICS, 160, 120, header("overhead", probe.now()))
        region = bags.message(
            "sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
        )
        fields = {"height": 120, "width": 160, "distortion_model": "", "d": np.zeros(0), "k": np.array(info.k)}
        fields |= {"r": np.array(info.r), "p": np.array(info.p), "binning_x": 0, "binning_y": 0, "roi": region}
        pictures = {
            "/depth/image_rect/compressedDepth": ("16UC1; compressedDepth rvl", FILES["16UC1; compressedDepth rvl"][1]),
            "/rgb/image_rect_color/compressed": ("rgb8; jpeg compressed bgr8", file_of(COLOR, "JPEG", quality=95)),
        }
        written.append(("/depth/camera_info", at, bags.message("sensor_msgs/msg/CameraInfo", header=head, **fields)))
        written += [
            (
                topic,
                at,
                bags.message(
                    "sensor_msgs/msg/CompressedImage", header=head, format=text, data=np.frombuffer(data, np.uint8)
                ),
            )
            for topic, (text, data) in pictures.items()
        ]
    recording = bags.write_bag(tmp_path / "bag", written)
    parameters = {**PLACE, "depth_image_transport": "compressedDepth", "image_transport": "compressed"}
    node = NodeProcess("voxelizer", parameters, namespace="recorded")
    voxels = probe.listen(PointCloud2, "/recorded/voxels")
    replay = NodeProcess("replay", {"cloud": str(recording), "loop": True}, namespace="recorded")
    voxels.wait(shows_the_block)
    assert "not known" not in replay.log
    assert (replay.stop(), node.stop()) == (0, 0), replay.log + node.log
