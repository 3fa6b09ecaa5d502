"""Settings that are given and not in force: refused where safety hangs on them, told otherwise."""

import os
import subprocess
import sys

import pytest
from places import ROOT

from moe3d_ros.nodes.runtime.parameter_tables import SAFETY, TABLES
from moe3d_ros.nodes.settings.overrides import Given, closest, judge
from moe3d_ros.nodes.settings.ros_arguments import Section

PROGRAMS = {program: frozenset(parameter.name for parameter in table) for program, table in TABLES.items()}


def verdict(program, *names, sections=(), name=None):
    """Judgement on a node of a program that was given names, and on sections of files."""
    node = Given(name or f"/{program}", PROGRAMS[program], frozenset(names))
    return judge([node], list(sections), SAFETY, PROGRAMS)


@pytest.mark.parametrize(
    ("program", "name", "meant"),
    [
        ("planner", "require_confirmaton", "require_confirmation"),
        ("planner", "keepout", "keep_out"),
        ("planner", "min_confidance", "min_confidence"),
        ("planner", "keep-out", "keep_out"),
        ("planner", "maxReach", "max_reach"),
        ("planner", "max_reach_m", "max_reach"),
        ("planner", "confirmation_required", "require_confirmation"),
        ("planner", "minimum_confidence", "min_confidence"),
        ("planner", "keep_out_boxes", "keep_out"),
        ("planner", "workspce", "workspace"),
        ("planner", "MAX_CLOUD_AGE", "max_cloud_age"),
        ("voxelizer", "workspace_hi", "workspace_high"),
        ("voxelizer", "static_transform", "static_transforms"),
        ("voxelizer", "missing_camera", "missing_cameras"),
        ("moveit_goals", "aproach", "approach"),
        ("moveit_goals", "maxage", "max_age"),
        ("viewer", "instruction", "instructions"),
    ],
)
def test_what_looks_like_a_safety_parameter_and_is_none_is_refused(program, name, meant):
    found = verdict(program, name)
    assert len(found.errors) == 1, found
    assert f"The parameter {name} is not in force" in found.errors[0]
    assert f"write {meant}" in found.errors[0]


@pytest.mark.parametrize(
    ("program", "name", "words"),
    [
        ("planner", "max_stps", "Did you mean max_steps?"),
        ("planner", "colour_of_the_robot", "docs/parameters.md"),
        ("voxelizer", "keep_out", "a parameter of planner"),
        ("planner", "workspace_low", "a parameter of voxelizer and viewer"),
        ("tabletop", "seeds", "Did you mean seed?"),
    ],
)
def test_anything_else_that_is_not_in_force_is_told(program, name, words):
    found = verdict(program, name)
    assert found.errors == []
    assert words in found.warnings[0]


@pytest.mark.parametrize("program", TABLES)
def test_right_names_and_those_of_ros_are_silent(program):
    found = verdict(program, *PROGRAMS[program], "use_sim_time", "qos_overrides./voxels.subscription.depth")
    assert found.errors == found.warnings == []


@pytest.mark.parametrize("program", TABLES)
def test_no_right_name_is_taken_for_another_one(program):
    for name in PROGRAMS[program]:
        assert closest(name, PROGRAMS[program]) == name


@pytest.mark.parametrize(
    ("nodes", "name"),
    [
        ("/moe3d_planner", "/planner"),
        ("/robot2/planner", "/robot1/planner"),
        ("/planner", "/robot1/planner"),
        ("/**/planner", "/brain"),
    ],
)
def test_a_file_for_another_nodes_name_is_refused_where_it_guards(nodes, name):
    section = Section("The file a.yaml", nodes, ("require_confirmation", "max_steps"))
    found = verdict("planner", sections=[section], name=name)
    assert len(found.errors) == 1, found
    assert nodes in found.errors[0]
    assert f"/**/{name.rpartition('/')[2]}" in found.errors[0]
    found = verdict("planner", sections=[Section("The file a.yaml", nodes, ("max_steps",))], name=name)
    assert found.errors == []
    assert "not in force" in found.warnings[0]


@pytest.mark.parametrize("program", ["voxelizer", "tabletop", "viewer"])
def test_what_is_another_programs_is_none_of_ours(program):
    whole = [Section("The file a.yaml", f"/**/{other}", tuple(names)) for other, names in PROGRAMS.items()]
    renamed = Section("The file a.yaml", "/**/moe3d_planner", ("require_confirmation", "keep_out"))
    found = verdict(program, sections=[*whole, renamed])
    assert found.errors == found.warnings == []


def test_a_file_for_two_robots_serves_both():
    robots = [Section("The file a.yaml", f"/robot{n}/planner", ("keep_out",)) for n in (1, 2)]
    numbered = [Section("The file b.yaml", f"/planner_{n}", ("keep_out",)) for n in (1, 2)]
    for sections, name in ((robots, "/robot2/planner"), (numbered, "/planner_2")):
        found = verdict("planner", sections=sections, name=name)
        assert found.errors == found.warnings == []


@pytest.mark.ros
@pytest.mark.parametrize(
    ("program", "arguments", "code", "words"),
    [
        ("planner", ["-p", "keepout:=['0 0 0 1 1 1']"], 2, "write keep_out"),
        ("moveit_goals", ["-p", "max_agee:=3"], 2, "write max_age"),
        ("planner", ["--params-file", "other.yaml"], 2, "/moe3d_planner"),
        ("composed", ["-p", "min_confidance:=0.9"], 2, "write min_confidence"),
        ("planner", ["--log-level", "verbose"], 2, "log level"),
    ],
)
def test_a_program_does_not_start_without_what_guards(tmp_path, program, arguments, code, words):
    if program == "moveit_goals":
        pytest.importorskip("moveit_msgs", reason="moveit_msgs comes with ROS 2 from apt")
    (tmp_path / "other.yaml").write_text("moe3d_planner:\n  ros__parameters:\n    require_confirmation: true\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", f"moe3d_ros.nodes.{program}", "--ros-args", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
