"""Compressed images as image_transport_plugins publish them, written from their description."""

from __future__ import annotations

import io
import struct
from types import SimpleNamespace

import numpy as np
from PIL import Image

DEPTH_MAX, QUANTIZATION = 10.0, 100.0  # the plugin's defaults


def file_of(pixels: np.ndarray, kind: str = "PNG", **options) -> bytes:
    """A PNG or JPEG of an image (H, W) uint8 or uint16, or (H, W, 3) uint8 RGB."""
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, kind, **options)
    return written.getvalue()


def compressed(text: str, data: bytes) -> SimpleNamespace:
    """The fields of a sensor_msgs/CompressedImage that are read."""
    return SimpleNamespace(format=text, data=data)


def config(a: float = 0.0, b: float = 0.0, kind: int = 0) -> bytes:
    """The 12 bytes before the picture in `compressedDepth`."""
    return struct.pack("<iff", kind, a, b)


def inverse_depth(depth: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Header, and numbers (H, W) uint16, of a 32FC1 image (H, W) in metres."""
    a = QUANTIZATION * (QUANTIZATION + 1)
    b = 1 - a / DEPTH_MAX
    with np.errstate(invalid="ignore", divide="ignore"):
        numbers = np.where(depth < DEPTH_MAX, a / depth + b, 0)
    return config(a, b), numbers.astype(np.uint16)


def rvl(numbers: np.ndarray) -> bytes:
    """Width, height and RVL code of numbers (H, W) uint16, one nibble after the other."""
    nibbles: list[int] = []

    def put(value: int) -> None:
        while True:
            nibble, value = value & 7, value >> 3
            nibbles.append(nibble | (8 if value else 0))
            if not value:
                return

    flat, at, before = numbers.ravel().astype(int).tolist(), 0, 0
    while at < len(flat):
        start = at
        while at < len(flat) and flat[at] == 0:
            at += 1
        put(at - start)
        end = at
        while end < len(flat) and flat[end] != 0:
            end += 1
        put(end - at)
        for value in flat[at:end]:
            difference, before = value - before, value
            put((difference << 1) ^ (difference >> 31))
        at = end
    nibbles += [0] * (-len(nibbles) % 8)
    words = [
        sum(nibble << (28 - 4 * place) for place, nibble in enumerate(nibbles[n : n + 8]))
        for n in range(0, len(nibbles), 8)
    ]
    return struct.pack("<II", numbers.shape[1], numbers.shape[0]) + struct.pack(f"<{len(words)}I", *words)
