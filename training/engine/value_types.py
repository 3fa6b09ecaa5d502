"""Values of settings, as YAML and programs give them, held against the types of a dataclass before it is made."""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", type(None): "nothing"}


def check_values(config: type, values: dict[str, Any], prefix: str = "") -> None:
    """Raise ValueError where a value is of another type than its field, or a field without a default has none.

    Args:
        config: a dataclass; what is nested in it may be given as a dictionary, of which all may be left out.
        values: name -> value; names that are no fields are not looked at.
        prefix: of the names in messages.
    """
    hints = get_type_hints(config)
    for entry in fields(config):
        kind = hints[entry.name]
        if entry.name not in values:
            if not prefix and entry.default is MISSING and entry.default_factory is MISSING and not is_dataclass(kind):
                raise ValueError(f"the setting {entry.name} is missing, expected {_words(kind)}")
            continue
        value = values[entry.name]
        if isinstance(kind, type) and is_dataclass(kind):
            if isinstance(value, dict):
                check_values(kind, value, f"{prefix}{entry.name}.")
            elif not isinstance(value, kind):
                raise ValueError(f"{prefix}{entry.name} is {value!r}, expected settings by their names")
        elif not _fits(value, kind):
            hint = " (YAML reads 1e-4 as a text: write 1.0e-4)" if isinstance(value, str) and "e" in value else ""
            raise ValueError(f"{prefix}{entry.name} is {value!r}, expected {_words(kind)}{hint}")


def _fits(value, kind) -> bool:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin in (list, tuple):
        if not isinstance(value, list | tuple):
            return False
        if origin is list or inner[-1] is Ellipsis:
            return all(_fits(one, inner[0]) for one in value)
        return len(value) == len(inner) and all(_fits(one, each) for one, each in zip(value, inner))
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and value == value
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind) if kind in WORDS else True


def _words(kind) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(_words(one) for one in inner)
    if origin in (list, tuple):
        many = "a list, each " if origin is list or inner[-1] is Ellipsis else f"a list of {len(inner)}, each "
        return many + _words(inner[0])
    return WORDS.get(kind, getattr(kind, "__name__", str(kind)))
