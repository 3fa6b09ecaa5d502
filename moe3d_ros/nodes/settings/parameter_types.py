"""Types of parameters' values: what says the same in another type is taken, what does not is named. Free of ROS."""

from __future__ import annotations

from typing import Any

NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}
LISTS = {
    int: "a list of whole numbers",
    float: "a list of numbers",
    str: "a list of texts",
    bool: "a list of truth values",
}


def as_declared(value: Any, default: Any) -> Any:
    """The value in the default's type where whole numbers stand for decimals or one text for a list; else itself."""
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if isinstance(default, list) and default:
        kind = type(default[0])
        if kind is str and isinstance(value, str):
            return [value]
        if kind is float and type(value) in (int, float):
            return [float(value)]
        if kind is float and not isinstance(value, (str, bytes)) and hasattr(value, "__len__"):
            numbers = list(value)
            if numbers and all(type(number) is int for number in numbers):
                return [float(number) for number in numbers]
    return value


def type_problem(name: str, value: Any, default: Any) -> str | None:
    """Reason, as a sentence, that a value is of no type that the parameter takes; None where it is."""
    value, wanted = as_declared(value, default), _named(default)
    if value is None:
        return f"The parameter {name} cannot be deleted: set it to {wanted}."
    given = _named(value)
    if given == wanted:
        return None
    given = "a truth value" if type(value) is bool else given
    shown = str(value).lower() if type(value) is bool else repr(_plain(value))
    return f"The parameter {name} is {shown}, {given}: set it to {wanted}{_hint(value, default)}."


def _hint(value: Any, default: Any) -> str:
    """The end of the sentence where quotes, or their absence, are the likely cause."""
    if isinstance(value, str) and not isinstance(default, (str, list)):
        return ", without quotes" if _reads_as(value, type(default)) else ""
    if isinstance(default, str) and type(value) in (int, float, bool):
        written = str(value).lower()
        return f" in quotes: \"'{written}'\" on a command line, '{written}' in a file"
    if type(default) is bool and value in (0, 1):
        return f", here {'true' if value else 'false'}"
    return ""


def _reads_as(text: str, kind: type) -> bool:
    """True if a text without its quotes would be a value of a kind."""
    if kind is bool:
        return text.lower() in ("true", "false")
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _named(value: Any) -> str:
    if type(value) in NAMES:
        return NAMES[type(value)]
    items = _plain(value)
    return LISTS.get(type(items[0]), "a list") if items else "an empty list"


def _plain(value: Any) -> Any:
    """The value with lists as such: rclpy gives arrays and tuples."""
    return list(value) if hasattr(value, "__len__") and not isinstance(value, str) else value
