"""The wheel as `pip install` takes it: it holds what runs need, its programs start, and the demo runs without ROS."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser

import pytest
from places import ROOT

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout: what belongs to it is not known")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """Built from a copy of what git tracks, as from a source distribution, without network."""
    # Not looked for in this process: that alone would keep setuptools from being imported here.
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
        pytest.skip("pip is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copyfile(ROOT / name, target)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "-w", str(folder), str(source)], check=True, capture_output=True, timeout=240)
    (made,) = folder.glob("*.whl")
    return zipfile.ZipFile(made)


def tracked(*patterns: str) -> set[str]:
    """Files of the repository, by git's patterns."""
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return set(listed.split())


def test_it_holds_everything_that_runs_need(wheel):
    names = set(wheel.namelist())
    needed = {name for name in tracked("moe3d_ros", "training") if not name.endswith("card.md")}
    assert sorted(needed - names) == []  # modules, checkpoints, the arm's URDF, middleware profiles, stage files
    assert {name for name in needed if name.endswith((".safetensors", ".urdf", ".xml", ".json", ".yaml"))}
    shared = {name.partition("/data/share/moe3d_ros/")[2] for name in names if "/data/share/moe3d_ros/" in name}
    assert shared == tracked("launch", "config") | {"package.xml", "NOTICE"}
    assert not [name for name in names if name.startswith(("test", "benchmarks"))]


def test_every_program_of_it_can_be_called(wheel):
    points = ConfigParser()
    (name,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    points.read_string(wheel.read(name).decode())
    programs = dict(points["console_scripts"])
    assert programs["moe3d-demo"] == "moe3d_ros.demonstration.alone:main"
    for target in programs.values():
        if "nodes" not in target:  # these need ROS
            module, _, function = target.partition(":")
            assert callable(getattr(importlib.import_module(module), function))


def test_the_extras_of_the_demo_are_those_that_it_imports(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
    wanted = [line for line in wheel.read(name).decode().splitlines() if line.startswith("Requires-Dist")]
    for library, extra in {
        "mujoco": "sim",
        "mink": "sim",
        "pillow": "sim",
        "matplotlib": "sim",
        "viser": "view",
    }.items():
        assert any(library in line and f'extra == "{extra}"' in line for line in wanted), library


DEMO = """
import sys
for name in ("rclpy", "std_msgs", "sensor_msgs", "geometry_msgs"):
    sys.modules[name] = None  # as where it is not installed
import pathlib
import moe3d_ros
assert str(pathlib.Path(moe3d_ros.__file__)).startswith(sys.argv[1]), moe3d_ros.__file__
from oracle import Oracle
from moe3d_ros.demonstration import alone
args = alone.parse_arguments(sys.argv[2:])
raise SystemExit(alone.run(args, Oracle()))
"""


@pytest.mark.parametrize(
    ("options", "steps"), [((), 1), (("--task", "put the blocks in the bowls with matching colors"), 2)]
)
def test_the_demo_of_an_installed_wheel_runs_without_ros(wheel, tmp_path, options, steps):
    pytest.importorskip("mujoco")
    installed = tmp_path / "site"
    wheel.extractall(installed)
    path = [str(installed), str(ROOT / "test" / "helpers"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(item for item in path if item != str(ROOT))}
    command = [sys.executable, "-c", DEMO, str(installed), "--out", str(tmp_path / "out"), *options]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "out" / "plan.json").read_text())
    assert record["success"] is True
    assert len(record["executions"]) >= steps
    assert record["executions"][-1].get("goals_reached") == record["executions"][-1].get("goals")
    assert (tmp_path / "out" / "plan.gif").read_bytes()[:4] == b"GIF8"
    assert (tmp_path / "out" / "plan.png").stat().st_size > 10_000


def test_what_the_demo_lacks_is_named(tmp_path):
    hide = (
        "import sys; sys.modules['mujoco'] = None; from moe3d_ros.demonstration import alone; from oracle import Oracle"
    )
    script = f"{hide}; alone.load = lambda name: Oracle(); raise SystemExit(alone.main(['--out', {str(tmp_path)!r}]))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "test" / "helpers")])}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert 'pip install "moe3d-ros[sim,view]"' in done.stderr
    assert "Traceback" not in done.stderr
