"""The validator holds datasets against the facts in the same files: names, labels, segments, turns of a dialogue."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("plyfile", reason="plyfile is not installed")

import make_samples
from places import SAMPLES

from training.data.datasets.catalogue import parse_specs
from training.data.datasets.dataset import ExampleDataset
from training.data.datasets.example import DataError
from training.data.datasets.validate import main, same_name

SCAN = "scene9000_00"  # objects 0, 1, 2 are blocks, 3 is a bowl


@pytest.fixture
def samples(tmp_path):
    """A copy that may be damaged."""
    return Path(shutil.copytree(SAMPLES, tmp_path / "samples"))


def check(capsys, samples, name: str, content) -> tuple[int, str]:
    """Exit code and what is printed for a dataset with this content."""
    path = samples / f"{name}_changed.json"
    path.write_text(json.dumps(content, indent=1))
    code = main(["--format", name, str(path)])
    return code, capsys.readouterr().out


def question(ids, names, text="What color is it?"):
    ids = {"object_ids": ids, "object_names": names}
    return [{"scene_id": SCAN, "question_id": "q", "question": text, "answers": ["red"], **ids}]


def caption(key):
    return {SCAN: {key: [{"response": "It is brown."}]}}


def about(objects):
    return {SCAN: {"response": [{"Q": "What is it?", "T": objects, "A": ["a thing"]}]}}


WRONG_NAMES = [
    ("scanqa", question([3], ["block"]), "object 3", "object 2 is a block: are the ids counted from 1?"),
    ("scanqa", question([4], ["bowl"]), "object 4", "object 3 is a bowl: are the ids counted from 1?"),
    ("scanqa", question([2], ["bowl"]), "object 2", "object 3 is a bowl: are the ids one too low?"),
    ("scanqa", question([0, 3], ["block", "chair"]), "called 'chair' and labelled 'bowl'", ""),
    ("leo", caption("chair-3"), "called 'chair' and labelled 'bowl'", ""),
    ("leo", caption("bowl-2"), "called 'bowl' and labelled 'block'", "one too low"),
    ("leo", about("block-0, block-3"), "object 3", "counted from 1"),
]


@pytest.mark.parametrize(("name", "content", "words", "more"), WRONG_NAMES)
def test_a_name_that_is_not_the_label_is_reported(capsys, samples, name, content, words, more):
    code, printed = check(capsys, samples, name, content)
    assert code == 1
    assert words in printed
    assert more in printed
    assert "\n1 problems" in printed


@pytest.mark.parametrize(
    ("name", "content"), [("scanqa", question([0, 3], ["big block", "Bowls"])), ("leo", caption("bowl-3"))]
)
def test_a_name_in_other_words_is_none_of_them(capsys, samples, name, content):
    assert check(capsys, samples, name, content)[0] == 0


def test_names_mean_the_same_in_the_plural_and_with_more_words():
    for one, other in (
        ("office chair", "chair"),
        ("shelves", "shelf"),
        ("Boxes", "box"),
        ("trash_can", "trash can"),
        ("glass", "Glass"),
    ):
        assert same_name(one, other) and same_name(other, one)
    for one, other in (("chair", "table"), ("arm", "armchair"), ("bus", "bowl")):
        assert not same_name(one, other)


def groups(samples, change):
    path = samples / "scans" / SCAN / f"{SCAN}.aggregation.json"
    value = json.loads(path.read_text())
    change(value["segGroups"])
    path.write_text(json.dumps(value))


def twice(found):
    found += [
        dict(group, objectId=group["objectId"] + len(found), id=group["id"] + len(found)) for group in list(found)
    ]


def test_objects_that_are_listed_twice_are_reported_and_keep_their_points(capsys, samples):
    whole = ExampleDataset(parse_specs(f"scanqa:{samples}/scanqa.json")[0])[0]
    groups(samples, twice)
    assert main(["--format", "scanqa", str(samples / "scanqa.json")]) == 1
    printed = capsys.readouterr().out
    assert (
        "segGroups[4].segments[0]: is 100, which object 0 has as well (all the same ones: it is listed twice)"
        in printed
    )
    assert "4 problems" in printed
    again = ExampleDataset(parse_specs(f"scanqa:{samples}/scanqa.json")[0])[0]
    np.testing.assert_array_equal(again.boxes[0], whole.boxes[0])
    assert again.boxes.keys() == whole.boxes.keys()


SHARED = [
    (lambda found: found[3]["segments"].append(found[0]["segments"][0]), "segGroups[3].segments[1]", "1 of 2 segments"),
    (lambda found: found[1]["segments"].append(1), "", ""),  # the rest of the scan, nobody else's
    (lambda found: found[2].update(segments=[]), "segGroups[2].segments", "object 2 (block) has no points"),
    (lambda found: found[2].update(segments=[101]), "segGroups[2].segments[0]", "which object 1 has as well"),
]


@pytest.mark.parametrize(("change", "field", "words"), SHARED)
def test_segments_in_two_objects_or_in_none_are_reported(capsys, samples, change, field, words):
    groups(samples, change)
    code = main(["--format", "scannet", str(samples / "scans")])
    printed = capsys.readouterr().out
    assert code == bool(field)
    assert f"{field}: " in printed and words in printed
    if field.endswith("[1]"):
        with pytest.raises(DataError, match="as well"):
            ExampleDataset(parse_specs(f"scanqa:{samples}/scanqa.json")[0])[0]


def dialogue(*turns):
    roles = ("Human", "Robot", "Human", "Robot")
    return {SCAN: {"query": "", "response": [[{"role": r, "content": t} for r, t in zip(roles, turns)]]}}


def test_a_dialogue_of_leo_is_an_example_for_each_answer(samples):
    content = dialogue("Is there a bowl?", "Yes, one.", "What colour?", "Green.")
    (samples / "talk.json").write_text(json.dumps(content))
    first, second = ExampleDataset(parse_specs(f"leo:{samples}/talk.json")[0])
    assert (first.prompt, first.answers) == ("Is there a bowl?", ("Yes, one.",))
    assert (second.prompt, second.answers) == ("Is there a bowl? Yes, one. What colour?", ("Green.",))


def swapped():
    content = dialogue("Hello.", "Hello.")
    content[SCAN]["response"][0].reverse()
    return content


UNSUPPORTED = [
    ("leo", swapped(), "[0][0].role: is 'Robot', expected 'Human'"),
    ("leo", dialogue("Is there a bowl?"), "is a dialogue of 1 turns"),
    ("leo", dialogue("Is there a bowl?", ""), "[0][1].content: is empty"),
    ("leo", [1, 2], "is a list, which is not supported"),
    ("scanqa", question([0], ["block"], "### human: hello ### assistant: hi"), "3D-LLM's markup"),
]
ASKED = {"scene_id": SCAN, "question": "What is left of the desk?"}
OTHER_LAYOUTS = [
    (
        "scanqa",
        [ASKED | {"question_id": "test-0"}] * 2,
        "ScanQA's test split: without answers there is nothing to learn",
    ),
    ("leo", [ASKED | {"question_id": "test-0"}], "ScanQA's test split"),
    (
        "scanqa",
        [ASKED | {"answers": ["1. Pick up ..."], "question_id": 5}],
        "3D-LLM's questions: questions that name no obj",
    ),
    ("scanqa", [ASKED | {"answers": ["yes"]}], "3D-LLM's questions"),
    ("leo", [{"scan_id": SCAN, "object_id": 3, "sentence": "A bowl."}], "ScanScribe's sentences: it is not supported"),
    ("scanqa", [{"scene_id": SCAN, "object_id": "3", "ann_id": "0", "description": "it is red"}], "ScanRefer's descr"),
    ("sqa3d", [{"id": 1, "conversations": [{"from": "human", "value": "hi"}]}], "LLaVA's conversations"),
    ("sqa3d", question([0], ["block"]), "ScanQA's questions: use --format scanqa"),
    ("leo", question([0], ["block"]), "ScanQA's questions: use --format scanqa"),
    ("scanqa", {"questions": []}, "SQA3D's questions: use --format sqa3d"),
    ("leo", {"annotations": []}, "SQA3D's annotations: use --format sqa3d"),
    ("scanqa", {SCAN: {"response": []}}, "LEO's scans: use --format leo"),
]


@pytest.mark.parametrize(("name", "content", "words"), OTHER_LAYOUTS)
def test_a_file_of_another_data_set_is_named_as_what_it_is(capsys, samples, name, content, words):
    code, printed = check(capsys, samples, name, content)
    assert code == 1
    assert words in printed
    assert "1 problems" in printed
    assert "is missing" not in printed


def test_a_field_that_one_entry_lacks_is_no_other_layout(capsys, samples):
    whole, lacking = question([0], ["block"]) * 2
    lacking = {key: value for key, value in lacking.items() if key != "answers"} | {"question_id": "r"}
    code, printed = check(capsys, samples, "scanqa", [whole, lacking])
    assert code == 1
    assert "[1].answers: is missing" in printed


@pytest.mark.parametrize(("name", "content", "words"), UNSUPPORTED)
def test_layouts_that_are_not_supported_are_named(capsys, samples, name, content, words):
    code, printed = check(capsys, samples, name, content)
    assert code == 1
    assert words in printed


@pytest.mark.parametrize("kind", ["f4", "f8", "u2"])
def test_colours_of_a_scan_are_read_by_their_type(samples, kind):
    path = samples / "scans" / SCAN / f"{SCAN}_vh_clean_2.ply"
    whole = ExampleDataset(parse_specs(f"scanqa:{samples}/scanqa.json")[0])[0]
    from plyfile import PlyData

    table = PlyData.read(str(path))["vertex"].data
    columns = {name: np.array(table[name]) for name in table.dtype.names}
    for name in ("red", "green", "blue"):
        columns[name] = (columns[name] / 255 if kind[0] == "f" else columns[name] * np.uint16(257)).astype(kind)
    make_samples.write_ply(path, columns, False)
    again = ExampleDataset(parse_specs(f"scanqa:{samples}/scanqa.json")[0])[0]
    np.testing.assert_array_equal(again.colors, whole.colors)
