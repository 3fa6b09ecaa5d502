"""The validator names file, line and field of every kind of damage, and never ends in a traceback."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("plyfile", reason="plyfile is not installed")
pytest.importorskip("rosbags", reason="rosbags is not installed")

import make_samples
from places import ROOT, SAMPLES

from training.data.datasets.json_file import lines_of
from training.data.datasets.validate import main

FORMATS = [
    ("scanqa", "scanqa.json"),
    ("sqa3d", "sqa3d_questions.json"),
    ("leo", "leo_qa.json"),
    ("leo", "leo_plan.json"),
    ("leo", "leo_scene_caption.json"),
    ("leo", "leo_object_caption.json"),
    ("recording", "recording_mcap"),
    ("recording", "recording_sqlite3"),
    ("scannet", "scans"),
]


@pytest.fixture
def samples(tmp_path):
    """A copy that may be damaged."""
    return Path(shutil.copytree(SAMPLES, tmp_path / "samples"))


def check(capsys, name: str, path: Path, *options: str) -> tuple[int, list[str]]:
    """Exit code, and the printed lines without the folder of the test."""
    code = main(["--format", name, str(path), *options])
    return code, capsys.readouterr().out.replace(f"{path.parent}/", "").splitlines()


@pytest.mark.parametrize(("name", "file"), FORMATS)
def test_the_samples_have_no_problems(capsys, name, file):
    code, lines = check(capsys, name, SAMPLES / file)
    assert code == 0
    assert lines[-1] == "no problems"
    assert lines[0].startswith(("examples: ", "scans: 2, "))


def test_the_summary_counts(capsys):
    _, lines = check(capsys, "scanqa", SAMPLES / "scanqa.json")
    assert lines[0] == "examples: 4, qa 4"
    assert lines[1].startswith("scans: 2 found, 0 missing")
    assert lines[2].startswith("answers: 8, 1 to 3 words")


def edit(path: Path, change) -> list[str]:
    """Change a JSON file's value; its lines as they are now."""
    value = json.loads(path.read_text())
    change(value)
    text = json.dumps(value, indent=1)
    path.write_text(text + "\n")
    return text.splitlines()


def put(*path_and_value):
    """A change of one value; ``del`` where the value is KeyError."""
    *path, last, value = path_and_value

    def change(root):
        for part in path:
            root = root[part]
        if value is KeyError:
            del root[last]
        else:
            root[last] = value

    return change


NAN = float("nan")
S = "scene9000_00"
JSON_DAMAGE = [  # format, file, change, text on the line that is named, field, words
    (
        "scanqa",
        "scanqa.json",
        put(1, "answers", []),
        '"answers": []',
        "[1].answers",
        "is empty, expected 1 or more texts",
    ),
    ("scanqa", "scanqa.json", put(1, "answers", ["  "]), '"  "', "[1].answers[0]", "is empty, expected words"),
    (
        "scanqa",
        "scanqa.json",
        put(2, "question", 5),
        '"question": 5',
        "[2].question",
        "is a whole number (5), expected a text",
    ),
    ("scanqa", "scanqa.json", put(2, "question", KeyError), " {", "[2].question", "is missing, expected a text"),
    (
        "scanqa",
        "scanqa.json",
        put(0, "object_ids", ["3"]),
        '"3"',
        "[0].object_ids[0]",
        'is a text ("3"), expected a whole',
    ),
    (
        "scanqa",
        "scanqa.json",
        put(0, "object_ids", [0, 1]),
        '"object_names"',
        "[0].object_names",
        "has 1 names, expected 2",
    ),
    ("scanqa", "scanqa.json", put(0, "object_ids", [77]), f'"{S}"', "[0].scene_id", "object 77 of 'What color"),
    ("scanqa", "scanqa.json", put(3, "question_id", f"train-{S}-0"), "", "[3].question_id", "is that of entry 0 too"),
    ("scanqa", "scanqa.json", put(3, "scene_id", "scene0000_00"), '"scene0000_00"', "[3].scene_id", "there is no scan"),
    ("scanqa", "scanqa.json", put(3, "scene_id", "../../etc"), '"../../etc"', "[3].scene_id", "there is no scan"),
    ("scanqa", "scanqa.json", put(3, None), "null", "[3]", "is null, expected an object"),
    (
        "sqa3d",
        "sqa3d_questions.json",
        put("questions", 1, "situation", ""),
        '"situation": ""',
        "questions[1].situation",
        "is empty",
    ),
    (
        "sqa3d",
        "sqa3d_questions.json",
        put("questions", 1, "question_id", 5),
        ": 5",
        "questions[1].question_id",
        "is 5, expected",
    ),
    (
        "sqa3d",
        "sqa3d_questions.json",
        put("questions", {}),
        '"questions"',
        "questions",
        "is an object, expected a list",
    ),
    (
        "sqa3d",
        "sqa3d_sqa_annotations.json",
        put("annotations", 0, "rotation", "_w", 0.1),
        '"rotation"',
        "annotations[0].rotation",
        "is a quaternion of length 0.608, expected length 1",
    ),
    (
        "sqa3d",
        "sqa3d_sqa_annotations.json",
        put("annotations", 0, "position", "y", NAN),
        "NaN",
        "annotations[0].position.y",
        "is nan, expected a finite number",
    ),
    (
        "sqa3d",
        "sqa3d_sqa_annotations.json",
        put("annotations", 1, "answers", 0, "answer", " "),
        '" "',
        "annotations[1].answers[0].answer",
        "is empty, expected words",
    ),
    (
        "sqa3d",
        "sqa3d_sqa_annotations.json",
        put("annotations", 1, "answers", []),
        '"answers": []',
        "annotations[1].answers",
        "is empty, expected 1 or more answers",
    ),
    (
        "sqa3d",
        "sqa3d_sqa_annotations.json",
        put("annotations", 1, "scene_id", S),
        '"scene_id"',
        "annotations[1].scene_id",
        "expected 'scene9001_00' as in the question 9001",
    ),
    (
        "leo",
        "leo_qa.json",
        put(S, "response", 0, "A", "two"),
        '"A": "two"',
        f"{S}.response[0].A",
        'is a text ("two"), expected a list',
    ),
    (
        "leo",
        "leo_plan.json",
        put(S, "response", 0, "plan", KeyError),
        "{",
        f"{S}.response[0].plan",
        "is missing, expected a text",
    ),
    ("leo", "leo_scene_caption.json", put(S, 0, "response", ""), '"response": ""', f"{S}[0].response", "is empty"),
    ("leo", "leo_scene_caption.json", put(S, 3), f'"{S}": 3', S, "is a whole number (3), expected a list of captions"),
    (
        "leo",
        "leo_object_caption.json",
        put(S, "chair", []),
        '"chair"',
        f"{S}.chair",
        "is the key 'chair', expected 'name-id'",
    ),
    ("leo", "leo_object_caption.json", put(S, "chair-44", [{"response": "x"}]), "", S, "object 44 of 'the chair'"),
]


@pytest.mark.parametrize(
    ("name", "file", "change", "shown", "field", "words"),
    JSON_DAMAGE,
    ids=lambda v: None if callable(v) else str(v)[:28],
)
def test_damage_in_json_is_named(capsys, samples, name, file, change, shown, field, words):
    if isinstance(change, tuple):
        change = put(*change)
    text = edit(samples / file, change)
    path = samples / file.replace("sqa_annotations", "questions")
    code, lines = check(capsys, name, path)
    hits = [line for line in lines if f" {field}: " in line and words in line]
    assert code == 1 and len(hits) == 1, lines
    named, line = hits[0].split(":")[:2]
    assert named == file and shown in text[int(line) - 1], (hits, text[int(line) - 1])


@pytest.mark.parametrize(("name", "file"), [f for f in FORMATS if f[1].endswith(".json")])
def test_json_that_cannot_be_parsed_is_named(capsys, samples, name, file):
    path = samples / file
    whole = path.read_bytes()
    for content, words in (
        (whole[: len(whole) // 2], "expected complete JSON"),
        (b"", "expected complete JSON"),
        (b"7", "expected a"),
        (whole[:20] + b"\n\xff" + whole[20:], "not UTF-8"),
        (b"[" * 100_000, "expected JSON of few levels"),
    ):
        path.write_bytes(content)
        code, lines = check(capsys, name, path)
        assert code == 1 and lines[0].startswith(f"{file}:") and words in lines[0], lines
    path.write_bytes(whole[:20] + b"\n\xff" + whole[20:])
    assert check(capsys, name, path)[1][0].startswith(f"{file}:{whole[:20].count(10) + 2}: file: byte 21 (0xff)")
    path.unlink()
    code, lines = check(capsys, name, path)
    assert code == 1
    assert "cannot be read" in lines[0]


def test_a_truncated_file_is_named_with_its_last_line(capsys, samples):
    path = samples / "scanqa.json"
    text = "\n".join(path.read_text().splitlines()[:-4])
    path.write_text(text)
    line = check(capsys, "scanqa", path)[1][0]
    assert line.startswith(f"scanqa.json:{text.count(chr(10)) + 1}: file: the file ends in the middle")


def scan_file(samples: Path, number: int, suffix: str) -> Path:
    name = f"scene900{number}_00"
    return samples / "scans" / name / f"{name}{suffix}"


def replace_bytes(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def nan_point(path: Path) -> None:
    content = bytearray(path.read_bytes())
    start = content.index(b"end_header\n") + len(b"end_header\n")
    content[start + 15 * 4 + 4 : start + 15 * 4 + 8] = np.float32("nan").tobytes()
    path.write_bytes(content)


SCAN_DAMAGE = [  # number of the scan, file, change, field, words
    (0, "_vh_clean_2.ply", nan_point, "vertex[4].y", "is nan (1 of"),
    (0, "_vh_clean_2.ply", lambda p: p.write_bytes(p.read_bytes()[:-40]), "vertex[688]", "as many rows"),
    (1, "_vh_clean_2.ply", lambda p: p.write_bytes(p.read_bytes()[:-14]), "vertex[690].red", "as many rows"),
    (0, "_vh_clean_2.ply", lambda p: p.write_bytes(b""), "header", "expected a PLY header"),
    (0, "_vh_clean_2.ply", lambda p: p.write_bytes(bytes(range(256)) * 9), "header", "expected a PLY header"),
    (0, "_vh_clean_2.ply", lambda p: replace_bytes(p, b"uchar green", b"uchar grass"), "vertex.green", "is missing"),
    (0, "_vh_clean_2.ply", lambda p: replace_bytes(p, b"float z", b"float w"), "vertex.z", "is missing"),
    (
        0,
        "_vh_clean_2.labels.ply",
        lambda p: make_samples.write_ply(p, {"label": np.zeros(3, "u2")}, False),
        "vertex",
        "has 3 rows, expected",
    ),
    (
        0,
        "_vh_clean_2.0.010000.segs.json",
        lambda p: edit(p, put("segIndices", [1, 2])),
        "segIndices",
        "has 2 entries, expected",
    ),
    (
        0,
        "_vh_clean_2.0.010000.segs.json",
        lambda p: edit(p, put("segIndices", 3, "x")),
        "segIndices[3]",
        "is 'x', expected a whole",
    ),
    (0, "_vh_clean_2.0.010000.segs.json", lambda p: p.write_text("[]"), "file", "is a list, expected an object"),
    (
        0,
        ".aggregation.json",
        lambda p: edit(p, put("segGroups", 0, "segments", [5555])),
        "segGroups[0].segments[0]",
        "is 5555",
    ),
    (
        0,
        ".aggregation.json",
        lambda p: edit(p, put("segGroups", 1, "objectId", 0)),
        "segGroups[1].objectId",
        "no other object has",
    ),
    (
        0,
        ".aggregation.json",
        lambda p: edit(p, put("segGroups", 1, "label", KeyError)),
        "segGroups[1].label",
        "is missing",
    ),
    (0, ".aggregation.json", lambda p: p.unlink(), "file", "is missing beside its counterpart"),
]


@pytest.mark.parametrize(
    ("number", "suffix", "change", "field", "words"), SCAN_DAMAGE, ids=lambda v: None if callable(v) else str(v)[:28]
)
def test_damage_in_scans_is_named(capsys, samples, number, suffix, change, field, words):
    path = scan_file(samples, number, suffix)
    change(path)
    for name, dataset in (("scannet", "scans"), ("scanqa", "scanqa.json")):
        code, lines = check(capsys, name, samples / dataset)
        hits = [line for line in lines if path.name in line and f" {field}: " in line and words in line]
        assert code == 1 and len(hits) == 1, lines


def test_a_wrong_row_of_an_ascii_scan_is_named_with_its_line(capsys, samples):
    path = scan_file(samples, 1, "_vh_clean_2.ply")
    rows = path.read_text().splitlines()
    rows[20] = "1.0 two 3.0 1 2 3"
    path.write_text("\n".join(rows) + "\n")
    code, lines = check(capsys, "scannet", samples / "scans")
    assert code == 1
    assert f"{path.name}:21: vertex" in lines[0]
    assert ".y" in lines[0]


def test_the_command_ends_with_1_and_no_traceback(samples):
    (samples / "scanqa.json").write_bytes(b"[{")
    script = ROOT / "training" / "data" / "datasets" / "validate.py"
    command = [sys.executable, str(script), "--format", "scanqa", str(samples / "scanqa.json")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"{samples}/scanqa.json:1: file: the file ends" in done.stdout
    done = subprocess.run([*command, "--cloud", "/x"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "scanqa has no option cloud" in done.stderr


def test_lines_are_found_in_any_layout_of_json():
    text = '{"a" :\n [1, {"b\\n":\n"x,]}"}\n, 3], "c": {}}'
    lines = lines_of(text, [("a", 1, "b\n"), ("a", 2), ("c",), ("c", "missing"), ()])
    assert lines == {("a", 1, "b\n"): 3, ("a", 2): 4, ("c",): 4, ("c", "missing"): 4, (): 1, ("a",): 2, ("a", 1): 2}
