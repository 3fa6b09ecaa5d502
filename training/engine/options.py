"""Command-line options of a dataclass: ``--field value`` for each field, ``--group.field value`` for those of nested ones."""

from __future__ import annotations

import argparse
import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Union, get_args, get_origin, get_type_hints

Parser = argparse._ActionsContainer  # a parser or a group of its options, which argparse has no public name for


def add_options(parser: Parser, config: type, short: dict[str, str] | None = None, prefix: str = "") -> None:
    """Add an option for every field of a dataclass and of those nested in it; one that is not given stays out of the result.

    Args:
        short: other names of fields by their dotted names; every name may be written with dashes for underscores.
        prefix: dotted names of what is nested begin with it.
    """
    known = {name for action in parser._actions for name in action.option_strings}
    names_of: dict[str, list[str]] = {}
    for name, path in (short or {}).items():
        names_of.setdefault(path, []).append(name)
    hints = get_type_hints(config, include_extras=True)
    for entry in fields(config):
        kind, text = hints[entry.name], ""
        if get_origin(kind) is Annotated:
            kind, text = get_args(kind)
        path = prefix + entry.name
        if any(is_dataclass(each) for each in get_args(kind)):
            continue  # a part that may be left out altogether comes with a checkpoint, not from the command line
        if isinstance(kind, type) and is_dataclass(kind):
            add_options(parser, kind, short, f"{path}.")
            continue
        names = [*names_of.get(path, ()), path]
        flags = list(dict.fromkeys(f"--{text}" for name in names for text in (name, name.replace("_", "-"))))
        if known.isdisjoint(flags):
            parser.add_argument(
                *flags, dest=path, default=argparse.SUPPRESS, help=_help(text, entry.default), **_reading(kind)
            )


def _help(text: str, default) -> str:
    shown = "" if default in (MISSING, None) else f"(default: {default})"
    return " ".join(filter(None, (text, shown))).replace("%", "%%")


def _reading(kind) -> dict:
    """Arguments with which argparse reads a value of this type."""
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    if get_origin(kind) in (list, tuple):
        inner = [each for each in get_args(kind) if each is not Ellipsis]
        return {"type": inner[0], "nargs": "+" if get_origin(kind) is list else len(inner), "metavar": "VALUE"}
    if kind is bool:
        return {"type": _yes_or_no, "nargs": "?", "const": True, "metavar": "true|false"}
    return {"type": kind, "metavar": "VALUE"}


def _yes_or_no(text: str) -> bool:
    value = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(text.lower())
    if value is None:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return value
