"""Scans as other programs write them: read by name, type and range, or refused with the name of what is not understood."""

import numpy as np
import pytest

from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.sensing.scan_files import read_cloud_file
from moe3d_ros.sensing.tableplane import table_frame_from_plane

RNG = np.random.default_rng(3)
POINTS = RNG.uniform(-1, 1, (50, 3)).astype(np.float32)
COLORS = RNG.integers(0, 256, (50, 3), dtype=np.uint8)
COLORS[0], COLORS[1] = 255, 0
PACKED = (COLORS[:, 0].astype(np.uint32) << 16) | (COLORS[:, 1].astype(np.uint32) << 8) | COLORS[:, 2]
FLOATS = PACKED.view(np.float32)
PLY_KINDS = {"float": "f4", "double": "f8", "uchar": "u1", "ushort": "u2", "int": "i4", "char": "i1"}
PCD_KINDS = {"F4": "f4", "F8": "f8", "U1": "u1", "U2": "u2", "U4": "u4", "I4": "i4", "U8": "u8"}


def table(columns, kinds, order="<"):
    """Columns (name, kind, values) as a structured array."""
    rows = np.zeros(len(columns[0][2]), [(str(i), order + kinds[kind]) for i, (_, kind, _) in enumerate(columns)])
    for index, (_, _, values) in enumerate(columns):
        rows[str(index)] = values
    return rows


def ply(path, columns, form="binary_little_endian", rest=b"", count=None):
    """A PLY file of vertices from columns (name, kind, values)."""
    rows = table(columns, PLY_KINDS, ">" if "big" in form else "<")
    head = f"ply\nformat {form} 1.0\nelement vertex {len(rows) if count is None else count}\n"
    head += "".join(f"property {kind} {name}\n" for name, kind, _ in columns)
    if form == "ascii":
        body = "".join(" ".join(repr(value.item()) for value in row) + "\n" for row in rows).encode()
    else:
        body = rows.tobytes()
    path.write_bytes(head.encode() + b"end_header\n" + body + rest)
    return path


def pcd(path, columns, data="binary", points=None, rest=b"", edit=None):
    """A PCD file from columns (name, kind, values); ``edit`` changes lines of the header."""
    rows = table(columns, PCD_KINDS)
    lines = {
        "VERSION": "0.7",
        "FIELDS": " ".join(name for name, _, _ in columns),
        "SIZE": " ".join(kind[1:] for _, kind, _ in columns),
        "TYPE": " ".join(kind[0] for _, kind, _ in columns),
        "COUNT": " ".join("1" for _ in columns),
        "WIDTH": str(len(rows) if points is None else points),
        "HEIGHT": "1",
        "VIEWPOINT": "0 0 1 0 1 0 0",
        "POINTS": str(len(rows) if points is None else points),
        "DATA": data,
    } | (edit or {})
    head = "# made by a test\n" + "".join(f"{key} {value}\n" for key, value in lines.items() if value is not None)
    if data == "ascii":
        body = "".join(" ".join(repr(value.item()) for value in row) + "\n" for row in rows).encode()
    else:
        body = rows.tobytes()
    path.write_bytes(head.encode() + body + rest)
    return path


def axes(kind="float", points=POINTS, names="xyz"):
    return [(name, kind, points[:, axis]) for axis, name in enumerate(names)]


def shades(kind, values, names=("red", "green", "blue")):
    return [(name, kind, values[:, channel]) for channel, name in enumerate(names)]


WIDE = COLORS.astype(np.uint16) * 257
PLY_DIALECTS = {
    "float 0..1": axes() + shades("float", COLORS / 255),
    "double 0..1": axes("double") + shades("double", COLORS / 255),
    "float 0..255": axes() + shades("float", COLORS),
    "ushort": axes() + shades("ushort", WIDE),
    "ushort holding 0..255": axes() + shades("ushort", COLORS),
    "int": axes() + shades("int", COLORS),
    "float 0..65535": axes() + shades("float", WIDE),
    "diffuse": axes() + shades("uchar", COLORS, ("diffuse_red", "diffuse_green", "diffuse_blue")),
    "diffuse as floats": axes() + shades("float", COLORS / 255, ("diffuse_red", "diffuse_green", "diffuse_blue")),
    "r g b": axes() + shades("uchar", COLORS, "rgb"),
    "upper case": axes(names="XYZ") + shades("uchar", COLORS, ("Red", "Green", "Blue")),
    "colours first, backwards": shades("uchar", COLORS[:, ::-1], ("blue", "green", "red")) + axes(),
}


@pytest.mark.parametrize("form", ["ascii", "binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize("dialect", PLY_DIALECTS)
def test_every_dialect_of_ply_gives_the_same_scan(tmp_path, dialect, form):
    points, colors = read_cloud_file(ply(tmp_path / "scan.ply", PLY_DIALECTS[dialect], form))
    np.testing.assert_allclose(points, POINTS, atol=1e-6)
    np.testing.assert_array_equal(colors, COLORS)
    assert (points.dtype, colors.dtype) == (np.float32, np.uint8)


PCD_DIALECTS = {
    "rgb as float": axes("F4") + [("rgb", "F4", FLOATS)],
    "rgb as U": axes("F4") + [("rgb", "U4", PACKED)],
    "rgb as I": axes("F4") + [("rgb", "I4", PACKED.view(np.int32))],
    "rgba": axes("F4") + [("rgba", "U4", PACKED | 0xFF000000)],
    "r g b": axes("F4") + shades("U1", COLORS, "rgb"),
    "red green blue of 16 bits": axes("F8", names="XYZ") + shades("U2", WIDE, ("Red", "Green", "Blue")),
    "double": axes("F8") + [("rgb", "F4", FLOATS)],
    "double with floats as colours": axes("F8") + shades("F8", COLORS / 255, "rgb"),
    "padding and more": axes("F4") + [("_", "U1", COLORS[:, 0]), ("rgb", "F4", FLOATS), ("_", "F4", FLOATS)],
    "a label of eight bytes first": [("label", "U8", PACKED), *axes("F4"), ("rgb", "F4", FLOATS)],
}


@pytest.mark.parametrize("data", ["ascii", "binary"])
@pytest.mark.parametrize("dialect", PCD_DIALECTS)
def test_every_dialect_of_pcd_gives_the_same_scan(tmp_path, dialect, data):
    points, colors = read_cloud_file(pcd(tmp_path / "scan.pcd", PCD_DIALECTS[dialect], data))
    np.testing.assert_allclose(points, POINTS, atol=1e-6)
    np.testing.assert_array_equal(colors, COLORS)


@pytest.mark.parametrize(
    "edit",
    [
        {"TYPE": "f f f u", "SIZE": "4 4 4 4"},
        {"COUNT": None},
        {"POINTS": None},
        {"WIDTH": None, "HEIGHT": None},
        {"WIDTH": "10", "HEIGHT": "5"},
    ],
)
def test_headers_that_leave_out_what_can_be_known_are_read(tmp_path, edit):
    columns = axes("F4") + [("rgb", "U4", PACKED)]
    points, colors = read_cloud_file(pcd(tmp_path / "scan.pcd", columns, edit=edit))
    np.testing.assert_array_equal(points, POINTS)
    np.testing.assert_array_equal(colors, COLORS)


def test_packed_colours_written_as_whole_numbers_are_read(tmp_path):
    """TYPE F says float, and the text is the number that the bits stand for."""
    path = pcd(tmp_path / "scan.pcd", axes("F4") + [("rgb", "U4", PACKED)], "ascii", edit={"TYPE": "F F F F"})
    np.testing.assert_array_equal(read_cloud_file(path)[1], COLORS)


def test_a_compressed_file_is_what_the_plain_one_is(tmp_path):
    open3d = pytest.importorskip("moe3d_ros.open3d_loader").import_open3d()
    smooth = np.repeat(POINTS, 40, axis=0)  # with something to compress
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(smooth.astype(float)))
    cloud.colors = open3d.utility.Vector3dVector(np.repeat(COLORS, 40, axis=0) / 255)
    path = tmp_path / "scan.pcd"
    assert open3d.io.write_point_cloud(str(path), cloud, compressed=True)
    assert b"binary_compressed" in path.read_bytes()[:300]
    points, colors = read_cloud_file(path)
    np.testing.assert_array_equal(points, smooth)
    np.testing.assert_array_equal(colors, np.repeat(COLORS, 40, axis=0))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CloudError, match="damaged"):
        read_cloud_file(path)


def test_a_mesh_gives_its_vertices(tmp_path):
    path = ply(
        tmp_path / "mesh.ply", axes() + shades("uchar", COLORS), rest=b"".join(b"\3" + bytes(12) for _ in range(9))
    )
    faces = b"element face 9\nproperty list uchar int vertex_indices\nend_header\n"
    path.write_bytes(path.read_bytes().replace(b"end_header\n", faces))
    np.testing.assert_array_equal(read_cloud_file(path)[1], COLORS)


@pytest.mark.parametrize("extra", ["intensity", "curvature", "r"])
def test_a_scan_without_colour_says_so(tmp_path, extra):
    assert read_cloud_file(ply(tmp_path / "a.ply", [*axes(), (extra, "float", POINTS[:, 0])]))[1] is None
    assert read_cloud_file(pcd(tmp_path / "a.pcd", [*axes("F4"), (extra, "F4", POINTS[:, 0])]))[1] is None


@pytest.mark.parametrize("missing", [0.0, np.nan, np.inf])
def test_what_is_no_reading_is_nan_in_every_file(tmp_path, missing):
    points = POINTS.copy()
    points[::3] = missing
    for path in (ply(tmp_path / "a.ply", axes(points=points)), pcd(tmp_path / "a.pcd", axes("F4", points))):
        read, _ = read_cloud_file(path)
        assert np.isnan(read[::3]).all()
        np.testing.assert_array_equal(np.delete(read, np.s_[::3], 0), np.delete(POINTS, np.s_[::3], 0))
    with pytest.raises(CloudError, match="50 points and no reading"):
        read_cloud_file(ply(tmp_path / "b.ply", axes(points=np.full_like(POINTS, missing))))


def test_one_zero_coordinate_is_a_reading(tmp_path):
    points = POINTS.copy()
    points[:, 2] = 0
    np.testing.assert_array_equal(read_cloud_file(ply(tmp_path / "a.ply", axes(points=points)))[0], points)


MILLIMETRES = (POINTS * 1000).round()
STRANGE_PLY = {
    "whole numbers say no unit": axes("int", MILLIMETRES) + shades("uchar", COLORS),
    "no field z": axes()[:2] + shades("uchar", COLORS),
    "and no blue": axes() + shades("uchar", COLORS)[:2],
    "from -1 to": axes() + shades("float", COLORS / 127.5 - 1),
    "from 0 to 1.5": axes() + shades("float", COLORS / 170),
    "i1 from": axes() + shades("char", COLORS.view(np.int8)),
    "ambient_red, ambient_green": axes() + shades("uchar", COLORS, ("ambient_red", "ambient_green", "ambient_blue")),
    "Hue": axes() + shades("float", COLORS, ("Hue", "Saturation", "Value")),
    "vertex_color": [*axes(), ("vertex_color", "int", PACKED)],
    "several types": axes()[:2] + axes("double")[2:],
    "two fields x": [*axes(), ("X", "float", POINTS[:, 0])],
    "h, s, v": axes() + shades("float", COLORS / 255, "hsv"),
}


@pytest.mark.parametrize("words", STRANGE_PLY)
def test_what_is_not_understood_is_refused_by_name(tmp_path, words):
    with pytest.raises(CloudError, match=words):
        read_cloud_file(ply(tmp_path / "scan.ply", STRANGE_PLY[words]))


BASIC = axes("F4") + [("rgb", "F4", FLOATS)]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"TYPE": "F F F"}, "4 fields and TYPE has 3"),
        ({"TYPE": "F F F X"}, "TYPE X"),
        ({"SIZE": "4 4 4 3"}, "SIZE 3"),
        ({"SIZE": "4 4 4 8"}, "ends early"),
        ({"SIZE": "4 4 4 2", "TYPE": "F F F U"}, "bytes more than its header says"),
        ({"COUNT": "1 1 1 0"}, "COUNT 0"),
        ({"SIZE": None}, "no line SIZE"),
        ({"POINTS": "49"}, "POINTS is 49, WIDTH times HEIGHT is 50"),
        ({"POINTS": "49", "WIDTH": "49"}, "bytes more than its header says"),
        ({"POINTS": "51", "WIDTH": "51"}, "ends early"),
        ({"POINTS": "-1"}, "POINTS is -1"),
        ({"DATA": "zip"}, "DATA is zip"),
        ({"FIELDS": "x x z rgb"}, "two fields have the name x"),
        ({"FIELDS": "x y height rgb"}, "no field z"),
        ({"TYPE": "F F I F"}, "whole numbers"),
        ({"SIZE": "8 8 8 4"}, "ends early"),
    ],
)
def test_a_header_that_does_not_fit_is_refused_by_what_is_wrong(tmp_path, edit, words):
    with pytest.raises(CloudError, match=words):
        read_cloud_file(pcd(tmp_path / "scan.pcd", BASIC, edit=edit))


def test_data_that_the_header_does_not_speak_of_is_refused(tmp_path):
    columns = axes() + shades("uchar", COLORS)
    for form in ("ascii", "binary_little_endian"):
        for count, words in ((49, "holds more"), (51, "not what its header says")):
            with pytest.raises(CloudError, match=words):
                read_cloud_file(ply(tmp_path / "scan.ply", columns, form, count=count))
    for points in (49, 51):
        with pytest.raises(CloudError, match=f"50 points, its header says {points}"):
            read_cloud_file(pcd(tmp_path / "scan.pcd", BASIC, "ascii", points))
    swapped = ply(tmp_path / "scan.ply", columns, "binary_big_endian")
    swapped.write_bytes(swapped.read_bytes().replace(b"big", b"little"))
    with pytest.raises(CloudError, match="byte order"):
        read_cloud_file(swapped)
    swapped.write_bytes(b"ply\nformat ascii 1.0\nelement point 1\nproperty float x\nend_header\n1\n")
    with pytest.raises(CloudError, match="1 point"):
        read_cloud_file(swapped)


def test_colours_that_text_cannot_hold_are_refused(tmp_path):
    opaque = (PACKED | 0xFF000000).view(np.float32)  # NaN
    with pytest.raises(CloudError, match="`nan`"):
        read_cloud_file(pcd(tmp_path / "scan.pcd", axes("F4") + [("rgb", "F4", opaque)], "ascii"))
    np.testing.assert_array_equal(
        read_cloud_file(pcd(tmp_path / "scan.pcd", axes("F4") + [("rgb", "F4", opaque)]))[1], COLORS
    )


LINE = np.linspace(0.1, 1, 500)[:, None]


@pytest.mark.parametrize(
    "points",
    [
        np.full((500, 3), 0.4),
        LINE * [0, 0, 1.0],
        LINE * [0.3, -2, 1.0] + 0.7,
        np.repeat([[0, 0, 1.0], [1, 0, 1]], 250, 0),
    ],
)
def test_points_that_span_no_plane_are_a_sentence(points):
    with pytest.raises(CloudError, match="on one line|at one place"):
        table_frame_from_plane(points.astype(np.float32))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_points_are_a_sentence(count):
    with pytest.raises(CloudError, match=f"Only {count} valid points"):
        table_frame_from_plane(POINTS[:count])
