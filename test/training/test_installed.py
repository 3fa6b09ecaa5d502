"""Training as an installed package: its programs, its stage files, and no path that code adds by itself."""

import importlib
import os
import subprocess
import sys
from configparser import ConfigParser

import pytest
from places import ROOT

from training.stages.command_line import CONFIG_FOLDER


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """What pip would install, in a folder of its own."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-W", "ignore", "setup.py", "-q"]
    for step in (["egg_info", "--egg-base", str(folder)], ["build_py", "--build-lib", str(folder / "lib")]):
        subprocess.run([*command, *step], cwd=ROOT, check=True, capture_output=True, timeout=240)
    return folder


def test_every_program_can_be_called(built):
    points = ConfigParser()
    points.read(next(built.glob("*.egg-info")) / "entry_points.txt")
    programs = dict(points["console_scripts"])
    assert {"moe3d-train", "moe3d-evaluate", "moe3d-export"} <= programs.keys()
    for target in programs.values():
        module, _, name = target.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


def test_an_installed_stage_finds_its_file(built, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(built / "lib")}
    command = [sys.executable, "-m", "training.train", "--stage", "perception", "--help"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--model.patches.voxel_size" in done.stdout
    installed = built / "lib" / "training" / "configs"
    assert {path.name for path in installed.iterdir()} == {path.name for path in CONFIG_FOLDER.iterdir()}


def test_no_code_adds_to_its_own_path():
    word = "sys.path." + "insert"
    files = (path for name in ("training", "tools", "benchmarks", "test") for path in (ROOT / name).rglob("*.py"))
    assert [path for path in files if word in path.read_text()] == []
