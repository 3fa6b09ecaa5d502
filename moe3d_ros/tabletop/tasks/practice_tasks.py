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

import numpy as np

from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.benchmark_tasks import OTHER_SIZE, Draft, draw
from moe3d_ros.tabletop.tasks.goals import InArea, Into, Off, OneEach, Stack
from moe3d_ros.tabletop.tasks.long_tasks import LongTask
from moe3d_ros.tabletop.tasks.practice_composed import (
    area_to_zone,
    color_area_to_area,
    color_to_other_bowl,
    not_color_to_bowl,
    one_to_other_bowl,
    other_zones,
    pair_on_own_zone,
    pair_on_zone,
    several_to_other_bowls,
    size_area_to_area,
    size_to_area,
    size_to_other_bowls,
    sized_to_own_zones,
    stack_own_zone,
    turns_stack,
    two_own_stacks,
    two_pairs,
    two_sizes,
    two_stacks,
)
from moe3d_ros.world.areas import QUADRANTS
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE

SIDES = {  # x or y, sign, words; from the robot's point of view
    "left": (1, 1, ("left of", "to the left of")),
    "right": (1, -1, ("right of", "to the right of")),
    "far": (0, 1, ("behind", "beyond")),
    "near": (0, -1, ("in front of", "before")),
}


def sample_practice(
    name: str,
    rng: np.random.Generator,
    colors: tuple[str, ...] = SEEN_COLORS,
    scale: float = 1.0,
    held_out: bool = False,
    jitter: float = 0.0,
) -> tuple[LongTask, Scene]:
    """A random instance of one of PRACTICE; arguments as of `sample_task`. Raises KeyError for another name."""
    if name == "beside_to_bowl":
        return _beside_to_bowl(rng, colors, scale, held_out, jitter)
    return draw(name, PRACTICE[name], rng, colors, scale, held_out, jitter)


def color_to_bowl(draft: Draft):
    """Put all the [c] blocks in the [d] bowl."""
    c, d = draft.colors[0], str(draft.rng.choice(draft.colors))
    bowl = draft.add(BOWL, d)
    picks = tuple(draft.add(BLOCK, c, "small") for _ in range(draft.count(1, 3)))
    draft.others(1, 4, draft.colors[1:])
    draft.distract({BOWL: 3, ZONE: 1}, draft.colors)
    return draft.say("color_to_bowl", c=c, d=d), ((Into(picks, ((bowl,),) * len(picks)),),)


def size_to_zone(draft: Draft):
    """Put the [size] blocks on the [d] zone."""
    size, d = draft.size(), draft.colors[0]
    zone = draft.add(ZONE, d)
    n = draft.count(2, 4) if size == "small" else 1
    picks = tuple(draft.add(BLOCK, c, size) for c in draft.rng.choice(draft.colors, n).tolist())
    draft.others(1, 3, size=OTHER_SIZE[size])
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    return draft.say("size_to_zone", s=draft.size_words(size), d=d), ((Into(picks, ((zone,),) * len(picks)),),)


def color_on_block(draft: Draft):
    """Stack the [c] blocks on the [d] block."""
    c, d = draft.colors[:2]
    base = draft.add(BLOCK, d, draft.size())
    size = "small" if draft.things[base].size == "small" else draft.size()
    picks = tuple(draft.add(BLOCK, c, size) for _ in range(draft.count(1, 3)))
    draft.others(0, 3, draft.colors[2:])
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    return draft.say("color_on_block", c=c, d=d), ((Stack((picks,) * len(picks), base),),)


def _stack_somewhere(draft: Draft, task: str, picks: tuple[int, ...], avoid: str, **fields: str):
    """A stack on a zone or in the quadrant ``avoid``, in which none of the blocks lies yet."""
    if draft.rng.random() < 0.5:
        d = str(draft.rng.choice(draft.colors))
        where, stack = f"on the {d} zone", Stack((picks,) * len(picks), draft.add(ZONE, d))
    else:
        where, stack = f"in the {draft.area_words(avoid)}", Stack((picks,) * len(picks), area=avoid)
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    return draft.say(task, where=where, **fields), ((stack,),)


def stack_size(draft: Draft):
    """Stack all the [size] blocks on a zone or in an area."""
    size, area = draft.size(), str(draft.rng.choice(QUADRANTS))
    n = draft.count(2, 4, 2)
    picks = tuple(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), size, f"not {area}") for _ in range(n))
    draft.others(1, 3, size=OTHER_SIZE[size])
    return _stack_somewhere(draft, "stack_size", picks, area, s=draft.size_words(size))


def stack_color(draft: Draft):
    """Stack the [c] blocks on a zone or in an area."""
    c, area, size = draft.colors[0], str(draft.rng.choice(QUADRANTS)), draft.size()
    picks = tuple(draft.add(BLOCK, c, size, f"not {area}") for _ in range(draft.count(2, 4, 2)))
    draft.others(1, 3, draft.colors[1:])
    return _stack_somewhere(draft, "stack_color", picks, area, c=c)


def stack_all(draft: Draft):
    """Stack the blocks on the [d] zone; big ones, if there are any, below."""
    d = draft.colors[0]
    zone, size, n = draft.add(ZONE, d), draft.size(), draft.count(2, 5, 2)
    sizes = [size] * min(n, 4 if size == "big" else 5)
    if draft.rng.random() < 0.3:
        sizes = ["big"] + ["small"] * (n - 1)
    picks = tuple(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), s) for s in sizes)
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    return draft.say("stack_all", d=d), ((Stack((picks,) * len(picks), zone),),)


def area_to_bowl(draft: Draft):
    """Put the blocks in the [area] in the [d] bowl."""
    area, d = str(draft.rng.choice(QUADRANTS)), draft.colors[0]
    bowl = draft.add(BOWL, d, area=f"not {area}")
    picks = [draft.add(BLOCK, str(draft.rng.choice(draft.colors)), "small", area) for _ in range(draft.count(1, 3))]
    draft.others(1, 4, area=f"not {area}")
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors[1:])
    goal = Into(tuple(picks), ((bowl,),) * len(picks))
    return draft.say("area_to_bowl", r=draft.area_words(area), d=d), ((goal,),)


def _beside_to_bowl(rng, colors, scale, held_out, jitter) -> tuple[LongTask, Scene]:
    """Put the blocks left of the [c] zone in the [d] bowl; which blocks these are is seen in the finished scene."""

    def layout(draft: Draft):
        draft.add(ZONE, draft.colors[0])
        draft.add(BOWL, draft.colors[1])
        draft.others(3, 6, size="small")
        draft.distract({BOWL: 1}, draft.colors[2:])
        return "", ()

    while True:
        blank, scene = draw("beside_to_bowl", layout, rng, colors, scale, held_out, jitter)
        side = str(rng.choice(list(SIDES)))
        axis, sign, words = SIDES[side]
        blocks = [i for i, thing in enumerate(scene.objects) if thing.kind == BLOCK]
        gaps = {i: sign * (scene.objects[i].position[axis] - scene.objects[0].position[axis]) for i in blocks}
        picks = tuple(i for i in blocks if gaps[i] > 0)
        clear = all(abs(gap) > 0.03 for gap in gaps.values())  # nobody could dispute which they are
        if clear and 1 <= len(picks) <= 3:
            break
    c, d = scene.objects[0].color, scene.objects[1].color
    text = Draft(rng, colors, scale, held_out).say("beside_to_bowl", side=str(rng.choice(words)), c=c, d=d)
    return LongTask(blank.name, text, ((Into(picks, ((1,),) * len(picks)),),), held_out), scene


def own_zones(draft: Draft):
    """Put every block on the zone of its colour."""
    zones = {color: draft.add(ZONE, color) for color in draft.colors[: draft.count(2, 4)]}
    picks = []
    for color in zones:
        size = draft.size()
        picks += [draft.add(BLOCK, color, size) for _ in range(draft.count(1, 2) if size == "small" else 1)]
    draft.distract({BOWL: 2}, draft.colors)
    goal = Into(tuple(picks), tuple((zones[draft.things[i].color],) for i in picks))
    return draft.say("own_zones"), ((goal,),)


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
    return draft.say("list_stack", list=said, d=d), ((Stack(tuple(of_color[c] for c in names), zone),),)


def one_each(draft: Draft):
    """Put one block in each bowl."""
    bowls = tuple(draft.add(BOWL, c) for c in draft.rng.permutation(draft.colors)[: draft.count(2, 4)].tolist())
    number = len(bowls) + draft.count(0, 2, 0)
    picks = tuple(draft.add(BLOCK, c, draft.size()) for c in draft.rng.choice(draft.colors, number).tolist())
    draft.distract({ZONE: 2}, draft.colors)
    return draft.say("one_each"), ((OneEach(picks, bowls),),)


def clear_zone(draft: Draft):
    """Clear the [d] zone."""
    d = draft.colors[0]
    zone = draft.add(ZONE, d)
    picks = [draft.add(BLOCK, str(draft.rng.choice(draft.colors)), draft.size(), on=zone)]
    if draft.rng.random() < 0.5:
        picks.append(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), "small", on=picks[0]))
    draft.others(1, 3)
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    return draft.say("clear_zone", d=d), ((Off(tuple(picks), zone),),)


def color_to_area(draft: Draft):
    """Move the [c] blocks to the [area]."""
    area, c = str(draft.rng.choice(QUADRANTS)), draft.colors[0]
    picks = tuple(draft.add(BLOCK, c, draft.size(), f"not {area}") for _ in range(draft.count(1, 3)))
    draft.others(1, 4, draft.colors[1:])
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    return draft.say("color_to_area", c=c, r=draft.area_words(area)), ((InArea(picks, area),),)


def _pile(draft: Draft, task: str, upper: bool):
    c, d = draft.colors[:2]
    below = draft.add(BLOCK, c, draft.size())
    above = draft.add(BLOCK, draft.colors[2], "small", on=below)
    bowl = draft.add(BOWL, d)
    for color in draft.colors[3 : 3 + draft.count(0, 3, 0)]:
        draft.add(BLOCK, color, draft.size())
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors[2:])
    return draft.say(task, c=c, d=d), ((Into((above if upper else below,), ((bowl,),)),),)


def on_top_to_bowl(draft: Draft):
    """Put the block on the [c] block in the [d] bowl."""
    return _pile(draft, "on_top_to_bowl", upper=True)


def covered_to_bowl(draft: Draft):
    """Put the [c] block in the [d] bowl; something lies on it."""
    return _pile(draft, "covered_to_bowl", upper=False)


def bowls_to_zone(draft: Draft):
    """Put the blocks in the bowls on the [d] zone."""
    d = draft.colors[0]
    zone = draft.add(ZONE, d)
    bowls = [draft.add(BOWL, c) for c in draft.rng.permutation(draft.colors)[: draft.count(1, 3)].tolist()]
    picks = tuple(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), "small", on=bowl) for bowl in bowls)
    draft.others(1, 3)
    draft.distract({BOWL: 1, ZONE: 1}, draft.colors)
    return draft.say("bowls_to_zone", d=d), ((Into(picks, ((zone,),) * len(picks)),),)


PRACTICE = {
    generator.__name__: generator
    for generator in (
        color_to_bowl,
        size_to_zone,
        color_on_block,
        stack_size,
        stack_color,
        stack_all,
        area_to_bowl,
        own_zones,
        list_stack,
        one_each,
        clear_zone,
        color_to_area,
        on_top_to_bowl,
        covered_to_bowl,
        bowls_to_zone,
        not_color_to_bowl,
        color_to_other_bowl,
        two_stacks,
        pair_on_zone,
        one_to_other_bowl,
        other_zones,
        sized_to_own_zones,
        several_to_other_bowls,
        stack_own_zone,
        pair_on_own_zone,
        two_sizes,
        size_to_area,
        color_area_to_area,
        area_to_zone,
        size_to_other_bowls,
        two_own_stacks,
        two_pairs,
        turns_stack,
        size_area_to_area,
    )
}
PRACTICE_TASKS = (*PRACTICE, "beside_to_bowl")
