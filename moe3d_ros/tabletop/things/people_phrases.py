"""Orders of one thing to one place as many people say them, by the place that they need; slots as in order_phrases."""

from __future__ import annotations

import re
from collections.abc import Sequence

from moe3d_ros.tabletop.composed_words.phrase_lists import Phrases
from moe3d_ros.tabletop.words.form_wordings import DOABLE_TURNED
from moe3d_ros.tabletop.words.people import HARMLESS, ORDERS
from moe3d_ros.world.kinds import BOWL, ZONE

ANY, AROUND = "any place", "around an order"  # the latter have {do}, a whole order


def _slots(pattern: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", pattern))


def _by_place(patterns: Sequence[str]) -> Phrases:
    """Patterns about one thing, with the place's slots as orders have them; those with other slots are left out."""
    found: dict[str, list[str]] = {ANY: [], BOWL: [], ZONE: [], AROUND: []}
    for pattern in patterns:
        worded = pattern.replace("{p} {b}", "{w}").replace("{b}", "{q}")
        slots = _slots(worded)
        if slots == {"do"}:
            found[AROUND].append(worded)
        elif slots in ({"a", "w"}, {"a", "q"}):
            found[ANY].append(worded)
        elif slots in ({"a", BOWL}, {"a", ZONE}):
            kind = BOWL if BOWL in slots else ZONE
            found[kind].append(worded.replace(f"{{{kind}}}", "{q}"))
    return {kind: tuple(said) for kind, said in found.items()}


PEOPLE = _by_place((*DOABLE_TURNED, *ORDERS, *HARMLESS))
