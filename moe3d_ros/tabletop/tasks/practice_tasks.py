"""Practice tasks: what training uses beside A to E, each of which teaches a part that long-horizon tasks are made of.

| task | what is said | what it teaches |
|---|---|---|
| color_to_bowl | put all the [c] blocks in the [d] bowl | a filter by colour |
| size_to_zone | put the [size] blocks on the [d] zone | a filter by size; room on a zone |
| color_on_block | stack the [c] blocks on the [d] block | to continue a stack |
| stack_size, stack_color | stack the [size] or [c] blocks on the [d] zone, or in an area | a filter and a stack |
| stack_all | stack the blocks on the [d] zone | a stack on a zone |
| area_to_bowl | put the blocks in the [area] in the [d] bowl | a filter by area |
| beside_to_bowl | put the blocks left of the [c] zone in the [d] bowl | a filter by a relation |
| own_zones | put every block on the zone of its colour | matching colours, zones |
| list_stack | build a stack of [c], [d], [c] on the [e] zone | a prescribed order |
| one_each | put one block in each bowl | counting |
| clear_zone | clear the [d] zone | to take away |
| color_to_area | move the [c] blocks to the [area] | free spots of an area |
| on_top_to_bowl | put the block on the [c] block in the [d] bowl | what lies on what |
| covered_to_bowl | put the [c] block, which is covered, in the [d] bowl | to uncover first |
| bowls_to_zone | put the blocks in the bowls on the [d] zone | what lies in what |
| not_color_to_bowl | put the blocks that are not [c] in the [d] bowl | negation of a filter |
| color_to_other_bowl | put the [c] blocks in bowls that are not [d] | negation of a goal, which is then free |
| two_stacks | stack the [c] blocks on the [d] zone and the [e] blocks on the [f] zone | two stacks at once |
| pair_on_zone | put the big [c] block on the [d] zone and the small [c] block on top of it | size and order |
| one_to_other_bowl | put the [c] block in a bowl of another colour | a goal by mismatch |
| other_zones | put every block on a zone of another colour | mismatch for each |
| sized_to_own_zones | put the [size] blocks on the zones of their colours | size and matching colours |
| several_to_other_bowls | put the [c] and the [d] blocks in bowls of other colours | mismatch for several |
| stack_own_zone | stack the [c] blocks on the zone of their colour | a stack and matching colours |
| pair_on_own_zone | put the big [c] block on the zone of its colour, the small one on top of it | the same, by size |
| two_sizes | stack the [size] blocks on the [c] zone and the [other size] blocks on the [d] zone | two stacks by size |
| size_to_area | move the [size] blocks to the [area] | a filter by size, free spots |
| color_area_to_area | move the [c] blocks in the [area] to the [area] | two filters, and two areas |
| area_to_zone | put the blocks in the [area] on the [d] zone | a filter by area; room on a zone |
| size_to_other_bowls | put the [size] blocks in bowls of other colours | a filter by size, and mismatch |
| two_own_stacks | stack the [c] and the [d] blocks on the zones of their colours | two stacks, matching colours |
| two_pairs | put the small over the big block of [c] and of [d] on the zones of their colours | two of these by size |
| turns_stack | stack the [c] and the [d] blocks by turns in the [area] | an order without a list |
| size_area_to_area | move the [size] blocks in the [area] to the [area] | two filters, and two areas |

None of them is F to K, of which they are parts: in mismatched bowls, on their own zones and from area to area go only
blocks that are named by colour or size, never all; sizes that go apart are named; turns have both colours named, in areas.
"""

from __future__ import annotations

from moe3d_ros.tabletop.tasks.draft import OTHER_SIZE, Draft
from moe3d_ros.tabletop.tasks.goals import InArea, Into, Off, OneEach, Stack
from moe3d_ros.tabletop.tasks.registry import long_task
from moe3d_ros.world.areas import QUADRANTS
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE


@long_task("practice")
def color_to_bowl(draft: Draft):
    """Put all the [c] blocks in the [d] bowl."""
    c, d = draft.colors[0], str(draft.rng.choice(draft.colors))
    bowl = draft.add(BOWL, d)
    picks = tuple(draft.add(BLOCK, c, "small") for _ in range(draft.count(1, 3)))
    draft.others(1, 4, draft.colors[1:])
    draft.distract({BOWL: 3, ZONE: 1}, draft.colors)
    return draft.say(c=c, d=d), ((Into(picks, ((bowl,),) * len(picks)),),)


@long_task("practice")
def size_to_zone(draft: Draft):
    """Put the [size] blocks on the [d] zone."""
    size, d = draft.size(), draft.colors[0]
    zone = draft.add(ZONE, d)
    n = draft.count(2, 4) if size == "small" else 1
    picks = tuple(draft.add(BLOCK, c, size) for c in draft.rng.choice(draft.colors, n).tolist())
    draft.others(1, 3, size=OTHER_SIZE[size])
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    return draft.say(s=draft.size_words(size), d=d), ((Into(picks, ((zone,),) * len(picks)),),)


@long_task("practice")
def color_on_block(draft: Draft):
    """Stack the [c] blocks on the [d] block."""
    c, d = draft.colors[:2]
    base = draft.add(BLOCK, d, draft.size())
    size = "small" if draft.things[base].size == "small" else draft.size()
    picks = tuple(draft.add(BLOCK, c, size) for _ in range(draft.count(1, 3)))
    draft.others(0, 3, draft.colors[2:])
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    return draft.say(c=c, d=d), ((Stack((picks,) * len(picks), base),),)


def _stack_somewhere(draft: Draft, picks: tuple[int, ...], avoid: str, **fields: str):
    """A stack on a zone or in the quadrant ``avoid``, in which none of the blocks lies yet."""
    if draft.rng.random() < 0.5:
        d = str(draft.rng.choice(draft.colors))
        where, stack = f"on the {d} zone", Stack((picks,) * len(picks), draft.add(ZONE, d))
    else:
        where, stack = f"in the {draft.area_words(avoid)}", Stack((picks,) * len(picks), area=avoid)
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    return draft.say(where=where, **fields), ((stack,),)


@long_task("practice", recolored=False)
def stack_size(draft: Draft):
    """Stack all the [size] blocks on a zone or in an area."""
    size, area = draft.size(), str(draft.rng.choice(QUADRANTS))
    n = draft.count(2, 4, 2)
    picks = tuple(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), size, f"not {area}") for _ in range(n))
    draft.others(1, 3, size=OTHER_SIZE[size])
    return _stack_somewhere(draft, picks, area, s=draft.size_words(size))


@long_task("practice")
def stack_color(draft: Draft):
    """Stack the [c] blocks on a zone or in an area."""
    c, area, size = draft.colors[0], str(draft.rng.choice(QUADRANTS)), draft.size()
    picks = tuple(draft.add(BLOCK, c, size, f"not {area}") for _ in range(draft.count(2, 4, 2)))
    draft.others(1, 3, draft.colors[1:])
    return _stack_somewhere(draft, picks, area, c=c)


@long_task("practice")
def stack_all(draft: Draft):
    """Stack the blocks on the [d] zone; big ones, if there are any, below."""
    d = draft.colors[0]
    zone, size, n = draft.add(ZONE, d), draft.size(), draft.count(2, 5, 2)
    sizes = [size] * min(n, 4 if size == "big" else 5)
    if draft.rng.random() < 0.3:
        sizes = ["big"] + ["small"] * (n - 1)
    picks = tuple(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), s) for s in sizes)
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    return draft.say(d=d), ((Stack((picks,) * len(picks), zone),),)


@long_task("practice", told_by_place=True)
def area_to_bowl(draft: Draft):
    """Put the blocks in the [area] in the [d] bowl."""
    area, d = str(draft.rng.choice(QUADRANTS)), draft.colors[0]
    bowl = draft.add(BOWL, d, area=f"not {area}")
    picks = [draft.add(BLOCK, str(draft.rng.choice(draft.colors)), "small", area) for _ in range(draft.count(1, 3))]
    draft.others(1, 4, area=f"not {area}")
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors[1:])
    goal = Into(tuple(picks), ((bowl,),) * len(picks))
    return draft.say(r=draft.area_words(area), d=d), ((goal,),)


@long_task("practice", recolored=False)
def own_zones(draft: Draft):
    """Put every block on the zone of its colour."""
    zones = {color: draft.add(ZONE, color) for color in draft.colors[: draft.count(2, 4)]}
    picks = []
    for color in zones:
        size = draft.size()
        picks += [draft.add(BLOCK, color, size) for _ in range(draft.count(1, 2) if size == "small" else 1)]
    draft.distract({BOWL: 2}, draft.colors)
    goal = Into(tuple(picks), tuple((zones[draft.things[i].color],) for i in picks))
    return draft.say(), ((goal,),)


@long_task("practice")
def list_stack(draft: Draft):
    """Build a stack of [c], [d], [c] on the [e] zone."""
    d, size = str(draft.rng.choice(draft.colors)), draft.size()
    n = draft.count(3, 4, 2)
    names = (
        draft.rng.choice(draft.colors[:3], n).tolist()
        if draft.rng.random() < 0.5
        else [draft.colors[k % 2] for k in range(n)]
    )
    zone = draft.add(ZONE, d)
    of_color = {c: tuple(draft.add(BLOCK, c, size) for _ in range(names.count(c))) for c in sorted(set(names))}
    draft.others(0, 2, draft.colors[3:])
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    said = f"{', '.join(names[:-1])} and {names[-1]}" if draft.rng.random() < 0.5 else ", ".join(names)
    return draft.say(list=said, d=d), ((Stack(tuple(of_color[c] for c in names), zone),),)


@long_task("practice", recolored=False)
def one_each(draft: Draft):
    """Put one block in each bowl."""
    bowls = tuple(draft.add(BOWL, c) for c in draft.rng.permutation(draft.colors)[: draft.count(2, 4)].tolist())
    number = len(bowls) + draft.count(0, 2, 0)
    picks = tuple(draft.add(BLOCK, c, draft.size()) for c in draft.rng.choice(draft.colors, number).tolist())
    draft.distract({ZONE: 2}, draft.colors)
    return draft.say(), ((OneEach(picks, bowls),),)


@long_task("practice", told_by_place=True)
def clear_zone(draft: Draft):
    """Clear the [d] zone."""
    d = draft.colors[0]
    zone = draft.add(ZONE, d)
    picks = [draft.add(BLOCK, str(draft.rng.choice(draft.colors)), draft.size(), on=zone)]
    if draft.rng.random() < 0.5:
        picks.append(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), "small", on=picks[0]))
    draft.others(1, 3)
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    return draft.say(d=d), ((Off(tuple(picks), zone),),)


@long_task("practice")
def color_to_area(draft: Draft):
    """Move the [c] blocks to the [area]."""
    area, c = str(draft.rng.choice(QUADRANTS)), draft.colors[0]
    picks = tuple(draft.add(BLOCK, c, draft.size(), f"not {area}") for _ in range(draft.count(1, 3)))
    draft.others(1, 4, draft.colors[1:])
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    return draft.say(c=c, r=draft.area_words(area)), ((InArea(picks, area),),)


def _pile(draft: Draft, upper: bool):
    c, d = draft.colors[:2]
    below = draft.add(BLOCK, c, draft.size())
    above = draft.add(BLOCK, draft.colors[2], "small", on=below)
    bowl = draft.add(BOWL, d)
    for color in draft.colors[3 : 3 + draft.count(0, 3, 0)]:
        draft.add(BLOCK, color, draft.size())
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors[2:])
    return draft.say(c=c, d=d), ((Into((above if upper else below,), ((bowl,),)),),)


@long_task("practice", told_by_place=True)
def on_top_to_bowl(draft: Draft):
    """Put the block on the [c] block in the [d] bowl."""
    return _pile(draft, upper=True)


@long_task("practice", told_by_place=True)
def covered_to_bowl(draft: Draft):
    """Put the [c] block in the [d] bowl; something lies on it."""
    return _pile(draft, upper=False)


@long_task("practice", told_by_place=True, recolored=False)
def bowls_to_zone(draft: Draft):
    """Put the blocks in the bowls on the [d] zone."""
    d = draft.colors[0]
    zone = draft.add(ZONE, d)
    bowls = [draft.add(BOWL, c) for c in draft.rng.permutation(draft.colors)[: draft.count(1, 3)].tolist()]
    picks = tuple(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), "small", on=bowl) for bowl in bowls)
    draft.others(1, 3)
    draft.distract({BOWL: 1, ZONE: 1}, draft.colors)
    return draft.say(d=d), ((Into(picks, ((zone,),) * len(picks)),),)
