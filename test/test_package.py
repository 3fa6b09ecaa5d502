"""The package as others see it: its interfaces, its manifest, and what a build installs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from places import ROOT
from system_packages import LIBRARIES

from moe3d_ros.plan import ErrorCode

INTERFACES = sorted(path for kind in ("msg", "srv", "action") for path in (ROOT / kind).iterdir())
PROGRAMS = (
    "voxelizer",
    "planner",
    "composed",
    "tabletop",
    "replay",
    "record",
    "moveit_goals",
    "viewer",
    "mcp",
    "report",
)
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()


def definitions(path: Path) -> list[str]:
    """The lines of an interface that define a field or a constant."""
    lines = (line.strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and line[0] != "#" and line != "---"]


@pytest.mark.parametrize("path", INTERFACES, ids=lambda path: path.name)
def test_every_field_is_commented(path):
    bare = [line for line in definitions(path) if not re.search(r"#\s*\S.{9,}", line)]
    assert not bare, f"no comment in {path.name}: {bare}"


@pytest.mark.parametrize("path", INTERFACES, ids=lambda path: path.name)
def test_every_number_has_a_unit(path):
    numbers = [line for line in definitions(path) if re.match(r"(u?int|float)\d+(\[\])? +\w+ +#", line)]
    bare = [line for line in numbers if not re.search(r"\[(m|s|rad)\]|no unit", line)]
    assert not bare, f"no unit in {path.name}: {bare}"


def test_error_numbers_are_those_of_the_python_enum():
    pairs = re.findall(r"^uint16 (\w+)=(\d+)", (ROOT / "action" / "PlanTask.action").read_text(), re.MULTILINE)
    assert {name: int(number) for name, number in pairs} == {code.name: code.value for code in ErrorCode}


def test_manifest_and_pip_agree():
    pytest.importorskip("setuptools")
    command = [sys.executable, "-W", "ignore", "setup.py", "-q", "--name", "--version", "--license"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert printed[-3:] == [MANIFEST.findtext("name"), MANIFEST.findtext("version"), MANIFEST.findtext("license")]


def test_the_changelog_begins_with_this_version():
    released = re.findall(r"^(\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)$", (ROOT / "CHANGELOG.rst").read_text(), re.MULTILINE)
    assert released[0] == MANIFEST.findtext("version")
    assert released == sorted(released, reverse=True)


def test_release_tools_read_the_changelog():
    """As bloom and catkin_prepare_release do; whatever is no list item of a version is lost to them."""
    changelogs = pytest.importorskip("catkin_pkg.changelog")
    pytest.importorskip("docutils")
    read = changelogs.get_changelog_from_path(str(ROOT), MANIFEST.findtext("name"))
    versions = list(read.foreach_version(reverse=True))
    assert versions[0][0] == MANIFEST.findtext("version")
    items = [len(getattr(block, "bullets", ())) for _, _, content in versions for block in content]
    assert sum(items) == len(re.findall(r"^\* ", (ROOT / "CHANGELOG.rst").read_text(), re.MULTILINE))


def test_the_container_builds_from_the_lock_without_rights_and_is_checked_by_the_demo():
    """Of the text: no container can be built where this runs."""
    lines = (ROOT / "Containerfile").read_text().splitlines()
    steps = [line for line in lines if line and not line.startswith(("#", " "))]
    base = steps[0].removeprefix("FROM ")
    assert re.fullmatch(r"[\w./-]+:[\d.]+[\w.-]*", base), f"{base} has no tag of a version"
    users = [number for number, step in enumerate(steps) if step.startswith("USER ")]
    assert users and "root" not in steps[users[-1]]
    (build,) = (number for number, step in enumerate(steps) if "make build" in step)
    assert users[-1] < build  # nothing of the project runs as root
    assert steps[-1] == 'CMD ["make", "demo"]'
    named = set(re.findall(r"\blib[\w.+-]+", "\n".join(lines)))
    assert named >= set(LIBRARIES.values())
    ignored = (ROOT / ".containerignore").read_text().split()
    assert {".git", ".venv", "build", "install"} <= set(ignored)


def test_manifest_is_valid():
    packages = pytest.importorskip("catkin_pkg.package")
    package = packages.parse_package(str(ROOT / "package.xml"))  # raises for an invalid e-mail, among others
    assert package.get_build_type() == "ament_cmake"
    assert [group.name for group in package.member_of_groups] == ["rosidl_interface_packages"]


def test_generated_interfaces_and_the_package_are_one():
    messages = pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")
    from moe3d_ros.action import PlanTask
    from moe3d_ros.srv import AnswerQuestion

    plan = messages.TaskPlan(instruction="sort", stage_names=["text"], stage_seconds=[0.5])
    plan.actions.append(messages.PlannedAction(verb="pick_place", confidence=0.5))
    result = PlanTask.Result(plan=plan, error_code=PlanTask.Goal.STALE_CLOUD)
    assert result.error_code == ErrorCode.STALE_CLOUD
    assert result.plan.actions[0].pick.pose.orientation.w == 1.0
    assert AnswerQuestion.Response(success=True, answer="two", seconds=0.1).answer == "two"


@pytest.mark.ros
def test_installed_package_holds_programs_launch_and_config():
    index = pytest.importorskip("ament_index_python.packages", reason="ROS 2 is not installed")
    try:
        prefix = Path(index.get_package_prefix("moe3d_ros"))
    except index.PackageNotFoundError:
        pytest.skip("the package is not built")
    for program in PROGRAMS:
        assert os.access(prefix / "lib" / "moe3d_ros" / program, os.X_OK), program
    for path in [*(ROOT / "launch").glob("*.py"), *(path for path in (ROOT / "config").rglob("*") if path.is_file())]:
        assert (prefix / "share" / "moe3d_ros" / path.relative_to(ROOT)).is_file(), path
    installed = next(prefix.rglob("moe3d_ros/msg/__init__.py")).parents[1]
    assert (installed / "__init__.py").read_text() == (ROOT / "moe3d_ros" / "__init__.py").read_text()
