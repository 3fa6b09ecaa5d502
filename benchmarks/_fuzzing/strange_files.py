"""Files of every kind that a user brings, mutations of them, and what their readers must hold to."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from moe3d_ros.recording import bags
from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.sensing.scan_files import read_cloud_file

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "test" / "samples"
WORDS = b"x y z rgb red float double uchar 0 1 -1 4 8 99999999999 1e9 nan null true [] {} F U I ascii binary".split()
POINTS = 40


@dataclass(frozen=True)
class Change:
    """A mutation: the file (its name within the folder), words on it, and which of its bytes are changed at the earliest."""

    file: str
    words: str
    first: int
    cut: bool


class Kind:
    """A kind of file. ``files``: name -> bytes; ``targets``: the names that are mutated; ``refusals``: errors that are right."""

    name = ""
    refusals: tuple[type[Exception], ...] = ()

    def __init__(self, rng: np.random.Generator):
        self.files = self.make(rng)
        self.targets = [name for name in self.files if self.is_target(name)]

    def make(self, rng: np.random.Generator) -> dict[str, bytes]:
        raise NotImplementedError

    def is_target(self, name: str) -> bool:
        return True

    def check(self, path: Path, change: Change) -> str | None:
        """Read the files in a folder; words on what was read wrongly, or None. Raises one of ``refusals``."""
        raise NotImplementedError


def mutated(kind: Kind, rng: np.random.Generator, path: Path) -> Change:
    """Write a kind's files into a folder, one of them changed."""
    name = kind.targets[int(rng.integers(len(kind.targets)))]
    before = kind.files[name]
    after, words = before, ""
    while after == before:
        after, words = _mutate(before, rng)
    for other, content in kind.files.items():
        (path / other).parent.mkdir(parents=True, exist_ok=True)
        (path / other).write_bytes(after if other == name else content)
    first = next((i for i, (a, b) in enumerate(zip(before, after)) if a != b), min(len(before), len(after)))
    return Change(name, f"{name}: {words}", first, words.startswith("cut"))


def _mutate(content: bytes, rng: np.random.Generator) -> tuple[bytes, str]:
    """One change, as often in the first kilobyte, where headers are, as anywhere."""
    reach = len(content) if rng.random() < 0.5 else min(len(content), 1000)
    at = int(rng.integers(max(reach, 1)))
    lines = content[:2000].split(b"\n")
    line = int(rng.integers(max(1, min(len(lines) - 1, 14))))
    tail = content[2000:]
    sort = int(rng.integers(9))
    if sort == 0:
        return content[:at], f"cut after {at} bytes"
    if sort == 1:
        return content + rng.bytes(int(rng.integers(1, 60))), "bytes after the end"
    if sort == 2:
        flipped = bytearray(content)
        for place in rng.integers(0, max(reach, 1), int(rng.integers(1, 6))):
            flipped[int(place)] ^= 1 << int(rng.integers(8))
        return bytes(flipped), "bits flipped"
    if sort == 3:
        return content[:at] + rng.bytes(int(rng.integers(1, 9))) + content[at:], f"bytes put in at {at}"
    if sort == 4:
        return content[:at] + content[at + int(rng.integers(1, 20)) :], f"bytes taken out at {at}"
    if sort == 5:
        return b"\n".join(lines[:line] + lines[line + 1 :]) + tail, f"line {line + 1} taken out"
    if sort == 6:
        return b"\n".join(lines[: line + 1] + lines[line:]) + tail, f"line {line + 1} twice"
    pattern = rb"\d+" if sort == 7 else rb"[A-Za-z_]+|\d+"
    found = list(re.finditer(pattern, content[:reach]))
    if not found:
        return content[:at], f"cut after {at} bytes"
    hit = found[int(rng.integers(len(found)))]
    number = str(max(0, int(hit[0][:9]) + int(rng.integers(-3, 4)))).encode() if sort == 7 else b""
    word = number or WORDS[int(rng.integers(len(WORDS)))]
    return content[: hit.start()] + word + content[hit.end() :], f"{hit[0][:20]!r} at {hit.start()} is {word!r} now"


# --- scans


class Scan(Kind):
    """Common to both kinds of scans: as many points as the header says, and the same where only the header was touched."""

    refusals = (CloudError,)
    end = b""
    fields = rb""
    count = rb""

    def make(self, rng):
        self.points = rng.uniform(-1, 1, (POINTS, 3)).astype(np.float32)
        self.colors = rng.integers(0, 256, (POINTS, 3), dtype=np.uint8)
        return {f"{form}.{self.name}": self.write(form) for form in self.forms}

    forms: tuple[str, ...] = ()

    def write(self, form: str) -> bytes:
        raise NotImplementedError

    def check(self, path, change):
        content, before = (path / change.file).read_bytes(), self.files[change.file]
        points, colors = read_cloud_file(path / change.file)
        head = content[: content.find(self.end)]
        counts = re.findall(self.count, head, re.MULTILINE | re.IGNORECASE)
        if not counts or len(points) != int(counts[-1]):
            return f"{len(points)} points, the header says {counts}"
        start = before.find(self.end)
        same_body = content.endswith(before[start:]) and change.first < start
        said = re.findall(self.fields, head, re.MULTILINE | re.IGNORECASE)
        if same_body and said == re.findall(self.fields, before[:start], re.MULTILINE | re.IGNORECASE):
            if not np.allclose(points, self.points, atol=1e-6):
                return "other points, though the header names the same fields and nothing else was touched"
            if colors is None or not np.array_equal(colors, self.colors):
                return "other colours, though the header names the same fields and nothing else was touched"
        return None


class Pcd(Scan):
    name, forms, end = "pcd", ("ascii", "binary"), b"DATA "
    fields, count = rb"^(?:FIELDS|COLUMNS)[^#\n]*", rb"^POINTS +(\d+)|^WIDTH +(\d+)"

    def make(self, rng):
        files = super().make(rng)
        self.count = rb"^(?:POINTS|WIDTH) +0*(\d+)"
        return files

    def write(self, form):
        packed = (self.colors.astype(np.uint32) << [16, 8, 0]).sum(1, dtype=np.uint32)
        head = (
            "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z rgb\nSIZE 4 4 4 4\nTYPE F F F U\nCOUNT 1 1 1 1\n"
            f"WIDTH {POINTS}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {POINTS}\nDATA {form}\n"
        )
        rows = zip(self.points.tolist(), packed.tolist())
        if form == "ascii":
            return (head + "".join(f"{x!r} {y!r} {z!r} {c}\n" for (x, y, z), c in rows)).encode()
        table = np.zeros(POINTS, [("p", "<f4", 3), ("c", "<u4")])
        table["p"], table["c"] = self.points, packed
        return head.encode() + table.tobytes()


class Ply(Scan):
    name, forms, end = "ply", ("ascii", "binary_little_endian", "binary_big_endian"), b"end_header"
    fields, count = rb"^property[^\n]*", rb"^element\s+vertex\s+(\d+)"

    def write(self, form):
        names = "".join(f"property float {axis}\n" for axis in "xyz")
        names += "".join(f"property uchar {color}\n" for color in ("red", "green", "blue"))
        head = f"ply\nformat {form} 1.0\nelement vertex {POINTS}\n{names}end_header\n"
        if form == "ascii":
            rows = zip(self.points.tolist(), self.colors.tolist())
            return (head + "".join(" ".join(map(repr, [*p, *c])) + "\n" for p, c in rows)).encode()
        order = ">" if "big" in form else "<"
        table = np.zeros(POINTS, [("p", f"{order}f4", 3), ("c", "u1", 3)])
        table["p"], table["c"] = self.points, self.colors
        return head.encode() + table.tobytes()


# --- recordings


class Recording(Kind):
    """A rosbag2 folder: no more messages than there were, no fewer without a word, the same where only a label was touched."""

    refusals = (bags.BagError,)
    storage = ""

    def make(self, rng):
        import tempfile

        pose = bags.pose_stamped((0.4, 0.1, 0.04), (1, 0, 0, 0), 3, "base_link")
        cloud = bags.cloud(rng.uniform(0, 1, (9, 3)).astype(np.float32), np.zeros((9, 3), np.uint8), 1, "base_link")
        messages = [("/points", 1, cloud), ("/instruction", 2, bags.string("go")), ("/pick_pose", 3, pose)]
        with tempfile.TemporaryDirectory() as folder:
            path = bags.write_bag(Path(folder) / "bag", messages, self.storage)
            self.messages = list(bags.read_raw(path))
            return {f"bag/{file.name}": file.read_bytes() for file in path.iterdir()}

    def is_target(self, name):
        return not name.endswith(".yaml")

    def check(self, path, change):
        said: list[str] = []
        bags.topics(path / "bag", said.append)
        read = list(bags.read_raw(path / "bag"))
        list(bags.read_bag(path / "bag", warn=said.append))
        if len(read) > len(self.messages):
            return f"{len(read)} messages, there were {len(self.messages)}"
        if len(read) < len(self.messages) and not said:
            return f"{len(read)} messages of {len(self.messages)}, without a word on the others"
        if change.file.endswith(".yaml") and read != self.messages:
            return f"{len(read)} of {len(self.messages)} messages, though only metadata.yaml was touched"
        return None


class Mcap(Recording):
    name, storage = "mcap", "mcap"


class Db3(Recording):
    name, storage = "db3", "sqlite3"


# --- settings


class Settings(Recording):
    """YAML: labels of a recording, and the settings of a training stage, each of which must come to be in force."""

    name, storage = "yaml", "mcap"
    refusals = (bags.BagError, ValueError)

    def make(self, rng):
        files = super().make(rng)
        stages = sorted((ROOT / "training" / "configs").glob("*.yaml"))
        return files | {file.name: file.read_bytes() for file in stages}

    def is_target(self, name):
        return name.endswith(".yaml")

    def check(self, path, change):
        if change.file.startswith("bag/"):
            return super().check(path, change)
        from training.stages.command_line import parse

        printed = io.StringIO()
        try:
            with contextlib.redirect_stderr(printed):
                config = parse(["--stage", str(path / change.file)])
        except SystemExit as end:
            raise ValueError(printed.getvalue() if end.code == 2 else "") from end
        for name, value in yaml.safe_load((path / change.file).read_text()).items():
            if hasattr(config, name) and not isinstance(value, dict):
                found = getattr(config, name)
                if found != value and list(np.atleast_1d(found)) != list(np.atleast_1d(value)):
                    return f"{name} is {value!r} in the file and {found!r} in force"
        return None


# --- datasets


class Datasets(Kind):
    """Sets of questions with their scans, and recordings as demonstrations: what was cut off is never without a problem."""

    name = "datasets"

    def make(self, rng):
        files = sorted(SAMPLES.glob("*.json")) + sorted((SAMPLES / "scans").rglob("*.*"))
        return {str(file.relative_to(SAMPLES)): file.read_bytes() for file in files}

    def check(self, path, change):
        from training.data.datasets.validate import validate

        if change.file.startswith("scans/"):
            name, target = "scannet", path / "scans"
        else:
            name = re.split(r"[._]", change.file)[0]
            target = path / change.file.replace("sqa_annotations", "questions")
        problems, _ = validate(name, target, {})
        whole = self.files[change.file].rstrip()
        if change.cut and not problems and change.first < len(whole):
            return "no problems, though the file was cut off"
        return None


KINDS: dict[str, type[Kind]] = {kind.name: kind for kind in (Pcd, Ply, Mcap, Db3, Settings, Datasets)}
