"""What tests and benchmarks put in a method's place is still called: the class of ours has that method, with its parameters."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest
from places import ROOT

pytest.importorskip("rclpy", reason="ROS 2 is not installed")
pytest.importorskip("moe3d_ros.msg", reason="the interfaces are not built")


def subclasses(path: Path) -> list[tuple[ast.ClassDef, list[type]]]:
    """Classes of a file that inherit from classes of the package, each with these."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    homes = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("moe3d_ros.")
        for alias in node.names
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            names = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in homes]
            bases = [getattr(importlib.import_module(homes[name][0]), homes[name][1]) for name in names]
            if bases:
                found.append((node, bases))
    return found


def problems(path: Path) -> list[str]:
    """Sentences on methods that replace none, or one with other parameters; a subclass's own helpers are functions."""
    found = []
    for node, bases in subclasses(path):
        for method in (part for part in node.body if isinstance(part, ast.FunctionDef)):
            name = f"{path.name}: {node.name}.{method.name}"
            original = next((getattr(base, method.name) for base in bases if hasattr(base, method.name)), None)
            if original is None:
                found.append(
                    f"{name} replaces nothing: {', '.join(base.__name__ for base in bases)} has no such method"
                )
                continue
            wanted = [one for one in inspect.signature(original).parameters.values() if one.default is one.empty]
            taken = len(method.args.args) + 99 * (method.args.vararg is not None)
            needed = len(method.args.args) - len(method.args.defaults)
            if method.name != "__init__" and not needed <= len(wanted) <= taken:
                found.append(f"{name} is called with {len(wanted)} arguments and takes {needed} to {taken}")
    return found


def test_every_method_that_is_replaced_is_there():
    files = [path for folder in ("test", "benchmarks", "examples") for path in sorted((ROOT / folder).rglob("*.py"))]
    replacing = {node.name for path in files for node, _ in subclasses(path)}
    assert {"OraclePlannerNode", "TimedVoxelizer"} <= replacing  # else it looks at nothing
    assert [problem for path in files for problem in problems(path)] == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("def _load(self)", "def _load_model(self)", "replaces nothing: PlannerNode has no such method"),
        ("def _load(self)", "def _load(self, device)", "is called with 1 arguments and takes 2 to 2"),
        ("def _load(self)", "def _load()", "is called with 1 arguments and takes 0 to 0"),
    ],
)
def test_an_oracle_that_nobody_calls_is_noticed(tmp_path, old, new, words):
    """A tidy-up once took the method away: the demo's tests ran the real model in the oracle's name."""
    text = (ROOT / "test" / "helpers" / "oracle_planner.py").read_text(encoding="utf-8")
    assert old in text
    changed = tmp_path / "oracle_planner.py"
    changed.write_text(text.replace(old, new), encoding="utf-8")
    assert [words in problem for problem in problems(changed)] == [True]
