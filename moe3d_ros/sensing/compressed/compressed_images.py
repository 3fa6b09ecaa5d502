"""sensor_msgs/CompressedImage to numpy: `compressed` (JPEG, PNG) and `compressedDepth` (PNG, RVL) of image_transport_plugins.

`compressed` is a file with a text such as ``rgb8; jpeg compressed bgr8``: what the image was, how it was compressed, and as
what. `compressedDepth` is 12 bytes (an int32 and two float32), then a PNG or RVL of 16-bit numbers, and a text such as
``32FC1; compressedDepth rvl``. Of a 16UC1 image these are its numbers; of a 32FC1 image they are its inverse, by the two
float32: depth = a / (number - b), 0 where there was none. Whatever is not understood is refused by its name.
"""

from __future__ import annotations

import io
import struct

import numpy as np

from moe3d_ros.sensing.clouds import CloudError, depth_in_metres, quoted
from moe3d_ros.sensing.compressed.rvl import decode_rvl

CONFIG = struct.Struct("<iff")  # format, a, b
INVERSE_DEPTH = 0  # the only format of the header
MOST_PIXELS = 1 << 25  # 8K: a file of kilobytes may claim to unfold to any size
GREY = ("mono8", "mono16", "8UC1", "16UC1")
COLORED = ("rgb8", "rgb16", "rgba8", "rgba16", "bgr8", "bgr16", "bgra8", "bgra16")
IN_ORDER = (
    "bgr8",
    "bgr16",
    "bgra8",
    "bgra16",
)  # as what a file was made in which red is red, since OpenCV begins with blue
SIXTEEN_BITS = ("I;16", "I;16B", "I")  # Pillow's modes of a PNG of 16-bit numbers
NEEDS_PILLOW = "Compressed images need the package Pillow: pip install pillow, or apt-get install python3-pil"
PNG_MAGIC, JPEG_MAGIC = b"\x89PNG", b"\xff\xd8"


def read_compressed_color(msg) -> np.ndarray:
    """Colour image (H, W, 3) uint8 RGB of a `compressed` one: JPEG or PNG.

    Red and blue are exchanged where image_transport exchanges them: where the text names the image's colours and not
    those of the file, as its first releases and some drivers write it.

    Raises:
        CloudError: no such file, or one that was made of an image without colours, such as a Bayer pattern.
    """
    encoding, _, how = (part.strip() for part in msg.format.partition(";"))
    target = how.rpartition("compressed")[2].strip()
    in_order = not how or encoding in GREY or target in IN_ORDER
    exchanged = not in_order and encoding in COLORED and target in ("", encoding)
    if not in_order and not exchanged:
        raise CloudError(
            f"The colour image has the format '{quoted(msg.format)}', of which the colours are not known: publish it as rgb8, "
            "bgr8 or mono8 before it is compressed."
        )
    image = _opened(_bytes_of(msg), msg.format, "colour")
    if image.mode in SIXTEEN_BITS:
        raise CloudError(
            f"The colour image ('{quoted(msg.format)}') is a grey one of 16 bits, as depth is: remap to the colour image."
        )
    colors = np.asarray(image.convert("RGB"))
    return colors[..., ::-1] if exchanged else colors


def read_png_depth(msg, scale: float = 0.0, farthest: float = 0.0) -> np.ndarray:
    """Depth image (H, W) float32 in metres of a `compressed` one: a PNG of 16 bits; else as `clouds.read_depth`."""
    encoding, _, how = (part.strip() for part in msg.format.partition(";"))
    data = _bytes_of(msg)
    if bytes(data[:2]) == JPEG_MAGIC:
        raise CloudError(
            f"The depth image comes as JPEG ('{quoted(msg.format)}'), which keeps 8 bits of its 16, and these not exactly: set "
            "the camera's parameter <image>.compressed.format to png, or the voxelizer's depth_image_transport to "
            "compressedDepth."
        )
    if how and encoding not in ("16UC1", "mono16"):
        raise CloudError(
            f"The depth image has the format '{quoted(msg.format)}': a PNG keeps 16UC1 only. For 32FC1 set depth_image_transport "
            "to compressedDepth."
        )
    return depth_in_metres(_png_numbers(data, msg.format), "16UC1", scale, farthest)


def read_compressed_depth(msg, scale: float = 0.0, farthest: float = 0.0) -> np.ndarray:
    """Depth image (H, W) float32 in metres of a `compressedDepth` one; arguments as of `clouds.read_depth`.

    Raises:
        CloudError: another encoding or code, or bytes that are not what they claim to be.
    """
    encoding, code = _depth_format(msg.format)
    data = _bytes_of(msg)
    if bytes(data[:4]) == PNG_MAGIC:
        raise CloudError(
            f"The depth image ('{quoted(msg.format)}') begins with its PNG, without the 12 bytes of compressedDepth: set "
            "depth_image_transport to compressed."
        )
    if len(data) <= CONFIG.size:
        raise CloudError(
            f"The depth image's data is truncated: {len(data)} bytes, and its header alone has {CONFIG.size}."
        )
    kind, a, b = CONFIG.unpack_from(data)
    numbers = (_rvl_numbers if code == "rvl" else _png_numbers)(data[CONFIG.size :], msg.format)
    if encoding != "32FC1":
        return depth_in_metres(numbers, encoding, scale, farthest)
    if kind != INVERSE_DEPTH or not (np.isfinite((a, b)).all() and a > 0):
        raise CloudError(
            f"The depth image's compressedDepth header (format {kind}, {a:g}, {b:g}) does not say how its depths were "
            "quantised: use the plugin compressed_depth_image_transport."
        )
    with np.errstate(divide="ignore"):
        depth = np.float32(a) / (numbers.astype(np.float32) - np.float32(b))
    depth[numbers == 0] = np.nan
    return depth_in_metres(depth, encoding, scale, farthest)


def _depth_format(text: str) -> tuple[str, str]:
    """Encoding and code, "png" or "rvl", of a `compressedDepth` text; PNG where it names none, as before RVL came."""
    encoding, _, how = (part.strip() for part in text.partition(";"))
    code = {"": "png", "compressedDepth": "png", "compressedDepth png": "png", "compressedDepth rvl": "rvl"}.get(how)
    if encoding not in ("16UC1", "mono16", "32FC1") or code is None:
        raise CloudError(
            f"The depth image has the format '{quoted(text)}': publish 16UC1 or 32FC1 as compressedDepth, png or rvl."
        )
    return encoding, code


def _png_numbers(data, text: str) -> np.ndarray:
    """Numbers (H, W) uint16 of a PNG. Raises CloudError."""
    image = _opened(data, text, "depth")
    if image.mode not in SIXTEEN_BITS:
        raise CloudError(
            f"The depth image ('{quoted(text)}') is a {image.format} of 8 bits ({image.mode}), and depth needs 16: remap to the "
            "depth image, not to a picture of it."
        )
    return np.asarray(image).astype(np.uint16)


def _rvl_numbers(data, text: str) -> np.ndarray:
    """Numbers (H, W) uint16 of RVL after its width and height (uint32 each). Raises CloudError."""
    if len(data) < 8:
        raise CloudError(
            f"The depth image's data ('{quoted(text)}') is truncated: it ends before its width and height."
        )
    width, height = struct.unpack_from("<II", data)
    _check_size(width, height, "depth")
    try:
        return decode_rvl(data[8:], width * height).reshape(height, width)
    except ValueError as error:
        raise CloudError(f"The depth image's RVL code of {width} x {height} is damaged: {error}.") from error


def _opened(data, text: str, what: str):
    """A JPEG or PNG as Pillow's image, decoded. Raises CloudError."""
    try:
        from PIL import Image
    except ImportError as error:
        raise CloudError(f"{NEEDS_PILLOW} ({error}).") from error
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    except Image.DecompressionBombError as error:
        raise CloudError(f"The {what} image claims more pixels than any camera has: {error}") from error
    except Exception as error:  # whatever bytes that are not what they claim to be make it raise
        raise CloudError(
            f"The {what} image ('{quoted(text)}', {len(data)} bytes) is neither a JPEG nor a PNG file: publish it as one of them, "
            "or uncompressed."
        ) from error
    width, height = image.size
    _check_size(width, height, what)
    try:
        image.load()
    except Exception as error:
        raise CloudError(
            f"The {what} image's {image.format} file is damaged ({error}). Check the driver or the network for cut messages."
        ) from error
    return image


def _check_size(width: int, height: int, what: str) -> None:
    """Raise CloudError where an image claims a size that no camera has, before anything is made as large."""
    if not 0 < width * height <= MOST_PIXELS:
        raise CloudError(
            f"The {what} image claims {width} x {height} pixels: from 1 to {MOST_PIXELS} are read. Check the camera."
        )


def _bytes_of(msg) -> memoryview:
    """The bytes of a message's data (array.array, numpy array, bytes, list of ints), not copied where they are bytes."""
    data = msg.data
    return memoryview(bytes(data) if isinstance(data, (list, tuple)) else data).cast("B")
