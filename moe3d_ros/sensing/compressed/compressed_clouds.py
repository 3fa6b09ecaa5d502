"""point_cloud_interfaces/CompressedPointCloud2 to PointCloud2: the transports `zlib` and `zstd` of point_cloud_transport.

Both compress the bytes of the cloud as they are. `draco` and others, which code the geometry itself, are refused by name.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from types import SimpleNamespace

from moe3d_ros.sensing.clouds import CloudError, quoted

FIELDS = ("header", "height", "width", "fields", "is_bigendian", "point_step", "row_step", "is_dense")
MOST_BYTES = 1 << 28  # of a cloud: 8 million points of 32 bytes


def decompressed_cloud(msg) -> SimpleNamespace:
    """The cloud, with the attributes of a sensor_msgs/PointCloud2, for `clouds.read_cloud`.

    Raises:
        CloudError: another format, damaged data, or more bytes than the message says that its points take.
    """
    unfold = CODES.get(msg.format)
    if unfold is None:
        raise CloudError(
            f"The cloud is compressed as '{quoted(msg.format)}', and {' and '.join(CODES)} are read: have it published raw, by "
            "`ros2 run point_cloud_transport republish`, or as one of these."
        )
    height = int(msg.height)
    most = height * max(int(msg.row_step), int(msg.width) * int(msg.point_step) if height == 1 else 0)
    if most > MOST_BYTES:
        raise CloudError(
            f"The cloud claims {most} bytes, and {MOST_BYTES} at most are read: have the driver make smaller ones."
        )
    try:
        data = unfold(bytes(msg.compressed_data), most + 1)
    except CloudError:
        raise
    except Exception as error:  # zlib.error, zstandard.ZstdError
        raise CloudError(
            f"The cloud's {msg.format} data ({len(msg.compressed_data)} bytes) are damaged ({error}). Check the driver or the "
            "network for cut messages."
        ) from error
    if len(data) > most:
        raise CloudError(f"The cloud's {msg.format} data unfold to more than the {most} bytes that its points take.")
    return SimpleNamespace(**{name: getattr(msg, name) for name in FIELDS}, data=data)


def _zlib(data: bytes, most: int) -> bytes:
    """Content of a zlib or gzip stream, ``most`` bytes of it at most; the plugin writes gzip's header."""
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, most)


def _zstd(data: bytes, most: int) -> bytes:
    """Content of a zstd frame, ``most`` bytes of it at most."""
    try:
        import zstandard
    except ImportError as error:
        raise CloudError(f"Clouds in zstd need the package zstandard ({error}): pip install zstandard") from error
    with zstandard.ZstdDecompressor().stream_reader(data) as reader:
        return reader.read(most)


CODES: dict[str, Callable[[bytes, int], bytes]] = {"zlib": _zlib, "zstd": _zstd}
