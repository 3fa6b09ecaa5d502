"""Parameters that a ROS command line names: read as rcl reads them, before a node exists. Free of ROS.

A list such as ``[0.25, -1, 0]`` is refused by rcl for its two types of numbers; here its whole numbers become decimals.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

COMMAND_LINE = "The command line"
PARAMETERS = "ros__parameters"
EVERY_NODE = "/**"
WHOLE = re.compile(r"[-+]?\d+")
RULE = re.compile(r"(?:(?P<node>[\w~/*]+):)?(?P<name>[\w./-]+):=(?P<value>.*)", re.DOTALL)
FILE_OPTIONS, RULE_OPTIONS = ("--params-file",), ("-p", "--param")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True)
class Section:
    """Parameters that one place gives to the nodes whose names fit.

    Attributes:
        place: the file or the command line, as a sentence begins.
        nodes: name of the node with its namespace, with ``*`` and ``**`` as rcl takes them.
        names: of the parameters.
    """

    place: str
    nodes: str
    names: tuple[str, ...]

    def fits(self, full_name: str) -> bool:
        """True where the parameters are for the node of this name, e.g. ``/robot1/planner``."""
        parts = [part for part in self.nodes.split("/") if part]
        pattern = "".join(
            "(?:/[^/]+)*" if part == "**" else "/" + re.escape(part).replace(r"\*", "[^/]*") for part in parts
        )
        return re.fullmatch(pattern, full_name) is not None


def ros_arguments(arguments: list[str]) -> list[tuple[int, str, str]]:
    """Options on parameters between ``--ros-args`` and ``--``: place of the value, option, value."""
    found, ours, number = [], False, 0
    while number < len(arguments):
        word = arguments[number]
        if word in ("--ros-args", "--"):
            ours = word == "--ros-args"
        elif ours and word in (*FILE_OPTIONS, *RULE_OPTIONS) and number + 1 < len(arguments):
            number += 1
            found.append((number, word, arguments[number]))
        number += 1
    return found


def with_decimals(text: str) -> str:
    """YAML text in which a list of whole and decimal numbers has decimals only; everything else stays as it is."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError):
        return text  # rcl says what is wrong with it
    places: list[int] = []

    def walk(node) -> None:
        if isinstance(node, yaml.MappingNode):
            for _, value in node.value:
                walk(value)
        elif isinstance(node, yaml.SequenceNode):
            numbers = [item for item in node.value if _plain(item, NUMBER)]
            whole = [item for item in numbers if _plain(item, WHOLE)]
            if len(whole) < len(numbers) == len(node.value):
                places.extend(item.end_mark.index for item in whole)
            else:
                for item in node.value:
                    walk(item)

    walk(root)
    for place in sorted(places, reverse=True):
        text = f"{text[:place]}.0{text[place:]}"
    return text


def _plain(node, form: re.Pattern) -> bool:
    """True for a scalar without quotes that is of this form."""
    return isinstance(node, yaml.ScalarNode) and node.style is None and form.fullmatch(node.value) is not None


def mended(arguments: list[str], folder: Path | None = None) -> list[str]:
    """The command line with `with_decimals` applied to its rules and, as copies in ``folder``, to its files.

    ``folder``: None: a new folder of its own, made where a file needs it.
    """
    arguments = list(arguments)
    for number, option, value in ros_arguments(arguments):
        if option in RULE_OPTIONS:
            name, sign, text = value.partition(":=")
            arguments[number] = f"{name}{sign}{with_decimals(text)}"
            continue
        try:
            text = Path(value).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # rcl says so
        better = with_decimals(text)
        if better != text:
            folder = folder or Path(tempfile.mkdtemp(prefix="moe3d_ros-parameters-"))
            copy = folder / f"{number}-{Path(value).name}"
            copy.write_text(better, encoding="utf-8")
            arguments[number] = str(copy)
    return arguments


def sections(arguments: list[str]) -> list[Section]:
    """Parameters that files and rules of a command line give, in its order; what cannot be read is left to rcl."""
    found: list[Section] = []
    for _, option, value in ros_arguments(arguments):
        if option in FILE_OPTIONS:
            found += file_sections(value)
        elif rule := RULE.fullmatch(value):
            nodes = rule["node"] or EVERY_NODE
            found.append(Section(COMMAND_LINE, _absolute(nodes), (rule["name"],)))
    return found


def file_sections(path: str) -> list[Section]:
    """Sections of a file of parameters."""
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError):
        return []
    found: list[Section] = []

    def walk(mapping: dict, nodes: str) -> None:
        for key, value in mapping.items():
            if key == PARAMETERS and isinstance(value, dict):
                found.append(Section(f"The file {path}", _absolute(nodes), tuple(_flat(value))))
            elif isinstance(value, dict):
                walk(value, f"{nodes}/{str(key).strip('/')}")

    if isinstance(content, dict):
        walk(content, "")
    return found


def _flat(mapping: dict, before: str = "") -> list[str]:
    """Names of parameters, nested ones with dots."""
    names: list[str] = []
    for key, value in mapping.items():
        names += _flat(value, f"{before}{key}.") if isinstance(value, dict) else [f"{before}{key}"]
    return names


def _absolute(nodes: str) -> str:
    """A node's name as a full one: rcl takes ``planner`` for ``/planner``."""
    return nodes if nodes.startswith("/") else f"/{nodes}"
