"""The eleven long-horizon tasks A to K as generators of scenes, instructions and goals. A to E may be trained on."""

from __future__ import annotations

from moe3d_ros.tabletop.scenes.arrange import Thing
from moe3d_ros.tabletop.tasks.draft import Draft
from moe3d_ros.tabletop.tasks.goals import InArea, Into, Stack
from moe3d_ros.tabletop.tasks.registry import long_task
from moe3d_ros.tabletop.words.wordings import HELD_OUT_INSTRUCTIONS, INSTRUCTIONS, KIND_WORDS
from moe3d_ros.world.areas import QUADRANTS
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE
from moe3d_ros.world.vocabulary import KIND


@long_task("seen", "A", told_by_place=True)
def one_move(draft: Draft):
    """A: pick the [colour] block and place it on the [colour] block, bowl or zone."""
    rng = draft.rng
    things = [draft.add(BLOCK, color, draft.size()) for color in draft.colors[: draft.count(3, 5, 2)]]
    for kind, low, high in ((BOWL, 1, 3), (ZONE, 1, 3)):
        colors = rng.permutation(draft.colors)[: draft.count(low, high)].tolist()
        things += [draft.add(kind, color) for color in colors]
    kind = str(rng.choice((BLOCK, BOWL, ZONE)))
    blocks = [i for i in things if draft.things[i].kind == BLOCK]
    small = [i for i in blocks if draft.things[i].size == "small"] or blocks
    pick = int(rng.choice(small if kind == BLOCK else blocks))
    place = int(rng.choice([i for i in things if i != pick and draft.things[i].kind == kind]))
    a = f"the {draft.things[pick].color} {rng.choice(KIND_WORDS[BLOCK])}"
    b = f"the {draft.things[place].color} {rng.choice(KIND_WORDS[kind])}"
    pattern = str(rng.choice(HELD_OUT_INSTRUCTIONS if draft.held_out else INSTRUCTIONS))
    goal = Stack(((pick,),), place) if kind == BLOCK else Into((pick,), ((place,),))
    return pattern.format(a=a, b=b, p=KIND[kind].preposition), ((goal,),)


@long_task("seen", "B")
def matching_bowls(draft: Draft):
    """B: put the blocks in the bowls with matching colours (5 to 7 bowls, 5 and more blocks, distractors)."""
    n = min(draft.count(5, 7, 2), len(draft.colors))
    bowls = {color: draft.add(BOWL, color) for color in draft.colors[:n]}
    filled = min(draft.count(min(5, n), n, min(2, n)), n)
    picks = [draft.add(BLOCK, color, draft.size()) for color in draft.colors[:filled]]
    extra = int(draft.rng.integers(0, 2)) if len(draft.things) < 14 else 0  # a second block for a bowl, both small
    for pick in picks[:extra]:
        draft.things[pick] = Thing(BLOCK, draft.things[pick].color, "small")
        picks.append(draft.add(BLOCK, draft.things[pick].color, "small"))
    draft.distract({BLOCK: 2, ZONE: 1}, draft.colors[n:])  # blocks for which there is no bowl
    goal = Into(tuple(picks), tuple((bowls[draft.things[i].color],) for i in picks))
    return draft.say(), ((goal,),)


@long_task("seen", "C")
def small_over_big(draft: Draft):
    """C: stack all smaller blocks over the bigger blocks of the same colour (5 to 7 colours)."""
    goals = []
    for color in draft.colors[: draft.count(5, 7, 2)]:
        base = draft.add(BLOCK, color, "big")
        smalls = [draft.add(BLOCK, color, "small") for _ in range(2 if draft.rng.random() < 0.15 else 1)]
        goals.append(Stack((tuple(smalls),) * len(smalls), base))
    draft.distract({BOWL: 1, ZONE: 1}, draft.colors)
    return draft.say(), (tuple(goals),)


@long_task("seen", "D")
def stack_in_area(draft: Draft):
    """D: stack the blocks in an absolute area."""
    area, size = str(draft.rng.choice(QUADRANTS)), draft.size()
    n = draft.count(3, 6, 2) if size == "small" else draft.count(3, 4, 2)
    picks = tuple(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), size, f"not {area}") for _ in range(n))
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    said = area if draft.rng.random() < 0.5 else draft.area_words(area)
    return draft.say(r=said), ((Stack((picks,) * n, area=area),),)


@long_task("seen", "E")
def even_to_zone(draft: Draft):
    """E: put the blocks of an even number in the zone with the matching colour."""
    n_even, n_odd = draft.count(1, 2), draft.count(1, 2)
    picks, goals = [], []
    for number, color in enumerate(draft.colors[: n_even + n_odd]):
        zone = draft.add(ZONE, color)
        if number < n_even:
            count = 4 if draft.rng.random() < 0.2 * draft.scale else 2
        else:
            count = int(draft.rng.choice((1, 3)))
        blocks = [draft.add(BLOCK, color, "small") for _ in range(count)]
        if number < n_even:
            picks += blocks
            goals += [(zone,)] * count
    draft.distract({BOWL: 2}, draft.colors)
    return draft.say(), ((Into(tuple(picks), tuple(goals)),),)


@long_task("unseen", "F")
def mismatched_bowls(draft: Draft):
    """F: put the blocks in the bowls with mismatched colours."""
    n = min(draft.count(5, 7, 2), len(draft.colors))
    bowls = {color: draft.add(BOWL, color) for color in draft.colors[:n]}
    picks = [draft.add(BLOCK, color, draft.size()) for color in draft.colors[:n]]
    draft.distract({ZONE: 1}, draft.colors)
    allowed = tuple(tuple(b for color, b in bowls.items() if color != draft.things[i].color) for i in picks)
    return draft.say(), ((Into(tuple(picks), allowed),),)


@long_task("unseen", "G")
def sizes_to_two_zones(draft: Draft):
    """G: stack blocks of the same size on the [c1] zone and the [c2] zone respectively, either size on either zone."""
    c, d = draft.colors[:2]
    zones = draft.add(ZONE, c), draft.add(ZONE, d)
    stacks = []
    for size, most in (("big", 3), ("small", 4)):
        n = draft.count(2, most, 2)
        stacks.append(tuple(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), size) for _ in range(n)))
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    alternatives = tuple(
        tuple(Stack((picks,) * len(picks), zone) for picks, zone in zip(stacks, order))
        for order in (zones, zones[::-1])
    )
    return draft.say(c=c, d=d), alternatives


@long_task("unseen", "H")
def alternate_colors(draft: Draft):
    """H: stack blocks with alternate colours on the [colour] zone, starting with [colour]."""
    c, other = draft.colors[:2]
    d = str(draft.rng.choice(draft.colors))
    zone, size = draft.add(ZONE, d), draft.size()
    n = draft.count(4, 6, 2) if size == "small" else draft.count(3, 4, 2)
    first = tuple(draft.add(BLOCK, c, size) for _ in range((n + 1) // 2))
    second = tuple(draft.add(BLOCK, other, size) for _ in range(n // 2))
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    return draft.say(c=c, d=d), ((Stack(tuple((first, second)[k % 2] for k in range(n)), zone),),)


@long_task("unseen", "I")
def small_over_big_in_zone(draft: Draft):
    """I: stack smaller over bigger blocks of the same colour, in the zone of the same colour."""
    goals = []
    for color in draft.colors[: draft.count(2, 4, 1)]:
        zone = draft.add(ZONE, color)
        goals.append(Stack(((draft.add(BLOCK, color, "big"),), (draft.add(BLOCK, color, "small"),)), zone))
    draft.distract({BOWL: 2}, draft.colors)
    return draft.say(), (tuple(goals),)


@long_task("unseen", "J", told_by_place=True, extra_steps=7)
def area_to_area(draft: Draft):
    """J: move all the blocks on the [area] to the [area]."""
    source, goal = draft.rng.permutation(QUADRANTS)[:2].tolist()
    n, others = draft.count(2, 5), draft.count(1, 4)
    picks = [draft.add(BLOCK, str(draft.rng.choice(draft.colors)), draft.size(), source) for _ in range(n)]
    for _ in range(others):
        draft.add(BLOCK, str(draft.rng.choice(draft.colors)), draft.size(), f"not {source}")
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    return draft.say(r=source, q=goal), ((InArea(tuple(picks), goal),),)


@long_task("unseen", "K")
def colors_to_zones(draft: Draft):
    """K: stack all the blocks of the same colour together on the zone of that colour."""
    goals = []
    for color in draft.colors[: draft.count(2, 4)]:
        zone, size = draft.add(ZONE, color), draft.size()
        picks = tuple(draft.add(BLOCK, color, size) for _ in range(draft.count(2, 3, 2)))
        goals.append(Stack((picks,) * len(picks), zone))
    draft.distract({BOWL: 2}, draft.colors)
    return draft.say(), (tuple(goals),)
