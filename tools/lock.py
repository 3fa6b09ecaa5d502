"""Writes requirements/<name>.txt: every package of an environment, pinned, for Python 3.10 to 3.14.

There is ``lock-<distribution>`` for each ROS distribution, and ``checks`` for the gates and the documentation.

Run it by hand after a change to requirements/*.in (needs `uv`, and the package index): `python tools/lock.py`. Versions
that the lock has already are kept where they still fit; `--upgrade` takes the newest of everything. The CUDA packages
that PyTorch's default build asks for are left out, so that the lock also fits its CPU build; pip adds them, pinned by
PyTorch itself, where the default build is what it finds.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
SOURCES = {  # by the name of the lock
    "lock-jazzy": ("base.in", "ros-jazzy.in"),
    "lock-kilted": ("base.in", "ros-kilted.in"),
    "checks": ("checks.in",),
}
LEFT_OUT = re.compile(r"^(nvidia-|cuda-|triton==)")
FOREIGN = re.compile(r";.*sys_platform == '(win32|emscripten|darwin)'")
ELSEWHERE = r"sys_platform != '\w+'"
PLATFORM_MARKER = re.compile(rf" and {ELSEWHERE}| ; {ELSEWHERE}( and {ELSEWHERE})?$| ; platform_machine == .*$")


def lock_file(name: str) -> Path:
    return REQUIREMENTS / f"{name}.txt"


def resolve(name: str, upgrade: bool) -> list[str]:
    """The pinned lines of one lock; raises CalledProcessError where no set of versions fits."""
    sources = [REQUIREMENTS / source for source in SOURCES[name]]
    command = ["uv", "pip", "compile", "--universal", "--python-version", "3.10", "--no-annotate", "--no-header", "-q"]
    with tempfile.NamedTemporaryFile("w+", suffix=".txt") as output:  # uv prefers the versions that it finds there
        if lock_file(name).is_file() and not upgrade:
            output.write(lock_file(name).read_text())
            output.flush()
        subprocess.run([*command, "--output-file", output.name, *map(str, sources)], check=True)
        text = Path(output.name).read_text()
    lines = [line for line in text.splitlines() if not LEFT_OUT.match(line) and not FOREIGN.search(line)]
    return [PLATFORM_MARKER.sub("", line).rstrip() for line in lines]


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="the newest versions of everything")
    parser.add_argument("names", nargs="*", default=list(SOURCES), metavar="name", help=f"of {', '.join(SOURCES)}")
    args = parser.parse_args(argv)
    for name in args.names:
        path = lock_file(name)
        lines = resolve(name, args.upgrade)
        head = f"# Made by tools/lock.py from {' and '.join(SOURCES[name])}. Linux x86-64, Python 3.10-3.14."
        path.write_text("\n".join([head, *lines]) + "\n")
        print(f"{path.name}: {len(lines)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
