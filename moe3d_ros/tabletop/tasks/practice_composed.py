"""Practice tasks with a negation, with two conditions or with two goals; the table of `practice_tasks` says what each of them teaches."""

from __future__ import annotations

from moe3d_ros.tabletop.tasks.draft import OTHER_SIZE, Draft
from moe3d_ros.tabletop.tasks.goals import InArea, Into, Stack
from moe3d_ros.tabletop.tasks.registry import long_task
from moe3d_ros.world.areas import QUADRANTS
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE


@long_task("practice")
def not_color_to_bowl(draft: Draft):
    """Put the blocks that are not [c] in the [d] bowl."""
    c, d = draft.colors[0], str(draft.rng.choice(draft.colors))
    bowl = draft.add(BOWL, d)
    picks = draft.others(1, 3, draft.colors[1:], "small") or [draft.add(BLOCK, draft.colors[1], "small")]
    for _ in range(draft.count(1, 3)):
        draft.add(BLOCK, c, draft.size())
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    return draft.say(c=c, d=d), ((Into(tuple(picks), ((bowl,),) * len(picks)),),)


@long_task("practice")
def color_to_other_bowl(draft: Draft):
    """Put the [c] blocks in bowls that are not [d]."""
    c, d = draft.colors[0], str(draft.rng.choice(draft.colors))
    picks = tuple(draft.add(BLOCK, c, "small") for _ in range(draft.count(1, 2)))
    draft.add(BOWL, d)
    free = [color for color in draft.colors if color != d]
    allowed = tuple(draft.add(BOWL, color) for color in draft.rng.permutation(free)[: draft.count(1, 3)].tolist())
    draft.others(0, 3, draft.colors[1:])
    draft.distract({ZONE: 1}, draft.colors)
    return draft.say(c=c, d=d), ((Into(picks, (allowed,) * len(picks)),),)


@long_task("practice")
def two_stacks(draft: Draft):
    """Stack the [c] blocks on the [d] zone and the [e] blocks on the [f] zone, neither of its own colour."""
    c, e, d, f = draft.colors[:4] if len(draft.colors) > 3 else (*draft.colors[:2], *draft.colors[1::-1])
    goals = []
    for block, zone in ((c, d), (e, f)):
        size = draft.size()
        picks = tuple(draft.add(BLOCK, block, size) for _ in range(draft.count(1, 3)))
        goals.append(Stack((picks,) * len(picks), draft.add(ZONE, zone)))
    draft.others(0, 2, draft.colors[4:] or draft.colors[2:3])
    draft.distract({BOWL: 2}, draft.colors)
    return draft.say(c=c, d=d, e=e, f=f), (tuple(goals),)


@long_task("practice")
def pair_on_zone(draft: Draft):
    """Put the big [c] block on the [d] zone and the small [c] block on top of it."""
    c, d = draft.colors[:2]
    zone = draft.add(ZONE, d)
    goal = _pair(draft, c, zone)
    draft.others(0, 3, draft.colors[1:])
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    return draft.say(c=c, d=d), ((goal,),)


def _pair(draft: Draft, color: str, zone: int) -> Stack:
    """A big block of a colour on a zone, and a small one on top of it; both are added."""
    return Stack(((draft.add(BLOCK, color, "big"),), (draft.add(BLOCK, color, "small"),)), zone)


@long_task("practice")
def one_to_other_bowl(draft: Draft):
    """Put the [c] block in a bowl of another colour; a bowl of its own is there too."""
    c = draft.colors[0]
    pick = draft.add(BLOCK, c, draft.size())
    draft.add(BOWL, c)
    others = draft.rng.permutation(draft.colors[1:])[: draft.count(1, 4)].tolist()
    allowed = tuple(draft.add(BOWL, color) for color in others)
    draft.others(1, 4, draft.colors[1:])
    draft.distract({ZONE: 2}, draft.colors)
    return draft.say(c=c), ((Into((pick,), (allowed,)),),)


@long_task("practice")
def other_zones(draft: Draft):
    """Put every block on a zone of another colour."""
    zones = {color: draft.add(ZONE, color) for color in draft.colors[: draft.count(2, 4, 2)]}
    colors = draft.rng.permutation(list(zones))[: draft.count(1, 4)].tolist()
    picks = tuple(draft.add(BLOCK, color, "small") for color in colors)
    draft.distract({BOWL: 2}, draft.colors)
    allowed = tuple(tuple(zone for of, zone in zones.items() if of != color) for color in colors)
    return draft.say(), ((Into(picks, allowed),),)


@long_task("practice")
def sized_to_own_zones(draft: Draft):
    """Put the [size] blocks on the zones of their colours; blocks of the other size and these colours stay."""
    size = draft.size()
    other = OTHER_SIZE[size]
    zones = {color: draft.add(ZONE, color) for color in draft.colors[: draft.count(2, 4, 2)]}
    picks = tuple(draft.add(BLOCK, color, size) for color in zones)
    draft.others(1, 4, tuple(zones), other)
    draft.distract({BOWL: 2}, draft.colors)
    goal = Into(picks, tuple((zones[draft.things[i].color],) for i in picks))
    return draft.say(s=draft.size_words(size)), ((goal,),)


@long_task("practice")
def several_to_other_bowls(draft: Draft):
    """Put the [c] blocks and the [d] blocks in bowls of other colours; bowls of their own are there too."""
    c, d = draft.colors[:2]
    bowls = {color: draft.add(BOWL, color) for color in draft.colors[: draft.count(3, 6, 3)]}
    colors = [color for color in (c, d) for _ in range(draft.count(1, 2))]
    picks = tuple(draft.add(BLOCK, color, "small") for color in colors)
    draft.others(0, 3, draft.colors[2:])
    draft.distract({ZONE: 1}, draft.colors)
    allowed = tuple(tuple(bowl for of, bowl in bowls.items() if of != color) for color in colors)
    return draft.say(c=c, d=d), ((Into(picks, allowed),),)


@long_task("practice")
def stack_own_zone(draft: Draft):
    """Stack the [c] blocks on the zone of their colour; other zones are there too."""
    c, size = draft.colors[0], draft.size()
    zone = draft.add(ZONE, c)
    picks = tuple(draft.add(BLOCK, c, size) for _ in range(draft.count(2, 4, 2)))
    draft.others(1, 4, draft.colors[1:])
    draft.distract({BOWL: 2, ZONE: 3}, draft.colors)
    return draft.say(c=c), ((Stack((picks,) * len(picks), zone),),)


@long_task("practice")
def pair_on_own_zone(draft: Draft):
    """Put the big [c] block on the zone of its colour and the small [c] block on top of it."""
    c = draft.colors[0]
    zone = draft.add(ZONE, c)
    goal = _pair(draft, c, zone)
    draft.others(0, 4, draft.colors[1:])
    draft.distract({BOWL: 2, ZONE: 3}, draft.colors)
    return draft.say(c=c), ((goal,),)


@long_task("practice")
def two_sizes(draft: Draft):
    """Stack the [size] blocks on the [c] zone and the blocks of the other size on the [d] zone."""
    c, d = draft.colors[:2]
    sizes = ("small", "big") if draft.rng.random() < 0.5 else ("big", "small")
    goals = []
    for size, color in zip(sizes, (c, d)):
        number = draft.count(1, 4 if size == "small" else 3, 1)
        picks = tuple(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), size) for _ in range(number))
        goals.append(Stack((picks,) * len(picks), draft.add(ZONE, color)))
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    s, t = (draft.size_words(size) for size in sizes)
    return draft.say(s=s, t=t, c=c, d=d), (tuple(goals),)


@long_task("practice")
def size_to_area(draft: Draft):
    """Move the [size] blocks to the [area]."""
    area, size = str(draft.rng.choice(QUADRANTS)), draft.size()
    picks = tuple(
        draft.add(BLOCK, str(draft.rng.choice(draft.colors)), size, f"not {area}") for _ in range(draft.count(1, 4))
    )
    draft.others(1, 4, size=OTHER_SIZE[size])
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    return draft.say(s=draft.size_words(size), r=draft.area_words(area)), ((InArea(picks, area),),)


@long_task("practice", told_by_place=True)
def color_area_to_area(draft: Draft):
    """Move the [c] blocks in the [area] to the [area]; some of this colour lie elsewhere, and others lie there."""
    source, goal = draft.rng.permutation(QUADRANTS)[:2].tolist()
    c = draft.colors[0]
    picks = tuple(draft.add(BLOCK, c, draft.size(), source) for _ in range(draft.count(1, 3)))
    for _ in range(draft.count(0, 2, 0)):
        draft.add(BLOCK, c, draft.size(), f"not {source}")
    draft.others(0, 2, draft.colors[1:], area=source)
    draft.others(0, 2, draft.colors[1:], area=f"not {source}")
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    said = draft.say(c=c, r=draft.area_words(source), q=draft.area_words(goal))
    return said, ((InArea(picks, goal),),)


@long_task("practice", told_by_place=True)
def area_to_zone(draft: Draft):
    """Put the blocks in the [area] on the [d] zone."""
    area, d = str(draft.rng.choice(QUADRANTS)), draft.colors[0]
    zone = draft.add(ZONE, d, area=f"not {area}")
    picks = tuple(
        draft.add(BLOCK, str(draft.rng.choice(draft.colors)), "small", area) for _ in range(draft.count(1, 4))
    )
    draft.others(1, 4, area=f"not {area}")
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors[1:])
    return draft.say(r=draft.area_words(area), d=d), ((Into(picks, ((zone,),) * len(picks)),),)


@long_task("practice")
def size_to_other_bowls(draft: Draft):
    """Put the [size] blocks in bowls of other colours than their own; bowls of their own are there too."""
    size = draft.size()
    bowls = {color: draft.add(BOWL, color) for color in draft.colors[: draft.count(3, 6, 3)]}
    colors = draft.rng.permutation(list(bowls))[: draft.count(2, 4, 1)].tolist()
    picks = tuple(draft.add(BLOCK, color, size) for color in colors)
    draft.others(1, 3, size=OTHER_SIZE[size])
    draft.distract({ZONE: 1}, draft.colors)
    allowed = tuple(tuple(bowl for of, bowl in bowls.items() if of != color) for color in colors)
    return draft.say(s=draft.size_words(size)), ((Into(picks, allowed),),)


@long_task("practice")
def two_own_stacks(draft: Draft):
    """Stack the [c] blocks and the [d] blocks on the zones of their colours; other colours with zones stay."""
    goals = []
    for color in draft.colors[:2]:
        size = draft.size()
        picks = tuple(draft.add(BLOCK, color, size) for _ in range(draft.count(1, 3)))
        goals.append(Stack((picks,) * len(picks), draft.add(ZONE, color)))
    draft.others(1, 3, draft.colors[2:])
    draft.distract({BOWL: 1, ZONE: 2}, draft.colors)
    return draft.say(c=draft.colors[0], d=draft.colors[1]), (tuple(goals),)


@long_task("practice")
def two_pairs(draft: Draft):
    """Put the small over the big block, in [c] and in [d], on the zones of their colours."""
    goals = [_pair(draft, color, draft.add(ZONE, color)) for color in draft.colors[:2]]
    draft.others(0, 3, draft.colors[2:])
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    return draft.say(c=draft.colors[0], d=draft.colors[1]), (tuple(goals),)


@long_task("practice")
def turns_stack(draft: Draft):
    """Stack the [c] and the [d] blocks by turns in the [area], a [c] block lowest."""
    c, d = draft.colors[:2]
    area, size = str(draft.rng.choice(QUADRANTS)), draft.size()
    number = draft.count(3, 5 if size == "small" else 4, 2)
    kinds = tuple(
        tuple(draft.add(BLOCK, color, size, f"not {area}") for _ in range(count))
        for color, count in ((c, (number + 1) // 2), (d, number // 2))
    )
    draft.others(0, 2, draft.colors[2:], area=f"not {area}")
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    goal = Stack(tuple(kinds[k % 2] for k in range(number)), area=area)
    return draft.say(c=c, d=d, r=draft.area_words(area)), ((goal,),)


@long_task("practice", told_by_place=True)
def size_area_to_area(draft: Draft):
    """Move the [size] blocks in the [area] to the [area]; blocks of the other size lie there too."""
    source, goal = draft.rng.permutation(QUADRANTS)[:2].tolist()
    size = draft.size()
    other = OTHER_SIZE[size]
    picks = tuple(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), size, source) for _ in range(draft.count(1, 4)))
    draft.others(0, 1, size=other, area=source)
    draft.others(1, 3, area=f"not {source}")
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    said = draft.say(s=draft.size_words(size), r=draft.area_words(source), q=draft.area_words(goal))
    return said, ((InArea(picks, goal),),)
