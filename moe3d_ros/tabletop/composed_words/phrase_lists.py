"""Lists of phrases by construct, and how several become one."""

from __future__ import annotations

Phrases = dict[str, tuple[str, ...]]


def joined(*parts: Phrases) -> Phrases:
    """Phrases of the first's constructs from all of them."""
    return {construct: sum((part.get(construct, ()) for part in parts), ()) for construct in parts[0]}
