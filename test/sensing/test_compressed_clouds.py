"""Clouds of point_cloud_transport: zlib and zstd are read as they were, the rest is refused by its name."""

import gzip
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
import zstandard

from moe3d_ros.sensing.clouds import XYZRGB_FIELDS, XYZRGB_STEP, CloudError, pack_cloud, read_cloud
from moe3d_ros.sensing.compressed.compressed_clouds import FIELDS, decompressed_cloud

RNG = np.random.default_rng(5)
POINTS = RNG.uniform(-1, 1, (500, 3)).astype(np.float32)
COLORS = RNG.integers(0, 255, (500, 3)).astype(np.uint8)
RAW = pack_cloud(POINTS, COLORS).tobytes()
CODES = {"zlib": gzip.compress, "zstd": zstandard.compress}


def message(code="zlib", data=None, **changes):
    """The fields of a CompressedPointCloud2."""
    fields = [SimpleNamespace(name=n, offset=o, datatype=d, count=1) for n, o, d in XYZRGB_FIELDS]
    told = {"header": None, "height": 1, "width": 500, "fields": fields, "is_bigendian": False, "is_dense": True}
    told |= {"point_step": XYZRGB_STEP, "row_step": XYZRGB_STEP * 500} | changes
    return SimpleNamespace(**told, format=code, compressed_data=CODES.get(code, bytes)(RAW) if data is None else data)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("changes", [{}, {"row_step": 0}, {"height": 5, "width": 100, "row_step": 1600}])
def test_a_cloud_is_as_it_was(code, changes):
    cloud = decompressed_cloud(message(code, **changes))
    assert set(vars(cloud)) == {*FIELDS, "data"}
    points, colors = read_cloud(cloud)
    np.testing.assert_array_equal(points, POINTS)
    np.testing.assert_array_equal(colors, COLORS)


def test_a_plain_zlib_header_is_read_too():
    np.testing.assert_array_equal(read_cloud(decompressed_cloud(message(data=zlib.compress(RAW))))[0], POINTS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "draco"}, "'draco', and zlib and zstd are read"),
        ({"code": "cloudini/\n"}, "'cloudini/?'"),
        ({"data": b"nothing of the kind"}, "zlib data (19 bytes) are damaged"),
        ({"code": "zstd", "data": b"nothing of the kind"}, "zstd data (19 bytes) are damaged"),
        ({"data": gzip.compress(bytes(10_000_000))}, "more than the 8000 bytes"),
        ({"code": "zstd", "data": zstandard.compress(bytes(10_000_000))}, "more than the 8000 bytes"),
        ({"height": 2**31, "row_step": 2**31}, "claims 4611686018427387904 bytes"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(changes, words):
    with pytest.raises(CloudError) as error:
        decompressed_cloud(message(**changes))
    assert words in str(error.value)


@pytest.mark.parametrize("code", CODES)
def test_a_cut_stream_is_told_as_truncated_or_damaged(code):
    with pytest.raises(CloudError, match="truncated|damaged"):
        read_cloud(decompressed_cloud(message(code, data=CODES[code](RAW)[:-300])))
