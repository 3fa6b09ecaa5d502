"""Makes a virtual environment that holds ROS 2 wheels a prefix that CMake, colcon and a shell can use like /opt/ros.

Run with the environment's own Python: `.venv/bin/python tools/mend_ros.py jazzy`. Two things are put right. The wheels'
exported CMake files name the include folders of the machine that built them (/opt/python/cp3xx-...): they are replaced
by this interpreter's and this NumPy's. And the wheels bring no setup files, so these are written.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from pathlib import Path

VERSION = 1  # count up when an environment that an older version mended must be made again

BUILDER = r"/opt/python/cp3\d+-cp3\d+"
NUMPY_INCLUDE = re.compile(BUILDER + r"/lib/python3\.\d+/site-packages/numpy/(?:_core|core)/include")
PYTHON_INCLUDE = re.compile(BUILDER + r"/include/python3\.\d+")
PREFIX = re.compile(BUILDER)

SETUP = """# Generated: makes this shell use the ROS 2 {distribution} of this virtual environment. Source it.
_moe3d_prefix={prefix}
export ROS_VERSION=2 ROS_PYTHON_VERSION=3 ROS_DISTRO={distribution}
export VIRTUAL_ENV="$_moe3d_prefix"
case ":$PATH:" in *":$_moe3d_prefix/bin:"*) ;; *) export PATH="$_moe3d_prefix/bin:$PATH" ;; esac
case ":$AMENT_PREFIX_PATH:" in
  *":$_moe3d_prefix:"*) ;;
  *) export AMENT_PREFIX_PATH="${{AMENT_PREFIX_PATH:+$AMENT_PREFIX_PATH:}}$_moe3d_prefix" ;;
esac
case ":$CMAKE_PREFIX_PATH:" in
  *":$_moe3d_prefix:"*) ;;
  *) export CMAKE_PREFIX_PATH="${{CMAKE_PREFIX_PATH:+$CMAKE_PREFIX_PATH:}}$_moe3d_prefix" ;;
esac
case ":$LD_LIBRARY_PATH:" in
  *":$_moe3d_prefix/lib:"*) ;;
  *) export LD_LIBRARY_PATH="${{LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}}$_moe3d_prefix/lib" ;;
esac
unset _moe3d_prefix
"""


def mend_text(text: str, prefix: str, python_include: str, numpy_include: str) -> str:
    """The text with the build machine's folders replaced by ours."""
    text = NUMPY_INCLUDE.sub(lambda _: numpy_include, text)
    text = PYTHON_INCLUDE.sub(lambda _: python_include, text)
    return PREFIX.sub(lambda _: prefix, text)


def mend(prefix: Path) -> int:
    """Mends every exported CMake file and every index entry under the prefix; returns how many files were changed."""
    import numpy

    index = prefix / "share" / "ament_index" / "resource_index" / "parent_prefix_path"
    changed = 0
    for path in [*(prefix / "share").rglob("*.cmake"), *(prefix / "lib").rglob("*.cmake"), *index.glob("*")]:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        mended = mend_text(text, str(prefix), sysconfig.get_path("include"), numpy.get_include())
        if mended != text:
            path.write_text(mended, encoding="utf-8", errors="surrogateescape")
            changed += 1
    return changed


def write_setup_files(prefix: Path, distribution: str) -> None:
    """Writes setup.{sh,bash,zsh} and local_setup.*, the names that a workspace on top looks for."""
    for name in ("setup", "local_setup"):
        for shell in ("sh", "bash", "zsh"):
            (prefix / f"{name}.{shell}").write_text(SETUP.format(distribution=distribution, prefix=f"'{prefix}'"))


def main() -> int:
    prefix = Path(sys.prefix)
    if sys.prefix == sys.base_prefix or not (prefix / "share" / "ament_index").is_dir():
        print(f"{prefix} is not a virtual environment with ROS wheels in it: nothing was changed", file=sys.stderr)
        return 1
    print(f"[env] mended {mend(prefix)} files of the ROS wheels")
    write_setup_files(prefix, sys.argv[1] if len(sys.argv) > 1 else "jazzy")
    return 0


if __name__ == "__main__":
    sys.exit(main())
