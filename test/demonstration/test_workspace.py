"""The build, in a workspace and embedded: which Python is taken, what lies on top where, and which macros are not used any more."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import environment
import pytest
from places import ROOT

# Versions of ament_cmake, and whether ament_python_install_package() installs at once. Since 2.8.7 ament_package() does, the
# folders of all calls with one name joined, the last one's on top (ament/ament_cmake#587); before, a name has one call.
RELEASES = {
    "jazzy": ("2.5.4", True),
    "kilted": ("2.7.3", True),
    "lyrical": ("2.8.7", False),
    "rolling": ("2.9.0", False),
}
GONE = {  # deprecated or removed up to Lyrical, with what is used in their place
    "ament_target_dependencies": "target_link_libraries",
    "rosidl_target_interfaces": "rosidl_get_typesupport_target",
    "ament_export_interfaces": "ament_export_targets",
    "ament_cmake_gen_version_h": "ament_generate_version_header",
}
PYTHON_PACKAGES = """
set(PYTHON_INSTALL_DIR "python")
function(ament_python_install_package name)
  cmake_parse_arguments(ARG "" "PACKAGE_DIR" "" ${ARGN})
  if(NOT ARG_PACKAGE_DIR)
    set(ARG_PACKAGE_DIR "${CMAKE_CURRENT_LIST_DIR}/${name}")
  endif()
  get_property(known GLOBAL PROPERTY FOLDERS)
  set_property(GLOBAL APPEND PROPERTY FOLDERS "${ARG_PACKAGE_DIR}/")
  if(known AND AT_ONCE)
    message(FATAL_ERROR "one call for a name")
  elseif(AT_ONCE)
    install(DIRECTORY "${ARG_PACKAGE_DIR}/" DESTINATION "${PYTHON_INSTALL_DIR}/${name}" PATTERN "__pycache__" EXCLUDE)
  endif()
endfunction()
"""
AMENT = """
macro(ament_export_dependencies)
endmacro()
macro(ament_package)
  get_property(folders GLOBAL PROPERTY FOLDERS)
  if(NOT AT_ONCE)
    install(DIRECTORY ${folders} DESTINATION "${PYTHON_INSTALL_DIR}/${PROJECT_NAME}" PATTERN "__pycache__" EXCLUDE)
  endif()
endmacro()
"""
GENERATORS = """
macro(rosidl_generate_interfaces name)
  file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/generated/__init__.py" "")
  file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/generated/msg/__init__.py" "")
  ament_python_install_package(${name} PACKAGE_DIR "${CMAKE_CURRENT_BINARY_DIR}/generated")
endmacro()
"""
PACKAGES = {
    "ament_cmake": AMENT,
    "ament_cmake_python": PYTHON_PACKAGES,
    "rosidl_default_generators": GENERATORS,
    "geometry_msgs": "",
    "std_msgs": "",
}


def lay_out(folder: Path, version: str) -> tuple[Path, Path]:
    """A small package with our CMakeLists.txt, and a prefix with an ament that installs as that version's does."""
    source, prefix = folder / "source", folder / "prefix"
    for package, text in PACKAGES.items():
        home = prefix / "share" / package / "cmake"
        home.mkdir(parents=True)
        (home / f"{package}Config.cmake").write_text(text)
        (home / f"{package}Config-version.cmake").write_text(f'set(PACKAGE_VERSION "{version}")\n')
    (source / "moe3d_ros" / "__pycache__").mkdir(parents=True)
    (source / "moe3d_ros" / "__pycache__" / "plan.pyc").touch()
    for name in ("__init__.py", "plan.py"):
        os.utime(shutil.copy(ROOT / "moe3d_ros" / name, source / "moe3d_ros"), (1e9, 1e9))  # CMake keeps what is as old
    shutil.copy(ROOT / "CMakeLists.txt", source)
    for name in ("tools", "launch", "config", "LICENSE", "NOTICE"):
        (source / name).symlink_to(ROOT / name)
    return source, prefix


@pytest.mark.parametrize("release", RELEASES)
def test_our_python_package_lies_on_top_of_the_generated_one(release, tmp_path):
    cmake = shutil.which("cmake")
    if cmake is None or shutil.which("ninja") is None or shutil.which("c++") is None:
        pytest.skip("CMake, Ninja or a compiler is not installed")
    version, at_once = RELEASES[release]
    source, prefix = lay_out(tmp_path, version)
    settings = {
        "CMAKE_PREFIX_PATH": prefix,
        "CMAKE_INSTALL_PREFIX": tmp_path / "installed",
        "Python3_EXECUTABLE": sys.executable,
        "AT_ONCE": int(at_once),
    }
    ours = {key: value for key, value in os.environ.items() if key not in ("AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH")}
    build = str(tmp_path / "build")
    configure = [cmake, "-G", "Ninja", "-S", str(source), "-B", build]
    configure += [f"-D{key}={value}" for key, value in settings.items()]
    for command in (configure, [cmake, "--install", build]):
        done = subprocess.run(command, env=ours, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    installed = tmp_path / "installed" / "python" / "moe3d_ros"
    assert (installed / "__init__.py").read_text() == (ROOT / "moe3d_ros" / "__init__.py").read_text()
    found = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert found == {"__init__.py", "plan.py", "msg/__init__.py"}


@pytest.mark.parametrize(
    "path", [ROOT / "CMakeLists.txt", ROOT / "tools" / "tf2_msgs" / "CMakeLists.txt"], ids=["ours", "tf2_msgs"]
)
def test_no_macro_is_used_that_is_gone_in_lyrical(path):
    called = set(re.findall(r"^\s*(\w+)\s*\(", path.read_text(), re.MULTILINE))
    assert "ament_package" in called  # else it looks at nothing
    assert not called & set(GONE), f"use {[GONE[name] for name in called & set(GONE)]}"


@pytest.mark.parametrize(
    ("version", "named", "taken"),
    [
        ("3.9.2", True, False),
        ("3.12.1", False, True),
        ("3.14.2", False, True),
        ("3.14.2", True, True),
        ("3.15.0", True, False),
    ],
)
def test_a_python_for_which_the_lock_has_wheels_is_taken(version, named, taken, tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho {version} {python}\n")
    python.chmod(0o755)
    monkeypatch.setattr(environment, "VENV", tmp_path)  # nothing was made there before
    monkeypatch.setattr(environment, "PYTHONS", (str(python),))
    monkeypatch.setenv("PYTHON", str(python) if named else "")
    if taken:
        assert environment.interpreter() == (str(python), version)
    else:
        with pytest.raises(environment.SetupError, match="is needed"):
            environment.interpreter()
