"""Makes the project's environment: `.venv` with the locked packages and a mended ROS 2, and the built interfaces.

    python3 tools/environment.py create     # .venv: packages of the lock file, ROS wheels, mended; once
    python3 tools/environment.py base-llm   # the base LLM, converted into the user's cache; once
    python3 tools/environment.py build      # build/ and install/: the interfaces and programs, by colcon

Only the standard library is needed. An environment is kept in a cache under a name that is the hash of everything that
went into it, and `.venv` is a link to it, so that a second checkout, or a second run, downloads nothing.

Environment variables: ROS_DISTRIBUTION (jazzy, kilted) and PYTHON (an interpreter), by default those of `.venv`, else
Jazzy and the first Python from 3.10 to 3.14; MOE3D_CACHE (the cache, by default ~/.cache/moe3d_ros), MOE3D_VENV_CACHE
(the folder that keeps the environments, where not in that cache; never inside the checkout: CMake accepts no include
folder within its own sources), MAKE_JOBS (parallel compilers).
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import mend_ros
import system_packages

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = "moe3d-stamp.json"
PYTHONS = ("python3", "python3.11", "python3.10", "python3.12", "python3.13", "python3.14")
OLDEST, NEWEST = (3, 10), (3, 14)  # for which all of the locks has wheels
RECIPE = 1  # count up when this script installs something else from the same lock


class SetupError(RuntimeError):
    """One line that says what is missing and what to do."""


def say(text: str) -> None:
    print(f"[env] {text}", flush=True)


def stamped(folder: Path, key: str) -> str | None:
    """Content of a finished environment's stamp; None where there is no such environment."""
    try:
        return json.loads((folder / STAMP).read_text()).get(key)
    except (OSError, ValueError):
        return None


def distribution() -> str:
    """The ROS distribution to install; raises SetupError for one without a lock file."""
    name = os.environ.get("ROS_DISTRIBUTION") or stamped(VENV, "distribution") or "jazzy"
    if not lock_file(name).is_file():
        known = sorted(path.stem.removeprefix("lock-") for path in (ROOT / "requirements").glob("lock-*.txt"))
        raise SetupError(f"no lock file for ROS distribution {name!r}; there are: {', '.join(known)}")
    return name


def cache_root() -> Path:
    """The folder that the package keeps everything in that can be made again (as moe3d_ros.model.language.base_llm has it)."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("MOE3D_CACHE") or home / "moe3d_ros").expanduser().resolve()


def lock_file(name: str) -> Path:
    return ROOT / "requirements" / f"lock-{name}.txt"


def run(command: list, **kwargs) -> None:
    """Runs a command, its output shown; raises SetupError when it fails."""
    try:
        subprocess.run([str(part) for part in command], check=True, **kwargs)
    except subprocess.CalledProcessError as error:
        shown = " ".join(str(part) for part in command[:6])
        raise SetupError(f"this failed with exit status {error.returncode}: {shown} ...") from None


def clean_environment() -> dict[str, str]:
    """The environment without what another Python or ROS set up in this shell: it would be mixed into ours."""
    foreign = (
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "LD_LIBRARY_PATH",
        "AMENT_PREFIX_PATH",
        "CMAKE_PREFIX_PATH",
        "COLCON_PREFIX_PATH",
        "ROS_DISTRO",
        "_ROS_WHEELS_BOOTSTRAP_COMPLETE",
    )
    return {key: value for key, value in os.environ.items() if key not in foreign}


def interpreter() -> tuple[str, str]:
    """Path and full version of a Python from OLDEST to NEWEST; raises SetupError where there is none."""
    wanted = os.environ.get("PYTHON")
    ask = "import sys, platform; print(platform.python_version(), sys.executable)"
    for name in [wanted] if wanted else [stamped(VENV, "python") or "", *PYTHONS]:
        if not shutil.which(name):
            continue
        answer = subprocess.run(
            [name, "-I", "-c", ask], capture_output=True, text=True, env=clean_environment(), check=False
        )
        if answer.returncode == 0:
            version, path = answer.stdout.strip().split(" ", 1)
            if OLDEST <= tuple(map(int, version.split(".")[:2])) <= NEWEST:
                return path, version
    raise SetupError("Python 3.10 to 3.14 is needed: install one, and `make env PYTHON=/usr/bin/python3.12`")


def fingerprint(name: str, python: str, version: str) -> str:
    """A hash of everything that decides what is in the environment."""
    lines = (lock_file(name).read_text() + (ROOT / "requirements" / "no-deps.txt").read_text()).splitlines()
    parts = [f"{RECIPE} {mend_ros.VERSION} {name} {python} {version}", *(line for line in lines if line[:1] != "#")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@contextlib.contextmanager
def locked(folder: Path):
    """Holds off a second run on the same folder until the first one is done."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def create() -> None:
    """Makes `.venv`, or finds it made."""
    name = distribution()
    python, version = interpreter()
    mark = fingerprint(name, python, version)
    cache = Path(os.environ.get("MOE3D_VENV_CACHE") or cache_root()).expanduser().resolve()
    if cache.is_relative_to(ROOT):
        raise SetupError(f"MOE3D_VENV_CACHE must lie outside the checkout, and {cache} does not")
    folder = cache / f"venv-{name}-{mark}"
    if stamped(folder, "fingerprint") != mark:
        system_packages.ensure(python, version)
        with locked(cache):
            if stamped(folder, "fingerprint") != mark:
                install(folder, name, python, mark)
    if not (VENV.is_symlink() and VENV.resolve() == folder):
        if VENV.is_dir() and not VENV.is_symlink():
            raise SetupError(f"{VENV} is a folder from elsewhere: move it away, and run this again")
        VENV.unlink(missing_ok=True)
        VENV.symlink_to(folder)
    say(f"{VENV} is ready: Python {version}, ROS 2 {name}")


def install(folder: Path, name: str, python: str, mark: str) -> None:
    """Fills one environment folder from nothing; the stamp is written last, so that an interrupted run starts anew."""
    started = time.monotonic()
    say(f"installing ROS 2 {name} and {lock_file(name).name} into {folder} (several minutes, once)")
    shutil.rmtree(folder, ignore_errors=True)
    environment = clean_environment()
    run([python, "-m", "venv", folder], env=environment)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "-qq", "--no-compile"]
    run([*pip, "-r", lock_file(name)], env=environment)
    run([*pip, "--no-deps", "-r", ROOT / "requirements" / "no-deps.txt"], env=environment)
    run([folder / "bin" / "python", ROOT / "tools" / "mend_ros.py", name], env=environment)
    (folder / STAMP).write_text(json.dumps({"fingerprint": mark, "distribution": name, "python": python}))
    say(f"installed in {time.monotonic() - started:.0f} s")


def build() -> None:
    """Builds the interfaces and lays the package into install/; unchanged sources take a second or two."""
    if not (VENV / STAMP).is_file():
        raise SetupError("there is no environment yet: run `make env`")
    made_with = ROOT / "build" / "made-with.json"
    venv = VENV.resolve()
    current = (venv / STAMP).read_text() + f"{venv} {ROOT}"
    if made_with.parent.exists() and (not made_with.is_file() or made_with.read_text() != current):
        for left in ("build", "install"):  # CMake keeps the paths of the environment that it was first run with
            shutil.rmtree(ROOT / left, ignore_errors=True)
    environment = clean_environment()
    environment.update(
        AMENT_PREFIX_PATH=str(venv),
        CMAKE_PREFIX_PATH=str(venv),
        VIRTUAL_ENV=str(venv),
        PATH=os.pathsep.join([str(venv / "bin"), environment.get("PATH", os.defpath)]),
        ROS_DISTRO=json.loads((venv / STAMP).read_text())["distribution"],
        CMAKE_BUILD_PARALLEL_LEVEL=os.environ.get("MAKE_JOBS", str(os.cpu_count() or 1)),
    )
    made_with.parent.mkdir(exist_ok=True)
    (made_with.parent / "COLCON_IGNORE").touch()
    quiet = ["--event-handlers", "console_direct-", "console_cohesion-", "--executor", "sequential"]
    python = venv / "bin" / "python"
    settings = ["-GNinja", "-DBUILD_TESTING=OFF", "-DCMAKE_BUILD_TYPE=Release", f"-DPython3_EXECUTABLE={python}"]
    run(
        [
            python,
            "-m",
            "colcon",
            "--log-base",
            ROOT / "build" / "log",
            "build",
            *quiet,
            "--base-paths",
            ROOT / "tools" / "tf2_msgs",
            ROOT,
            "--cmake-args",
            *settings,
            "--no-warn-unused-cli",
        ],
        cwd=ROOT,
        env=environment,
    )
    made_with.write_text(current)


def base_llm() -> None:
    """Converts the base LLM into the cache, where the planner looks for it; about a minute, once."""
    if not (VENV / STAMP).is_file():
        raise SetupError("there is no environment yet: run `make env`")
    source = ROOT / "moe3d_ros" / "model" / "language" / "base_llm.py"
    mark = cache_root() / "base" / f"prepared-{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}"
    if mark.is_file():
        return
    say("preparing the base LLM (about a minute, once)")
    run([VENV / "bin" / "python", "-m", "moe3d_ros.model.language.base_llm"], cwd=ROOT, env=clean_environment())
    mark.touch()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    steps = {"create": create, "build": build, "base-llm": base_llm}
    parser.add_argument("step", choices=steps, nargs="+")
    try:
        for step in parser.parse_args().step:
            with locked(ROOT):
                steps[step]()
    except (SetupError, system_packages.MissingPackages) as error:
        print(f"[env] {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
