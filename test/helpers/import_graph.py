"""The import graph of the tree, read from the sources (ast, nothing is executed), and the rules that it must keep.

Each rule is a function that returns a sentence per violation, so that the tests run it on the tree and on a broken one.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

Graph = Mapping[str, Iterable[str]]


def module_name(root: Path, path: Path) -> str:
    """Dotted name of a source file; a package's is that of its folder."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(root: Path, folders: Iterable[str]) -> dict[str, Path]:
    """Source files under the folders of ``root``, by module name."""
    paths = chain.from_iterable(sorted((root / folder).rglob("*.py")) for folder in folders)
    return {module_name(root, path): path for path in paths}


def _absolute(importer: str, is_package: bool, node: ast.ImportFrom) -> str:
    """Module that a ``from ... import`` names, relative ones resolved against the importer."""
    if not node.level:
        return node.module or ""
    package = importer.split(".") if is_package else importer.split(".")[:-1]
    above = package[: len(package) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def imports(module: str, path: Path) -> set[str]:
    """Every name that a file imports anywhere in it, as ``package.module.name``, those of other projects too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _absolute(module, path.name == "__init__.py", node)
            found.update(f"{origin}.{alias.name}" for alias in node.names)
    return found


def _known(name: str, files: Mapping[str, Path]) -> str | None:
    """Longest prefix of an imported name that is one of our modules, None for another project's."""
    while name:
        if name in files:
            return name
        name = name.rpartition(".")[0]
    return None


def import_graph(files: Mapping[str, Path]) -> dict[str, set[str]]:
    """Arrows from each module to those of ``files`` that it imports."""
    graph = {module: {_known(name, files) for name in imports(module, path)} for module, path in files.items()}
    return {module: {target for target in targets if target and target != module} for module, targets in graph.items()}


def contract(graph: Graph, depth: int) -> dict[str, set[str]]:
    """The graph of rooms: modules are merged into their first ``depth`` parts, arrows within a room go."""

    def room(module: str) -> str:
        return ".".join(module.split(".")[:depth])

    rooms: dict[str, set[str]] = defaultdict(set)
    for module, targets in graph.items():
        rooms[room(module)].update(room(target) for target in targets)
    return {name: targets - {name} for name, targets in rooms.items()}


def circles(graph: Graph) -> list[str]:
    """One sentence per circle of imports: what is left once all that imports nothing of the rest is taken away."""
    left = {node: set(targets) for node, targets in graph.items()}
    while free := {node for node, targets in left.items() if not targets & left.keys()}:
        left = {node: targets - free for node, targets in left.items() if node not in free}
    imported = set(chain.from_iterable(left.values()))
    while idle := left.keys() - imported:  # what only leads into a circle
        left = {node: targets for node, targets in left.items() if node not in idle}
        imported = set(chain.from_iterable(left.values()))
    return [f"{', '.join(sorted(left))} import each other in a circle"] if left else []


def forbidden_arrows(files: Mapping[str, Path], allowed: Mapping[str, Iterable[str]]) -> list[str]:
    """One sentence per import of a room that ``allowed`` does not grant to the importer's room.

    allowed: rooms (module prefixes, the longest that fits counts) -> the rooms of ours that they may import. Imports
    within a room are free; a module in no room is a violation too.
    """
    rooms = sorted({*allowed, *chain.from_iterable(allowed.values())}, key=len, reverse=True)

    def room(module: str) -> str | None:
        return next((name for name in rooms if f"{module}.".startswith(f"{name}.")), None)

    found = []
    for module, targets in import_graph(files).items():
        mine = room(module)
        if mine not in allowed:
            found.append(f"{module} stands in no room")
            continue
        for target in sorted(targets):
            theirs = room(target)
            if theirs != mine and theirs not in allowed[mine]:
                found.append(f"{module} must not import {target}")
    return found


def foreign_imports(files: Mapping[str, Path], packages: Iterable[str]) -> list[str]:
    """One sentence per import of one of the foreign ``packages`` in the files."""
    forbidden = set(packages)
    return [
        f"{module} must not import {name}"
        for module, path in files.items()
        for name in sorted(imports(module, path))
        if name.split(".")[0] in forbidden
    ]


def crowded_folders(root: Path, folders: Iterable[str], most: int) -> list[str]:
    """One sentence per folder with more than ``most`` Python files side by side, ``__init__.py`` not counted."""
    count: dict[Path, int] = defaultdict(int)
    for path in sources(root, folders).values():
        count[path.parent] += path.name != "__init__.py"
    return [
        f"{folder.relative_to(root)} has {number} Python files side by side, at most {most} are allowed"
        for folder, number in sorted(count.items())
        if number > most
    ]


def repeated_names(root: Path, folders: Iterable[str], accepted: Iterable[str]) -> list[str]:
    """One sentence per file name that occurs twice and is not accepted, and per accepted one that occurs once only."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in sources(root, folders).values():
        places[path.name].append(str(path.relative_to(root)))
    twice = {name: paths for name, paths in places.items() if len(paths) > 1 and name != "__init__.py"}
    accepted = set(accepted)
    found = [f"{name} names several files: {', '.join(paths)}" for name, paths in twice.items() if name not in accepted]
    return found + [f"{name} is accepted as a repeated name, and occurs once only" for name in accepted - twice.keys()]
