"""Practice tasks with a negation, with two conditions or with two goals; the table of `practice_tasks` says what each of them teaches."""

from __future__ import annotations

from moe3d_ros.tabletop.benchmark_tasks import Draft
from moe3d_ros.tabletop.goals import Into, Stack
from moe3d_ros.tabletop.wordings import SIZE_WORDS


def not_color_to_bowl(draft: Draft):
    """Put the blocks that are not [c] in the [d] bowl."""
    c, d = draft.colors[0], str(draft.rng.choice(draft.colors))
    bowl = draft.add("bowl", d)
    picks = draft.others(1, 3, draft.colors[1:], "small") or [draft.add("block", draft.colors[1], "small")]
    for _ in range(draft.count(1, 3)):
        draft.add("block", c, draft.size())
    draft.distract({"bowl": 2, "zone": 1}, draft.colors)
    return draft.say("not_color_to_bowl", c=c, d=d), ((Into(tuple(picks), ((bowl,),) * len(picks)),),)


def color_to_other_bowl(draft: Draft):
    """Put the [c] blocks in bowls that are not [d]."""
    c, d = draft.colors[0], str(draft.rng.choice(draft.colors))
    picks = tuple(draft.add("block", c, "small") for _ in range(draft.count(1, 2)))
    draft.add("bowl", d)
    free = [color for color in draft.colors if color != d]
    allowed = tuple(draft.add("bowl", color) for color in draft.rng.permutation(free)[: draft.count(1, 3)].tolist())
    draft.others(0, 3, draft.colors[1:])
    draft.distract({"zone": 1}, draft.colors)
    return draft.say("color_to_other_bowl", c=c, d=d), ((Into(picks, (allowed,) * len(picks)),),)


def two_stacks(draft: Draft):
    """Stack the [c] blocks on the [d] zone and the [e] blocks on the [f] zone, neither of its own colour."""
    c, e, d, f = draft.colors[:4] if len(draft.colors) > 3 else (*draft.colors[:2], *draft.colors[1::-1])
    goals = []
    for block, zone in ((c, d), (e, f)):
        size = draft.size()
        picks = tuple(draft.add("block", block, size) for _ in range(draft.count(1, 3)))
        goals.append(Stack((picks,) * len(picks), draft.add("zone", zone)))
    draft.others(0, 2, draft.colors[4:] or draft.colors[2:3])
    draft.distract({"bowl": 2}, draft.colors)
    return draft.say("two_stacks", c=c, d=d, e=e, f=f), (tuple(goals),)


def pair_on_zone(draft: Draft):
    """Put the big [c] block on the [d] zone and the small [c] block on top of it."""
    c, d = draft.colors[:2]
    zone = draft.add("zone", d)
    goal = Stack(((draft.add("block", c, "big"),), (draft.add("block", c, "small"),)), zone)
    draft.others(0, 3, draft.colors[1:])
    draft.distract({"bowl": 2, "zone": 1}, draft.colors)
    return draft.say("pair_on_zone", c=c, d=d), ((goal,),)


def one_to_other_bowl(draft: Draft):
    """Put the [c] block in a bowl of another colour; a bowl of its own is there too."""
    c = draft.colors[0]
    pick = draft.add("block", c, draft.size())
    draft.add("bowl", c)
    others = draft.rng.permutation(draft.colors[1:])[: draft.count(1, 4)].tolist()
    allowed = tuple(draft.add("bowl", color) for color in others)
    draft.others(1, 4, draft.colors[1:])
    draft.distract({"zone": 2}, draft.colors)
    return draft.say("one_to_other_bowl", c=c), ((Into((pick,), (allowed,)),),)


def other_zones(draft: Draft):
    """Put every block on a zone of another colour."""
    zones = {color: draft.add("zone", color) for color in draft.colors[: draft.count(2, 4, 2)]}
    colors = draft.rng.permutation(list(zones))[: draft.count(1, 4)].tolist()
    picks = tuple(draft.add("block", color, "small") for color in colors)
    draft.distract({"bowl": 2}, draft.colors)
    allowed = tuple(tuple(zone for of, zone in zones.items() if of != color) for color in colors)
    return draft.say("other_zones"), ((Into(picks, allowed),),)


def sized_to_own_zones(draft: Draft):
    """Put the [size] blocks on the zones of their colours; blocks of the other size and these colours stay."""
    size = draft.size()
    other = "big" if size == "small" else "small"
    zones = {color: draft.add("zone", color) for color in draft.colors[: draft.count(2, 4, 2)]}
    picks = tuple(draft.add("block", color, size) for color in zones)
    draft.others(1, 4, tuple(zones), other)
    draft.distract({"bowl": 2}, draft.colors)
    goal = Into(picks, tuple((zones[draft.things[i].color],) for i in picks))
    return draft.say("sized_to_own_zones", s=str(draft.rng.choice(SIZE_WORDS[size]))), ((goal,),)
