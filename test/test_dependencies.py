"""Every library that is imported is declared, and every one that is declared is used: package.xml and setup.py."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import runpy
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from places import ROOT
from ros_helpers import scene_cloud

MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()
OURS = {"moe3d_ros", "training", "benchmarks"}
MODULES = {  # of distributions and ROS packages that import under another name
    "libusb-package": "libusb_package",
    "pil": "PIL",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "tf2_ros_py": "tf2_ros",
}
NOT_IMPORTED = {  # declared, and used by something other than an import: by what, and the file that names it
    "action_msgs": ("generated actions are made of its messages", "test/helpers/planning.py"),
    "ament_cmake": ("builds the package", "CMakeLists.txt"),
    "ament_cmake_python": ("builds the package", "CMakeLists.txt"),
    "ament_cmake_pytest": ("runs the tests", "CMakeLists.txt"),
    "rosidl_default_generators": ("generates the interfaces", "CMakeLists.txt"),
    "rosidl_default_runtime": ("is what the generated interfaces need", "CMakeLists.txt"),
    "rviz2": ("is started", "launch/rviz.launch.py"),
    "tf2_ros": ("its static_transform_publisher places the camera", "docs/cameras.md"),
    "ros-jazzy-rmw-fastrtps-cpp": ("is the middleware that rclpy loads", "requirements/ros-jazzy.in"),
    "ros-jazzy-action-msgs": ("generated actions are made of its messages", "requirements/ros-jazzy.in"),
    "gguf": ("lets transformers read the default base LLM", "moe3d_ros/model/language/base_llm.py"),
    "tensorboard": ("torch.utils.tensorboard writes through it", "training/engine/run_log.py"),
}


def imports(*folders: str) -> set[str]:
    """Top-level names that the Python files below some folders import, those in functions and guards included."""
    names = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    return names - OURS - sys.stdlib_module_names


def bare(requirement: str) -> str:
    """A requirement without its version and extras."""
    return re.split(r"[<>=\[ ]", requirement)[0]


def module_of(declared: str) -> str:
    """Name under which a ROS package, a pip requirement or a rosdep key of Python is imported."""
    name = bare(declared).removeprefix("python3-").removeprefix("ros-jazzy-")
    return MODULES.get(name, name.replace("-", "_"))


def ros_declared(kind: str = "") -> set[str]:
    """What package.xml declares with tags that end so: all of it, or "exec_depend", "test_depend"..."""
    return {element.text for element in MANIFEST if element.tag.endswith(kind or "depend")}


@pytest.fixture(scope="module")
def pip() -> dict[str, list[str]]:
    """Requirements of setup.py by extra; those of the core under ""."""
    setuptools = pytest.importorskip("setuptools")
    told, kept = {}, setuptools.setup
    setuptools.setup = lambda **arguments: told.update(arguments)
    try:
        runpy.run_path(str(ROOT / "setup.py"))
    finally:
        setuptools.setup = kept
    return {"": told["install_requires"], **told["extras_require"]}


def test_everything_that_is_imported_is_declared(pip):
    everything = {module_of(name) for names in pip.values() for name in names}
    undeclared = imports("moe3d_ros", "launch", "training") - everything - {module_of(n) for n in ros_declared()}
    assert not undeclared, f"neither package.xml nor setup.py declares {sorted(undeclared)}"


def test_everything_of_ros_that_is_imported_is_in_package_xml(pip):
    from_pip = {module_of(name) for extra, names in pip.items() if extra != "ros" for name in names}
    missing = imports("moe3d_ros", "launch") - from_pip - {module_of(name) for name in ros_declared()}
    assert not missing, f"package.xml lacks {sorted(missing)}"


def test_everything_that_package_xml_declares_is_used():
    in_interfaces = {  # the packages whose messages ours are made of
        package
        for folder in ("msg", "srv", "action")
        for path in (ROOT / folder).iterdir()
        for package in re.findall(r"^(\w+)/\w+", path.read_text(), re.MULTILINE)
    }
    used = imports("moe3d_ros", "launch") | in_interfaces
    in_tests = imports("test")
    idle = {name for name in ros_declared() - ros_declared("test_depend") if module_of(name) not in used}
    idle |= {name for name in ros_declared("test_depend") if module_of(name) not in in_tests}
    assert idle <= set(NOT_IMPORTED), f"declared, and used by no file: {sorted(idle - set(NOT_IMPORTED))}"


def test_everything_that_setup_py_declares_is_used(pip):
    used = {extra: imports("moe3d_ros") for extra in pip}
    used["train"] = used["train"] | imports("training")
    used["dev"] = used["train"] | imports("test", "benchmarks", "examples")
    used[""] = used["train"]
    idle = {bare(name) for extra, names in pip.items() for name in names if module_of(name) not in used[extra]}
    assert idle <= set(NOT_IMPORTED), f"declared, and used by no file: {sorted(idle - set(NOT_IMPORTED))}"


@pytest.mark.parametrize("name", NOT_IMPORTED)
def test_no_exception_is_out_of_date(pip, name):
    assert name in ros_declared() | {bare(other) for names in pip.values() for other in names}
    _, path = NOT_IMPORTED[name]
    assert name in (ROOT / path).read_text(encoding="utf-8"), f"{path} does not mention {name}"


SCRIPT = """
import json, sys
for name in json.loads(sys.argv[1]):
    sys.modules[name] = None  # as where it is not installed
import numpy as np
from moe3d_ros.planner import Planner
scene = np.load(sys.argv[2])
planner = Planner.from_pretrained(sys.argv[3])
plan = planner.plan(scene["points"], scene["colors"], "put the red block in the green bowl")
planner.answer(scene["points"], scene["colors"], "what is there?")
print(len(plan.actions))
from moe3d_ros.recording.bags import topics
from moe3d_ros.sensing.scan_files import read_cloud_file
for use, path in ((topics, sys.argv[4]), (read_cloud_file, sys.argv[5])):
    try:
        use(path)
    except ValueError as error:
        print(error)
"""


def test_the_planner_runs_on_the_core_and_names_the_extra_that_something_else_needs(pip, tiny_checkpoint, tmp_path):
    points, colors = scene_cloud()
    np.savez(tmp_path / "scene.npz", points=points, colors=colors)
    (tmp_path / "scan.ply").write_text("ply\n")
    core = {module_of(name) for name in pip[""]}
    extras = {module_of(name) for names in pip.values() for name in names} - core
    assert {
        "open3d",
        "libusb_package",
        "plyfile",
        "rosbags",
        "mcap",
        "mcp",
        "mujoco",
        "viser",
        "matplotlib",
        "rclpy",
    } <= extras
    recording = ROOT / "test" / "samples" / "recording_mcap"
    arguments = [json.dumps(sorted(extras)), tmp_path / "scene.npz", tiny_checkpoint, recording, tmp_path / "scan.ply"]
    command = [sys.executable, "-c", SCRIPT, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    steps, recordings, scans = done.stdout.splitlines()
    assert int(steps) >= 1
    assert "the extra `recordings`" in recordings
    assert "pip install rosbags" in recordings
    assert "the extra `scans`" in scans
    assert "pip install plyfile" in scans


def test_the_projects_own_environment_has_every_extra(pip):
    """requirements/base.in, from which the locks are made, names all that setup.py does; ROS comes from ros-*.in."""
    base = (ROOT / "requirements" / "base.in").read_text().splitlines()
    named = {bare(line) for line in base if line and line[0] != "#"}
    wanted = {bare(name) for extra, names in pip.items() if extra != "ros" for name in names}
    assert wanted - named <= {"psutil"}  # of the memory test, which skips without it
    for name in ("open3d", "plyfile", "rosbags", "mcap", "libusb_package"):
        assert importlib.util.find_spec(name) is not None
