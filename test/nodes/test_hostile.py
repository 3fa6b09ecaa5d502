"""Thousands of hostile messages, seeded, against what reads them: refused with a sentence, or read as what they are."""

import warnings

import numpy as np
import pytest

from benchmarks._fuzzing import hostile
from moe3d_ros.plan import PlanningError, check_text
from moe3d_ros.sensing import clouds
from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.world.workspace import Workspace

COUNT = 3000
LONGEST = 600  # characters of a sentence
CAMERA = np.array([[1.0, 0, 0, 0.5], [0, -1, 0, 0], [0, 0, -1, 0.9], [0, 0, 0, 1]])


@pytest.fixture(autouse=True)
def _no_warnings():
    """A warning of numpy would stand in the node's log at every message."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def read(function, *arguments):
    """What a function makes of a message, None where it refuses it with a sentence that fits on a screen."""
    try:
        return function(*arguments)
    except CloudError as error:
        sentence = str(error)
        assert 20 < len(sentence) < LONGEST and sentence.isprintable(), sentence[:LONGEST]
        return None


def check_voxels(points, colors):
    """Voxels of whatever was read are finite, in the workspace, and no more than there were points."""
    centroids, shades = voxelize(points, colors, transform=CAMERA)
    assert len(centroids) == len(shades) <= len(points)
    assert np.isfinite(centroids).all()
    assert Workspace().contains(centroids, margin=0.026).all()


def test_clouds():
    refused = 0
    for seed in range(COUNT):
        msg = hostile.cloud(np.random.default_rng(seed))
        found = read(clouds.read_cloud, msg)
        refused += found is None
        if found is None:
            continue
        points, colors = found
        assert points.dtype == np.float32 and points.shape == (msg.width * msg.height, 3), seed
        assert len(points) * msg.point_step <= len(msg.data), seed  # no more than there are bytes for
        assert colors is None or (colors.dtype == np.uint8 and colors.shape == points.shape), seed
        check_voxels(points, colors)
    assert 0.4 * COUNT < refused < 0.95 * COUNT  # both ways are tried


def test_depth_and_intrinsics():
    refused = 0
    for seed in range(COUNT):
        rng = np.random.default_rng(seed)
        depth = read(clouds.read_depth, hostile.image(rng))
        if depth is None:
            depth = np.full(hostile.SIZE, 0.8, np.float32)
        assert not (depth <= 0).any() and not np.isinf(depth).any(), seed
        info = hostile.camera_info(rng)
        intrinsics = read(clouds.read_intrinsics, info, depth.shape)
        refused += intrinsics is None
        if intrinsics is not None:
            assert np.isfinite(intrinsics).all() and (info.height, info.width) in ((0, 0), depth.shape), seed
            points = clouds.depth_to_points(depth, intrinsics)
            assert points.shape == (depth.size, 3), seed
            check_voxels(points, None)
    assert 0.2 * COUNT < refused < 0.95 * COUNT


def test_colour():
    seen = 0
    for seed in range(COUNT):
        msg = hostile.image(np.random.default_rng(seed), "rgb8")
        color = read(clouds.read_color, msg)
        if color is not None:
            seen += 1
            assert color.dtype == np.uint8 and color.shape == (msg.height, msg.width, 3), seed
            assert msg.height * msg.width <= len(msg.data), seed
    assert seen > 0.02 * COUNT


def test_no_text_is_taken_for_an_instruction():
    for seed in range(COUNT):
        with pytest.raises(PlanningError) as refusal:
            check_text(hostile.text(np.random.default_rng(seed)))
        assert len(str(refusal.value)) < LONGEST
