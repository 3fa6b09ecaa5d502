"""Compressed images are read as what they were, or refused by the name of what is not understood."""

import struct
import time
import zlib

import numpy as np
import pytest
from compressed_messages import compressed, config, file_of, inverse_depth, rvl

from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.sensing.compressed.compressed_images import (
    read_compressed_color,
    read_compressed_depth,
    read_png_depth,
)
from moe3d_ros.sensing.compressed.rvl import decode_rvl

RNG = np.random.default_rng(3)
RED = np.zeros((8, 10, 3), np.uint8) + np.uint8([200, 40, 10])
MILLIMETRES = RNG.integers(1, 9000, (12, 14)).astype(np.uint16)
MILLIMETRES[2:5, 3:7], MILLIMETRES[0, 0], MILLIMETRES[-1, -1] = 0, 65535, 0
METRES = np.where((MILLIMETRES == 0) | (MILLIMETRES == 65535), np.nan, MILLIMETRES * np.float32(1e-3))


@pytest.mark.parametrize(
    ("text", "kind", "right"),
    [
        ("rgb8; jpeg compressed bgr8", "JPEG", True),
        ("bgr8;jpeg compressed bgr8", "JPEG", True),
        ("yuv422_yuy2; jpeg compressed bgr8", "JPEG", True),
        ("bgra16; png compressed bgra16", "PNG", True),
        ("jpeg", "JPEG", True),
        ("", "PNG", True),
        ("rgb8; jpeg compressed ", "JPEG", False),  # as image_transport's first releases wrote it
        ("bgr8; jpeg compressed", "JPEG", False),
        ("rgb8; png compressed rgb8", "PNG", False),
    ],
)
def test_red_is_red(text, kind, right):
    read = read_compressed_color(compressed(text, file_of(RED, kind, **({"quality": 95} if kind == "JPEG" else {}))))
    assert read.dtype == np.uint8
    assert read.shape == RED.shape
    assert np.abs(read.astype(int) - (RED if right else RED[..., ::-1])).max() <= 4


@pytest.mark.parametrize("text", ["mono8; jpeg compressed mono8", "mono8; png compressed ", "png"])
def test_a_grey_image_is_grey(text):
    grey = RNG.integers(0, 255, (6, 7)).astype(np.uint8)
    read = read_compressed_color(compressed(text, file_of(grey)))
    np.testing.assert_array_equal(read, np.repeat(grey[..., None], 3, axis=2))


@pytest.mark.parametrize(
    "text", ["16UC1; compressedDepth png", "16UC1; compressedDepth", "16UC1", "mono16; compressedDepth png"]
)
def test_millimetres_as_png(text):
    read = read_compressed_depth(compressed(text, config() + file_of(MILLIMETRES)))
    np.testing.assert_allclose(read, METRES, rtol=1e-6)


def test_millimetres_as_rvl():
    read = read_compressed_depth(compressed("16UC1; compressedDepth rvl", config() + rvl(MILLIMETRES)))
    np.testing.assert_allclose(read, METRES, rtol=1e-6)


def test_a_sensor_of_another_unit():
    message = compressed("16UC1; compressedDepth png", config() + file_of(MILLIMETRES))
    np.testing.assert_allclose(read_compressed_depth(message, 1e-4), METRES / 10, rtol=1e-6)
    assert np.isnan(read_compressed_depth(message, farthest=2.0)[MILLIMETRES > 2000]).all()


@pytest.mark.parametrize("code", ["png", "rvl"])
def test_inverse_depth_is_metres_again(code):
    depth = RNG.uniform(0.3, 9.0, (12, 14)).astype(np.float32)
    depth[3:5] = np.nan
    depth[7, 2] = 11.0  # beyond the plugin's depth_max
    head, numbers = inverse_depth(depth)
    read = read_compressed_depth(
        compressed(f"32FC1; compressedDepth {code}", head + (rvl(numbers) if code == "rvl" else file_of(numbers)))
    )
    there = np.isfinite(depth) & (depth < 10)
    assert np.isnan(read[~there]).all()
    step = depth[there] ** 2 / 10100  # metres between two numbers
    assert (np.abs(read[there] - depth[there]) <= 1.01 * step + 1e-5).all()


@pytest.mark.parametrize("text", ["16UC1; png compressed ", "mono16; png compressed", "png"])
def test_depth_as_a_plain_png(text):
    np.testing.assert_allclose(read_png_depth(compressed(text, file_of(MILLIMETRES))), METRES, rtol=1e-6)


PNG16, GREY8 = file_of(MILLIMETRES), file_of(RED[..., 0])
NOISE = RNG.integers(0, 255, (64, 64, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("read", "text", "data", "words"),
    [
        (read_compressed_color, "bayer_rggb8; jpeg compressed mono8", file_of(RED, "JPEG"), "'bayer_rggb8; jpeg"),
        (read_compressed_color, "rgb8; tiff compressed bgr8", file_of(RED, "TIFF"), "'rgb8; tiff compressed bgr8'"),
        (read_compressed_color, "h264", b"\0\0\0\1\x67" * 50, "'h264', 250 bytes) is neither a JPEG nor a PNG"),
        (read_compressed_color, "16UC1; png compressed ", PNG16, "as depth is"),
        (read_compressed_color, "jpeg", file_of(NOISE, "JPEG")[:-600], "damaged"),
        (read_compressed_color, "", b"", "neither a JPEG nor a PNG"),
        (read_png_depth, "16UC1; jpeg compressed mono8", file_of(RED[..., 0], "JPEG"), "compressed.format to png"),
        (read_png_depth, "32FC1; png compressed", PNG16, "keeps 16UC1 only"),
        (read_png_depth, "png", GREY8, "of 8 bits"),
        (read_compressed_depth, "8UC1; compressedDepth png", config() + PNG16, "'8UC1; compressedDepth png'"),
        (read_compressed_depth, "16UC1; compressedDepth zfp", config() + PNG16, "'16UC1; compressedDepth zfp'"),
        (read_compressed_depth, "16UC1; compressedDepth png", PNG16, "without the 12 bytes"),
        (read_compressed_depth, "16UC1; compressedDepth png", config(), "12 bytes"),
        (read_compressed_depth, "16UC1; compressedDepth png", config() + PNG16[:-30], "damaged"),
        (read_compressed_depth, "16UC1; compressedDepth png", config() + rvl(MILLIMETRES), "neither a JPEG nor a PNG"),
        (read_compressed_depth, "32FC1; compressedDepth png", config() + PNG16, "(format 0, 0, 0)"),
        (read_compressed_depth, "32FC1; compressedDepth png", config(10100, np.nan) + PNG16, "quantised"),
        (read_compressed_depth, "32FC1; compressedDepth png", config(10100, 1, 7) + PNG16, "format 7"),
        (read_compressed_depth, "16UC1; compressedDepth rvl", config() + b"\1\0\0\0", "width and height"),
        (read_compressed_depth, "16UC1; compressedDepth rvl", config() + rvl(MILLIMETRES)[:-40], "of 168 pixels"),
        (read_compressed_depth, "16UC1; compressedDepth rvl", config() + struct.pack("<II", 0, 5), "0 x 5"),
        (read_compressed_depth, "16UC1; compressedDepth rvl", config() + b"\xff" * 40, "4294967295 x 4294967295"),
        (
            read_compressed_depth,
            "16UC1; compressedDepth rvl",
            config() + struct.pack("<II", 14, 11) + rvl(MILLIMETRES)[8:],
            "its size is 154",
        ),
    ],
)
def test_what_is_not_understood_is_refused_by_name(read, text, data, words):
    with pytest.raises(CloudError) as error:
        read(compressed(text, data))
    assert words in str(error.value)


@pytest.mark.parametrize("edge", [6_000, 60_000])
def test_a_small_file_that_unfolds_to_a_huge_one_is_refused_before_it_does(edge):
    bomb = bytearray(file_of(np.zeros((4, 4), np.uint16)))
    bomb[16:24] = struct.pack(">II", edge, edge)
    bomb[29:33] = struct.pack(">I", zlib.crc32(bomb[12:29]))
    with pytest.raises(CloudError, match=f"{edge} x {edge} pixels|{edge * edge} pixels"):
        read_compressed_depth(compressed("16UC1; compressedDepth png", config() + bytes(bomb)))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_rvl_of_any_share_of_zeros_is_lossless_and_fast_enough_for_a_camera(share):
    numbers = RNG.integers(1, 65536, (480, 640)).astype(np.uint16)
    numbers[RNG.random(numbers.shape) < share] = 0
    code = rvl(numbers)[8:]
    start = time.process_time()
    np.testing.assert_array_equal(decode_rvl(code, numbers.size), numbers.ravel())
    assert time.process_time() - start < 2.0  # 0.1 s, and 0.3 s of single pixels; one by one in Python it takes longer


def test_a_number_that_has_no_end_is_damage():
    with pytest.raises(ValueError, match="32 bits are 11"):
        decode_rvl(b"\xff" * 8 + b"\0" * 4, 10)


@pytest.mark.parametrize(
    "text", ["16UC1; compressedDepth rvl", "32FC1; compressedDepth rvl", "16UC1; compressedDepth png", "jpeg"]
)
def test_any_bytes_are_read_or_refused(text):
    head, numbers = inverse_depth(np.where(METRES > 0, METRES, np.nan).astype(np.float32))
    whole = {"png": file_of(numbers), "rvl": rvl(numbers)}.get(text[-3:])
    data = file_of(RED, "JPEG") if whole is None else head + whole
    read = read_compressed_color if whole is None else read_compressed_depth
    refused = 0
    for _ in range(300):
        bad = bytearray(data)
        for place in RNG.integers(0, len(bad), RNG.integers(1, 6)):
            bad[place] = RNG.integers(0, 256)
        try:
            read(compressed(text, bytes(bad[: RNG.integers(len(bad) // 2, len(bad) + 1)])))
        except CloudError:
            refused += 1
    assert refused > 0
