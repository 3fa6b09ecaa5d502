"""Parameters of a ROS command line: which nodes they are for, and lists of whole and decimal numbers."""

from pathlib import Path

import pytest

from moe3d_ros.nodes.settings.ros_arguments import EVERY_NODE, Section, file_sections, mended, sections, with_decimals


@pytest.mark.parametrize(
    ("nodes", "name", "fits"),
    [
        (EVERY_NODE, "/planner", True),
        (EVERY_NODE, "/a/b/planner", True),
        ("/**/planner", "/planner", True),
        ("/**/planner", "/robot1/planner", True),
        ("/**/planner", "/robot1/my_planner", False),
        ("/*/planner", "/robot1/planner", True),
        ("/*/planner", "/planner", False),
        ("/robot1/**", "/robot1/arm/planner", True),
        ("/planner", "/robot1/planner", False),
    ],
)
def test_names_of_nodes_fit_as_rcl_takes_them(nodes, name, fits):
    assert Section("", nodes, ()).fits(name) is fits


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("[0.25, -1, 0]", "[0.25, -1.0, 0.0]"),
        ("[1, 2]", "[1, 2]"),
        ("[0.5, 'a', 1]", "[0.5, 'a', 1]"),
        ("a: [1, 2.5] # 1\nb: 3\n", "a: [1.0, 2.5] # 1\nb: 3\n"),
        ("a:\n  - 0.5\n  - 1\n", "a:\n  - 0.5\n  - 1.0\n"),
        ("{a: [+1, 2e-3, .5]}", "{a: [+1.0, 2e-3, .5]}"),
        ("[1, ", "[1, "),
    ],
)
def test_a_list_of_whole_and_decimal_numbers_has_decimals(text, better):
    assert with_decimals(text) == better


def test_only_parameters_of_ros_are_mended_and_files_in_a_copy(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("/**/voxelizer:\n  ros__parameters:\n    workspace_low: [0.25, -1, 0] # m\n")
    line = [
        "prog",
        "-p",
        "a:=[1, 0.5]",
        "--ros-args",
        "-p",
        "a:=[1, 0.5]",
        "--params-file",
        str(file),
        "--",
        "-p",
        "a:=[1, 0.5]",
    ]
    (tmp_path / "copies").mkdir()
    done = mended(line, tmp_path / "copies")
    assert done[2] == done[-1] == "a:=[1, 0.5]"
    assert done[5] == "a:=[1.0, 0.5]"
    assert done[7] != str(file)
    assert "[0.25, -1.0, 0.0] # m" in Path(done[7]).read_text()
    assert file.read_text().endswith("[0.25, -1, 0] # m\n")


def test_sections_of_files_and_rules(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("robot1:\n  planner:\n    ros__parameters:\n      keep_out: ['0 0 0 1 1 1']\n      a: {b: 1}\n")
    line = ["--ros-args", "--params-file", str(file), "-p", "x:=1", "--param", "planner:y:=a:=b"]
    assert [(section.nodes, section.names) for section in sections(line)] == [
        ("/robot1/planner", ("keep_out", "a.b")),
        (EVERY_NODE, ("x",)),
        ("/planner", ("y",)),
    ]


@pytest.mark.parametrize("content", ["", "- 1", "a: [", "planner: 3", "\x00"])
def test_a_file_that_holds_no_parameters_is_left_to_rcl(tmp_path, content):
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    assert file_sections(str(file)) == []
    assert mended(["--ros-args", "--params-file", str(file)]) == ["--ros-args", "--params-file", str(file)]
