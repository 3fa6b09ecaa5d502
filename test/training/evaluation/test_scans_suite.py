"""Suite scans: clear questions only, judged by the labels of a scan: full marks for what is right, none for what is not."""

import json
from dataclasses import replace

import numpy as np
import pytest

from moe3d_ros.plan import Action, ErrorCode, Plan, PlanningError
from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.world.geometry import pose_from_xyz_yaw
from moe3d_ros.world.seen_object import SeenObject
from training import evaluate
from training.evaluation.perceiving.labelled_scans import SORTS, labelled_files, load_scan
from training.evaluation.perceiving.real_scans import bars, judge, summary, table

pytest.importorskip("moe3d_ros.open3d_loader").import_open3d()

KINDS = (("label", "<u4"), ("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgba", "<u4"))
LEFT = ((0.0, 0.2, 0.03), (0.03, 0.03, 0.03))  # middle and half extents of boxes in metres, z up, y left, x away
FAR = ((0.2, 0.0, 0.06), (0.03, 0.03, 0.06))
NEAR = ((-0.1, -0.15, 0.025), (0.03, 0.03, 0.025))


def box_points(rng, middle, half, count):
    """Points all over a box's surface."""
    points = rng.uniform(-1, 1, (count, 3))
    axis = rng.integers(0, 3, count)
    points[np.arange(count), axis] = rng.choice((-1, 1), count)
    return points * half + middle


def write_scan(path, boxes, counts=(900, 900, 900), with_labels=True):
    """A labelled PCD of a table with boxes, seen by a camera that looks down on it at 50 degrees from 0.9 m."""
    rng = np.random.default_rng(0)
    parts = [np.c_[rng.uniform(-0.4, 0.4, (12_000, 2)), rng.normal(0, 0.001, 12_000)]]
    labels = [np.full(12_000, 1)]
    for number, (box, count) in enumerate(zip(boxes, counts), 2):
        parts.append(box_points(rng, *box, count))
        labels.append(10 * number + rng.integers(0, 2, count))  # two parts
    world, label = np.vstack(parts), np.concatenate(labels)
    forward = np.array([np.cos(0.87), 0, -np.sin(0.87)])
    right = np.array([0, -1.0, 0])
    optical = (world + 0.9 * forward) @ np.stack([right, np.cross(forward, right), forward]).T
    optical[::50], label[::50] = np.nan, 0
    kinds = KINDS if with_labels else KINDS[1:]
    rows = np.zeros(len(label), list(kinds))
    for name, values in zip("xyz", optical.T):
        rows[name] = values
    rows["rgba"] = 0xFF808080
    if with_labels:
        rows["label"] = label
    sizes = " ".join("4" for _ in kinds)
    types = " ".join("F" if kind == "<f4" else "U" for _, kind in kinds)
    head = f"VERSION 0.7\nFIELDS {' '.join(name for name, _ in kinds)}\nSIZE {sizes}\nTYPE {types}\n"
    head += f"WIDTH {len(label)}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {len(label)}\nDATA binary\n"
    path.write_bytes(head.encode() + rows.tobytes())
    return path


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    return load_scan(write_scan(tmp_path_factory.mktemp("scan") / "scan7.pcd", (LEFT, FAR, NEAR)))


def plan_at(pick, place):
    poses = pose_from_xyz_yaw(tuple(pick), 0.0), pose_from_xyz_yaw(tuple(place), 0.0)
    return Plan("", (Action(0, "pick_place", "block", "there", *poses, 1.0, "pick it"),), False)


SIDE = {"right": (0.5, -0.3, 0), "left": (0.5, 0.3, 0), "far": (0.7, 0, 0), "near": (0.3, 0, 0)}


def top(scan, number):
    points = scan.objects[number]
    return (*np.median(points[:, :2], axis=0), points[:, 2].max())


def test_a_scan_comes_to_the_table_frame_with_the_objects_middle_in_front(scan):
    np.testing.assert_allclose(np.nanmedian(scan.points[scan.numbers == 0][:, 2]), 0, atol=0.003)
    assert sorted(scan.objects) == [2, 3, 4]  # parts belong to one object
    low, high = np.percentile(np.vstack(list(scan.objects.values())), (0, 100), axis=0)
    np.testing.assert_allclose((low + high)[:2] / 2, (0.5, 0.0), atol=0.01)
    assert np.median(scan.objects[2][:, 1]) > 0.1  # left in the image is +y


def test_questions_name_the_object_that_leads_and_none_is_asked_that_could_be_disputed(scan, tmp_path):
    asked = {sort.name: wanted for sort, wanted in scan.questions()}
    assert asked == {"leftmost": 2, "rightmost": 4, "nearest": 4, "farthest": 3, "tallest": 3}
    beside = ((0.0, 0.16, 0.03), LEFT[1])  # 4 cm less to the left; as high; as far away
    close = load_scan(write_scan(tmp_path / "close.pcd", (LEFT, beside)))
    assert close.questions() == []
    higher = ((0.0, 0.2, 0.05), (0.03, 0.03, 0.05))  # by 4 cm and a little
    taller = load_scan(write_scan(tmp_path / "taller.pcd", (higher, (beside[0], (0.03, 0.03, 0.025)))))
    assert [(sort.name, wanted) for sort, wanted in taller.questions()] == [("tallest", 2)]


def test_an_object_of_few_points_is_not_asked_about_and_one_alone_neither(tmp_path):
    few = load_scan(write_scan(tmp_path / "few.pcd", (LEFT, FAR, NEAR), (900, 900, 390)))
    assert sorted(few.objects) == [2, 3]
    assert {wanted for _, wanted in few.questions()} == {2, 3}
    alone = load_scan(write_scan(tmp_path / "alone.pcd", (LEFT,)))
    assert alone.questions() == []


def test_what_is_right_has_full_marks(scan):
    described = {"error": "", "answer": "three", "seen": [], "labelled": [{"object": n} for n in scan.objects]}
    for number, points in scan.objects.items():
        low, high = points.min(axis=0), points.max(axis=0)
        thing = SeenObject("box", "block", "", "", tuple((low + high) / 2), tuple((high - low) / 2), 0.0, None, 1.0)
        on, share = scan.seen_on(thing)
        described["seen"].append({"object": on, "share": share})
        assert (on, share) == (number, 1.0)
    records = [
        judge(scan, sort, wanted, plan_at(top(scan, wanted), SIDE[sort.side])) | {"seconds": 1.0}
        for sort, wanted in scan.questions()
    ]
    figures = summary([described], records)
    lost = {"lost", "lost_to_a_pose"}
    assert {name: figures[name] for name in figures["counts"]} == {
        name: float(name not in lost) for name in figures["counts"]
    }
    assert list(bars(figures).values()) == [True] * 4


def test_what_is_wrong_is_counted_as_what_it_is(scan):
    leftmost = SORTS[0]
    right = plan_at(top(scan, 2), SIDE["right"])
    assert judge(scan, leftmost, 2, right)["right_thing"]
    other = judge(scan, leftmost, 2, plan_at(top(scan, 3), SIDE["right"]))
    assert (other["picked"], other["right_thing"], other["some_thing"], other["right_side"]) == (3, False, True, True)
    x, y, z = top(scan, 2)
    near_enough = judge(scan, leftmost, 2, plan_at((x, y, z + 0.018), (0.5, -0.04, 0)))
    assert (near_enough["right_thing"], near_enough["right_side"]) == (True, False)  # 4 cm is not yet on the right
    air = judge(scan, leftmost, 2, plan_at((x, y, z + 0.03), SIDE["left"]))
    assert (air["picked"], air["some_thing"], air["right_side"], air["lost"]) == (None, False, False, False)
    error = PlanningError(ErrorCode.OUTSIDE_WORKSPACE, "2 mm below the table")
    lost = judge(scan, leftmost, 2, None, error)
    assert (lost["lost"], lost["code"], lost["reason"]) == (True, "OUTSIDE_WORKSPACE", "2 mm below the table")
    done = judge(scan, leftmost, 2, Plan("", (), True))
    assert (done["lost"], done["code"]) == (True, "DONE")
    described = {"error": "", "answer": "two", "labelled": [{"object": 2}], "notes": [], "scan": "scan7"}
    described["seen"] = [{"object": 2, "share": 0.6}, {"object": 2, "share": 0.6}, {"object": None, "share": 0.0}]
    records = [record | {"seconds": 1.0, "scan": "scan7"} for record in (other, air, lost, done)]
    figures = summary([described], records)
    assert (figures["right_thing"], figures["some_thing"], figures["lost"], figures["lost_to_a_pose"]) == (
        0,
        0.25,
        0.5,
        0.25,
    )
    assert (figures["counts"]["right_side"], figures["right_side"]) == (2, 0.5)
    assert (figures["seen_right"], figures["seen_within_one"], figures["answered_within_one"]) == (0, 0, 1)
    assert (figures["objects_found"], figures["seen_on_an_object"]) == (0, 2 / 3)  # one thing seen as two is not found
    assert bars(figures)["lost_to_a_pose = 0"] is False
    text = table({**figures, "scans": [described], "records": records, "show": False})
    assert "scan7, leftmost: OUTSIDE_WORKSPACE: 2 mm below the table" in text


def test_a_box_beside_an_object_is_seen_on_none(scan):
    thing = SeenObject("zone", "zone", "", "", (0.3, 0.3, 0.0), (0.05, 0.05, 0.001), 0.0, None, 1.0)
    assert scan.seen_on(thing) == (None, 0.0)
    assert scan.seen_on(replace(thing, center=(0.5, 0.0, 2.0))) == (None, 0.0)


def test_scans_without_labels_or_without_a_table_are_said_and_those_with_are_judged(tiny_checkpoint, tmp_path, capsys):
    write_scan(tmp_path / "scan2.pcd", (LEFT, FAR, NEAR))
    write_scan(tmp_path / "scan10.pcd", (LEFT, FAR), with_labels=False)
    assert [path.stem for path in labelled_files(tmp_path)] == ["scan2", "scan10"]
    with pytest.raises(CloudError, match="scan10.pcd has no field label"):
        load_scan(tmp_path / "scan10.pcd")
    out = tmp_path / "out.json"
    arguments = ["--suite", "scans", "--checkpoint", str(tiny_checkpoint), "--folder", str(tmp_path), "--show"]
    pictures = tmp_path / "pictures"
    assert evaluate.main([*arguments, "--json", str(out), "--pictures", str(pictures)]) == 0
    assert [file.name[3:] for file in pictures.iterdir()] == ["_scan2.png"]
    figures = json.loads(out.read_text())
    assert (len(figures["records"]), figures["table_found"], figures["counts"]["right_thing"]) == (5, 0.5, 5)
    printed = capsys.readouterr().out
    assert "scan10      not judged: scan10.pcd has no field label" in printed
    assert "labelled  2  at" in printed
    with pytest.raises(SystemExit):
        evaluate.main([*arguments, "--pictures", str(out)])
    assert "out.json is a file: name a folder" in capsys.readouterr().err
    (tmp_path / "scan2.pcd").unlink()
    assert evaluate.main(arguments) == 1
    assert "None of the 1 scans" in capsys.readouterr().err
