"""Finds what the operating system must bring before anything can be installed, and installs it where root allows.

Needed: venv for the interpreter, a C and C++ compiler, the Python headers, and the shared libraries of Open3D.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys


class MissingPackages(RuntimeError):
    """One line that names the command to run."""


LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libgomp.so.1": "libgomp1",
    "libidn2.so.0": "libidn2-0",
    "libudev.so.1": "libudev1",
}


def missing(python: str, version: str) -> list[str]:
    """Names of the Debian or Ubuntu packages that are missing for this interpreter, sorted."""
    found = set()
    short = ".".join(version.split(".")[:2])

    def lacks(code: str) -> bool:
        return subprocess.run([python, "-I", "-c", code], capture_output=True, check=False).returncode != 0

    if lacks("import venv, ensurepip"):
        found.add(f"python{short}-venv")
    if lacks("import os, sysconfig; os.stat(os.path.join(sysconfig.get_path('include'), 'Python.h'))"):
        found.add(f"python{short}-dev")
    if not shutil.which("cc") and not shutil.which("gcc"):
        found.add("gcc")
    if not shutil.which("c++") and not shutil.which("g++"):
        found.add("g++")
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            found.add(package)
    return sorted(found)


def ensure(python: str, version: str) -> None:
    """Installs what is missing; raises MissingPackages with the exact command where that cannot be done."""
    packages = missing(python, version)
    if not packages:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"[env] installing system packages: {' '.join(packages)}", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update"], check=False, **quiet)
        subprocess.run(command, check=False, **quiet)
        packages = missing(python, version)
        if not packages:
            return
    command = ["apt-get", "install", "-y", *packages]
    raise MissingPackages(f"system packages are missing, please run: sudo {' '.join(command)}")


if __name__ == "__main__":
    print("\n".join(missing(sys.executable, sys.version.split()[0])))
