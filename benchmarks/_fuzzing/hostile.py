"""Hostile messages, seeded: clouds, images, camera_infos and texts with false claims or absurd content.

What comes out is plain objects with the messages' attributes, so that the decoding can be tried without ROS; `fill`
makes messages of them. None is a good message by chance: nothing of a cloud lies in the workspace but single points of
random bytes, and no text is an instruction.
"""

from __future__ import annotations

import array
from types import SimpleNamespace

import numpy as np

from moe3d_ros.sensing.clouds import COLOR_CHANNELS, DEPTH_FORMATS, XYZRGB_FIELDS, XYZRGB_STEP, pack_cloud

ABSURD = (0, 1, 2, 3, 7, 255, 65_536, 2**28, 2**31 - 1, 2**31, 2**32 - 1)
NUMBERS = (np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 1e-320, 1e-40, 1e38, -1e38, 1e308, -1e308)
UNKNOWN = ("", "8UC3", "bayer_rggb8", "yuv422", "32FC1 ", "64FC1", "16SC1", "a" * 9000)
ENCODINGS = (*DEPTH_FORMATS, *COLOR_CHANNELS, *UNKNOWN)
NO_LETTERS = ("", " ", "\t\n", "?!", "...", "\ufffd", "\u200b\u200b", "\U0001f916" * 40, "-" * 5000)
NO_WORDS = (*NO_LETTERS, "put " * 400, "A" * 100_000)
SIZE = (6, 8)  # of the images


def number(rng, bits: int = 32) -> int:
    """Unsigned number that a hostile sender may claim."""
    kind = rng.integers(3)
    if kind == 0:
        return int(ABSURD[rng.integers(len(ABSURD))]) % 2**bits
    return int(rng.integers(2**bits)) if kind == 1 else int(rng.integers(64))


def text(rng) -> str:
    """Invalid instruction: without a letter or digit, not decodable, or far too long."""
    if rng.integers(2):
        return NO_WORDS[rng.integers(len(NO_WORDS))]
    drawn = rng.integers(0, 256, rng.integers(1, 200), dtype=np.uint8).tobytes().decode("utf-8", "replace")
    return "\ufffd" + drawn.replace("\0", "")


def stamp(rng, now_ns: int) -> tuple[int, int]:
    """Seconds (int32) and nanoseconds (uint32) of a header; most are now."""
    if rng.integers(4):
        return divmod(now_ns, 1_000_000_000)
    return int(rng.integers(-(2**31), 2**31)), int(rng.integers(2**32))


def frame(rng, good: str) -> str:
    """A frame_id; most are good."""
    return good if rng.integers(8) else text(rng)


def _bytes(rng, longest: int) -> array.array:
    return array.array("B", rng.integers(0, 256, rng.integers(0, longest), dtype=np.uint8).tobytes())


def _harm(rng, msg, harms) -> None:
    """One to three of the harms, in any order."""
    for _ in range(rng.integers(1, 4)):
        harms[rng.integers(len(harms))](msg)


def cloud(rng) -> SimpleNamespace:
    """A PointCloud2 of up to 300 points 5 m away from the workspace, with one to three harms done to it."""
    count = int(rng.integers(1, 300))
    points = rng.uniform(-1, 1, (count, 3)).astype(np.float32) + np.float32(5)
    fields = [SimpleNamespace(name=n, offset=o, datatype=t, count=1) for n, o, t in XYZRGB_FIELDS]
    data = pack_cloud(points, rng.integers(0, 256, (count, 3), dtype=np.uint8))
    msg = SimpleNamespace(
        height=1,
        width=count,
        point_step=XYZRGB_STEP,
        row_step=XYZRGB_STEP * count,
        fields=fields,
        data=data,
        is_bigendian=False,
        is_dense=True,
    )

    def claim(msg) -> None:
        setattr(msg, ("height", "width", "point_step", "row_step")[rng.integers(4)], number(rng))

    def four_gigabytes(msg) -> None:
        msg.height, msg.width = [(1, 2**28), (2**16, 2**12), (2**28, 1), (2**32 - 1, 2**32 - 1)][rng.integers(4)]
        msg.row_step = [0, msg.point_step * msg.width % 2**32, 2**32 - 1][rng.integers(3)]

    def one_field(msg) -> None:
        field = msg.fields[rng.integers(len(msg.fields))] if msg.fields else None
        if field is not None:
            kind = rng.integers(4)
            field.offset = number(rng) if kind == 0 else field.offset
            field.datatype = number(rng, 8) if kind == 1 else field.datatype
            field.count = number(rng) if kind == 2 else field.count
            field.name = ["x", "rgb", "rgba", "r", "", text(rng)][rng.integers(6)] if kind == 3 else field.name

    def many_fields(msg) -> None:
        msg.fields += [
            SimpleNamespace(name=text(rng)[:20], offset=number(rng), datatype=number(rng, 8), count=number(rng))
            for _ in range(rng.integers(1, 300))
        ]

    def no_field(msg) -> None:
        del msg.fields[rng.integers(0, len(msg.fields) + 1) :]

    def cut(msg) -> None:
        msg.data = msg.data[: rng.integers(0, len(msg.data) + 1)]

    def noise(msg) -> None:
        msg.data = _bytes(rng, 4800)

    def not_finite(msg) -> None:
        values = np.array(NUMBERS)[rng.integers(len(NUMBERS), size=(count, 3))]
        with np.errstate(over="ignore"):
            msg.data = pack_cloud(values.astype(np.float32), np.zeros((count, 3), np.uint8))

    def endian(msg) -> None:
        msg.is_bigendian = True

    def organised(msg) -> None:
        msg.height, msg.width = int(rng.integers(1, 20)), int(rng.integers(1, 40))
        msg.row_step = msg.width * msg.point_step + int(rng.integers(-3, 30))
        msg.row_step = max(0, msg.row_step) % 2**32

    def aliased(msg) -> None:  # every field at the same few bytes
        msg.point_step = int(rng.integers(0, 6))
        for field in msg.fields:
            field.offset = int(rng.integers(0, 3))
        msg.width = len(msg.data) // max(1, msg.point_step)

    harms = (
        claim,
        claim,
        four_gigabytes,
        one_field,
        one_field,
        many_fields,
        no_field,
        cut,
        noise,
        not_finite,
        endian,
        organised,
        aliased,
    )
    _harm(rng, msg, harms)
    return msg


def image(rng, encoding: str = "32FC1") -> SimpleNamespace:
    """An Image of 6 x 8 pixels, depth or colour by its encoding, with one to three harms done to it."""
    height, width = SIZE
    size = 4 if encoding == "32FC1" else 3
    msg = SimpleNamespace(
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=width * size,
        data=array.array("B", np.full(height * width, 5.0, np.float32).tobytes()[: height * width * size]),
    )

    def claim(msg) -> None:
        setattr(msg, ("height", "width", "step")[rng.integers(3)], number(rng))

    def four_gigabytes(msg) -> None:
        msg.height, msg.width = [(2**15, 2**15), (1, 2**30), (2**32 - 1, 2**32 - 1)][rng.integers(3)]
        msg.step = [0, msg.width * 4 % 2**32, 2**32 - 1][rng.integers(3)]

    def other(msg) -> None:
        msg.encoding = ENCODINGS[rng.integers(len(ENCODINGS))] if rng.integers(4) else text(rng)

    def cut(msg) -> None:
        msg.data = msg.data[: rng.integers(0, len(msg.data) + 1)]

    def noise(msg) -> None:
        msg.data = _bytes(rng, 4800)

    def endian(msg) -> None:
        msg.is_bigendian = number(rng, 8)

    def not_finite(msg) -> None:
        values = np.array(NUMBERS)[rng.integers(len(NUMBERS), size=SIZE)]
        with np.errstate(over="ignore"):
            msg.data = array.array("B", values.astype(np.float32).tobytes())

    _harm(rng, msg, (claim, claim, four_gigabytes, other, cut, noise, endian, not_finite))
    return msg


def camera_info(rng) -> SimpleNamespace:
    """A CameraInfo for 6 x 8 pixels with absurd numbers in K or P, or of another size."""
    height, width = SIZE
    k = np.array([5.0, 0, 3.5, 0, 5.0, 2.5, 0, 0, 1])
    msg = SimpleNamespace(height=height, width=width, k=k, p=np.zeros(12), d=np.zeros(5), distortion_model="plumb_bob")

    def absurd(name: str):
        def harm(msg) -> None:
            values = getattr(msg, name)
            for _ in range(rng.integers(1, 5)):
                values[rng.integers(len(values))] = NUMBERS[rng.integers(len(NUMBERS))]

        return harm

    def noise(msg) -> None:
        msg.k = np.frombuffer(rng.bytes(72), np.float64).copy()
        msg.p = np.frombuffer(rng.bytes(96), np.float64).copy()

    def claim(msg) -> None:
        msg.height, msg.width = number(rng), number(rng)

    def long(msg) -> None:
        msg.d, msg.distortion_model = np.full(rng.integers(0, 500), np.nan), text(rng)

    _harm(rng, msg, (absurd("k"), absurd("p"), noise, claim, long))
    return msg


def broken_bytes(rng, serialized: bytes) -> bytes:
    """A serialised message (CDR) in which bytes are changed, cut off or added, lengths of sequences among them."""
    raw = bytearray(serialized)
    kind = rng.integers(5)
    if kind == 0:
        return rng.bytes(int(rng.integers(0, 300)))
    if kind == 1:
        return bytes(raw[: rng.integers(0, len(raw))])
    for _ in range(rng.integers(1, 9)):
        place = int(rng.integers(0, min(len(raw), 200)))
        if kind == 2:
            raw[place] = int(rng.integers(256))
        elif kind == 3:  # where a length may stand: at multiples of four
            place = place // 4 * 4
            raw[place : place + 4] = number(rng).to_bytes(4, "little")
        else:
            del raw[place]
    return bytes(raw)


def fill(msg, plain: SimpleNamespace, make_field=None):
    """The attributes of a plain object in a ROS message, which is returned; ``make_field``: PointField."""
    for name, value in vars(plain).items():
        if name == "fields":
            setattr(msg, name, [make_field(**vars(field)) for field in value])
        else:
            setattr(msg, name, [float(v) for v in value] if isinstance(value, np.ndarray) else value)
    return msg
