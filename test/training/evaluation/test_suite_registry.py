"""The registry of suites: one file each, public interfaces only, options that are checked before anything is loaded."""

import ast
import json
from pathlib import Path

import pytest

import training.evaluation
from training import evaluate
from training.evaluation.suite import registry

FOLDER = Path(training.evaluation.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))
LOADING = {"moe3d_ros.model.checkpoint", "moe3d_ros.model.language.base_llm"}  # their errors say what to do


def reached_into(source: str) -> list[str]:
    """Places of a module that use what the planner does not offer: its model, private names, modules of the model."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            if node.attr == "model" or (private and owner not in ("self", "cls", "os")):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("moe3d_ros"):
            names = [alias.name for alias in node.names]
            if (node.module.startswith("moe3d_ros.model") and node.module not in LOADING) or any(
                name.startswith("_") for name in names
            ):
                found.append(f"{node.lineno}: from {node.module} import {', '.join(names)}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(FOLDER)) for path in MODULES])
def test_suites_use_the_public_interface_only(path):
    assert reached_into(path.read_text()) == []


def test_what_reaches_into_the_planner_is_found():
    source = "from moe3d_ros.model.policy import ThreeDMoE\nplanner.model.encoder(x)\nplanner._see(x)\nself._own\n"
    assert sorted(line[0] for line in reached_into(source)) == ["1", "2", "3"]


def test_every_suite_has_a_name_a_table_and_figures_of_its_own():
    suites = registry()
    assert set(suites) == {
        "single-step",
        "pose-steps",
        "qa",
        "tabletop",
        "6d",
        "completion",
        "refusals",
        "wordings",
        "calibration",
        "forms",
        "answerable",
        "decisions",
        "words",
        "beside",
        "scans",
        "scenes",
        "alike",
        "placed",
        "series",
    }
    with_goals = {"completion", "refusals", "wordings", "forms", "answerable", "decisions", "words", "beside"}
    with_goals |= {"scans", "scenes", "series", "placed"}
    nothing = {"said_done": 1.0, "stopped_falsely": 0.5, "refused": 0.1, "refused_falsely": 0.0}
    nothing |= {"seen_mean": 1.0, "unseen_mean": 0.5, "least_success": 0.0, "as_expected": 0.9}
    nothing |= {"right": 0.9, "gap_error_median": None}
    nothing |= {"right_thing": 0.8, "right_side": None, "seen_within_one": 0.5, "lost_to_a_pose": 0.01}
    nothing |= {"recall": 0.9, "touching": None, "false_per_scene": 0.0, "false_on_bare": None, "center_median": 0.01}
    nothing |= {"done, trained wording": 0.9, "done, held-out wording": 0.5}
    nothing |= {"refused, trained wording": 0.9, "refused, held-out wording": None}
    nothing["counts"] = {"seen in a bowl": 4, "seen in a bowl with others": 4}
    nothing["seen in a bowl"] = 0.9
    nothing["differences"] = {"single, held out": {"difference": -0.1}}
    assert {name for name, suite in suites.items() if suite.bars(nothing)} == with_goals
    assert suites["completion"].bars(nothing) == {"said_done >= 0.95": True, "stopped_falsely < 0.03": False}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--suite", "single-step", "--scenes", "0"], "at least 1"),
        (["--suite", "qa", "--questions", "0"], "at least 1"),
        (["--suite", "qa", "--compare", "ddim=x"], "dense"),
        (["--suite", "single-step", "--compare", "dense"], "unrecognized"),
        (["--suite", "pose-steps", "--compare", "ddim"], "NAME=CHECKPOINT"),
        (["--suite", "6d", "--tasks", "A"], "no 6D task"),
        (["--suite", "6d", "--cameras", "behind"], "no camera"),
        (["--suite", "tabletop", "--tasks", "A,Z"], "no task"),
        (["--suite", "scans"], "--folder"),
        (["--suite", "scans", "--folder", "nowhere"], "There is no folder nowhere"),
        (["--suite", "unheard-of"], "invalid choice"),
    ],
)
def test_options_that_cannot_be_are_refused_before_a_checkpoint_is_loaded(arguments, word, capsys):
    with pytest.raises(SystemExit) as caught:
        evaluate.main([*arguments, "--checkpoint", "nowhere"])
    assert caught.value.code == 2
    assert word in capsys.readouterr().err


def test_a_missing_checkpoint_is_said_in_a_sentence(capsys):
    assert evaluate.main(["--suite", "refusals", "--checkpoint", "nowhere"]) == 1
    assert "There is no checkpoint folder 'nowhere'" in capsys.readouterr().err


def test_the_oracle_needs_no_checkpoint(tmp_path, capsys):
    out = tmp_path / "out.json"
    arguments = ["--suite", "6d", "--oracle-only", "--episodes", "1", "--tasks", "ramp-pick,slot"]
    arguments = [*arguments, "--checkpoint", "nowhere", "--json", str(out)]
    assert evaluate.main(arguments) == 0
    figures = json.loads(out.read_text())
    assert (figures["suite"], figures["checkpoint"], figures["checksum"]) == ("6d", "oracle", "")
    assert "oracle" in capsys.readouterr().out
