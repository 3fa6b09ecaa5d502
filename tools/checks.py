"""Gates that need no test run: style, types, twins and the documentation's links, in an environment of their own.

    python3 tools/checks.py lint     # ruff, its formatter, docstrings, mypy with the ratchet, clone detector; side by side
    python3 tools/checks.py docs     # the site into build/site; a broken link is an error
    python3 tools/checks.py tool ... # any program of the environment: ruff format, pre-commit install, mkdocs serve

The environment is `.venv-checks`, a link into the cache as `.venv` is (tools/environment.py): requirements/checks.txt
and nothing else. mypy reads the types of torch, numpy and ROS from `.venv`, which must exist.

The ratchet: tools/not_yet_typed.txt lists the modules that mypy finds errors in. An error anywhere else fails, and so
does a listed module that has none left: it must be taken off the list, which can so only become shorter.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import environment

ROOT = environment.ROOT
LINK = ROOT / ".venv-checks"
LOCK = ROOT / "requirements" / "checks.txt"
NOT_YET_TYPED = ROOT / "tools" / "not_yet_typed.txt"
SITE = ROOT / "build" / "site"
CLONE_FOLDERS = ("moe3d_ros", "training", "benchmarks", "tools")
CLONE_LINES = 10  # as many like lines in two files are a twin; symilar wants to hear of one line less
DOCUMENTED_FOLDERS = (*CLONE_FOLDERS, "examples", "launch")
_QUESTION = re.compile(r"(What|Which|How|Whether|Where|When|Who|Why|As)\b")  # openings of a clause, not of a docstring
_MYPY_ERROR = re.compile(r"^(?P<file>[^:]+\.py):\d+: error: ")
_CLONES = re.compile(r"^TOTAL lines=\d+ duplicates=(\d+)", re.MULTILINE)


def create() -> None:
    """Makes `.venv-checks`, or finds it made."""
    python, version = environment.interpreter()
    parts = [f"{python} {version}", *(line for line in LOCK.read_text().splitlines() if line[:1] != "#")]
    mark = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    folder = environment.cache_root() / f"checks-{mark}"
    with environment.locked(environment.cache_root()):
        if environment.stamped(folder, "fingerprint") != mark:
            environment.say(f"installing {LOCK.name} into {folder} (once)")
            shutil.rmtree(folder, ignore_errors=True)
            clean = environment.clean_environment()
            environment.run([python, "-m", "venv", folder], env=clean)
            pip = [folder / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "-qq"]
            environment.run([*pip, "-r", LOCK], env=clean)
            (folder / environment.STAMP).write_text(json.dumps({"fingerprint": mark}))
    if not (LINK.is_symlink() and LINK.resolve() == folder):
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(folder)


def call(*command: object) -> subprocess.CompletedProcess:
    """Runs a program of the environment in the checkout's root and keeps what it prints."""
    program, *arguments = map(str, command)
    return subprocess.run(
        [str(LINK / "bin" / program), *arguments],
        cwd=ROOT,
        env={**environment.clean_environment(), "NO_MKDOCS_2_WARNING": "1"},  # Material advertises its successor
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def complaint(command: Sequence[object]) -> str:
    """Output of a command that failed, empty for one that did not."""
    done = call(*command)
    return "" if done.returncode == 0 else done.stdout or f"exit status {done.returncode}"


def ratchet(output: str, not_yet: Iterable[str]) -> str:
    """Complaint about mypy's output, given the files that may still have errors; empty if there is none."""
    not_yet = set(not_yet)
    found: dict[str, list[str]] = {}
    for line in output.splitlines():
        if match := _MYPY_ERROR.match(line):
            found.setdefault(match["file"], []).append(line)
    wrong = [line for file, lines in found.items() if file not in not_yet for line in lines]
    clean = [
        f"{file} has no error any more: take it off tools/{NOT_YET_TYPED.name}"
        for file in sorted(not_yet - found.keys())
    ]
    return "\n".join([*wrong, *clean])


def types() -> str:
    """Complaint of mypy and the ratchet."""
    venv = environment.VENV
    if not (venv / "bin" / "python").exists():
        return "mypy reads the types of the packages in .venv, which is missing: run `make env`"
    checkout = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]  # two checkouts in one cache mislead each other
    cache = environment.cache_root() / f"mypy-{LINK.resolve().name}-{checkout}"
    done = call("mypy", "--python-executable", venv / "bin" / "python", "--cache-dir", cache, "--no-error-summary")
    if done.returncode not in (0, 1):  # 2: it could not run
        return done.stdout
    return ratchet(done.stdout, NOT_YET_TYPED.read_text().split())


def twins() -> str:
    """Complaint of pylint's clone detector."""
    files = sorted(path for folder in CLONE_FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return twins_in(files)


def twins_in(files: Iterable[Path]) -> str:
    """Places of the files that are alike for CLONE_LINES lines or more; imports, docstrings and comments do not count."""
    ignored = ("--ignore-imports", "--ignore-docstrings", "--ignore-comments")
    done = call("symilar", "-d", CLONE_LINES - 1, *ignored, *files)
    total = _CLONES.search(done.stdout)
    return "" if done.returncode == 0 and total and total[1] == "0" else done.stdout


def docstrings() -> str:
    """Complaint about the docstrings of the package."""
    return docstrings_in(sorted(path for folder in DOCUMENTED_FOLDERS for path in (ROOT / folder).rglob("*.py")))


def docstrings_in(files: Iterable[Path]) -> str:
    """Docstrings of the files that open neither with a noun nor with a verb, one a line."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return "\n".join(
        f"{path}:{getattr(node, 'lineno', 1)}: start the docstring with a noun or a verb: {text.splitlines()[0]}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, documented) and _QUESTION.match(text := ast.get_docstring(node) or "")
    )


GATES = {
    "ruff check": lambda: complaint(["ruff", "check", "--quiet", "."]),
    "ruff format": lambda: complaint(["ruff", "format", "--check", "--quiet", "."]),
    "docstrings": docstrings,
    "twins": twins,
    "mypy": types,
}


def lint() -> int:
    """Runs every gate and prints one line for each, and the complaints of those that failed; their number."""
    started = time.monotonic()
    with ThreadPoolExecutor() as pool:
        complaints = dict(zip(GATES, pool.map(lambda gate: gate(), GATES.values())))
    for name, text in complaints.items():
        print(f"[lint] {name}: {'failed' if text else 'passed'}", flush=True)
        if text:
            print(text.rstrip(), flush=True)
    print(f"[lint] {time.monotonic() - started:.0f} s", flush=True)
    return sum(bool(text) for text in complaints.values())


def docs() -> int:
    """Builds the documentation; 1 where anything about it is broken."""
    text = complaint(["mkdocs", "build", "--strict", "--quiet", "--site-dir", SITE])
    print(f"[docs] {text.rstrip() or SITE.relative_to(ROOT)}", flush=True)
    return int(bool(text))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("lint", "docs", "tool"))
    parser.add_argument("command", nargs=argparse.REMAINDER, help="of `tool`")
    args = parser.parse_args()
    try:
        create()
    except environment.SetupError as error:
        print(f"[env] {error}", file=sys.stderr)
        return 1
    if args.step == "tool":
        program, *arguments = args.command
        return subprocess.run([LINK / "bin" / program, *arguments], check=False).returncode
    return {"lint": lint, "docs": docs}[args.step]()


if __name__ == "__main__":
    sys.exit(main())
