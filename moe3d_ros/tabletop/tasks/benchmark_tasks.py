"""The eleven long-horizon tasks A to K as generators of scenes, instructions and goals. A to E may be trained on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, NoRoom, Thing, arrange
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.tasks.goals import InArea, Into, Stack
from moe3d_ros.tabletop.tasks.long_tasks import LongTask
from moe3d_ros.tabletop.words.long_wordings import word
from moe3d_ros.tabletop.words.wordings import AREA_WORDS, HELD_OUT_INSTRUCTIONS, INSTRUCTIONS, KIND_WORDS, SIZE_WORDS
from moe3d_ros.world.areas import QUADRANTS
from moe3d_ros.world.kinds import BLOCK, BOWL, ZONE
from moe3d_ros.world.vocabulary import KIND

SEEN_TASKS, UNSEEN_TASKS = tuple("ABCDE"), tuple("FGHIJK")
ALL_COLORS = (*SEEN_COLORS, "orange", "purple", "pink", "white")
MOST_OBJECTS = 20
OTHER_SIZE = {"small": "big", "big": "small"}


@dataclass
class Draft:
    """Things of a scene while it is being thought up.

    Attributes:
        colors: what may be used; those not taken yet are drawn from it in random order.
        scale: 1 for the full size of scenes, less for smaller ones.
        held_out: word instructions as training never does.
        things: what has been added so far.
        again: what was said, in other words; empty if there are none.
    """

    rng: np.random.Generator
    colors: tuple[str, ...] = SEEN_COLORS
    scale: float = 1.0
    held_out: bool = False
    things: list[Thing] = field(default_factory=list)
    again: str = ""

    def __post_init__(self):
        self.colors = tuple(str(c) for c in self.rng.permutation(self.colors))

    def count(self, low: int, high: int, least: int = 1) -> int:
        """A random number of things between ``low`` and ``high`` at full size, at least ``least``."""
        low, high = (max(round(self.scale * n), least) for n in (low, high))
        return int(self.rng.integers(low, high + 1))

    def size(self) -> str:
        """A random size, mostly small."""
        return "small" if self.rng.random() < 0.65 else "big"

    def add(self, kind: str, color: str, size: str = "", area: str = "", on: int | None = None) -> int:
        """Put one more thing into the scene; its index."""
        self.things.append(Thing(kind, color, size, area, on))
        return len(self.things) - 1

    def others(
        self, low: int, high: int, colors: tuple[str, ...] | None = None, size: str = "", area: str = ""
    ) -> list[int]:
        """Add between ``low`` and ``high`` blocks that the task is not about; their indices."""
        choice = self.colors if colors is None else colors
        number = self.count(low, high, 0) if choice else 0
        return [self.add(BLOCK, str(self.rng.choice(choice)), size or self.size(), area) for _ in range(number)]

    def distract(self, kinds: dict[str, int], colors: tuple[str, ...]) -> None:
        """Add up to so many things of each kind, in ``colors``, each kind and colour at most once."""
        taken = {(thing.kind, thing.color) for thing in self.things}
        for kind, most in kinds.items():
            number = round(self.scale * self.rng.integers(0, most + 1))
            free = [c for c in colors if (kind, c) not in taken]
            for color in self.rng.permutation(free)[:number].tolist():
                if len(self.things) < MOST_OBJECTS:
                    self.add(kind, color, self.size() if kind == BLOCK else "")

    def area_words(self, area: str) -> str:
        """An area as people say it."""
        return str(self.rng.choice(AREA_WORDS[area]))

    def size_words(self, size: str) -> str:
        """A size as people say it."""
        return str(self.rng.choice(SIZE_WORDS[size]))

    def say(self, task: str, **fields: str) -> str:
        """An instruction for the task."""
        self.again = word(task, self.rng, self.held_out, **fields)
        return word(task, self.rng, self.held_out, **fields)


def sample_task(
    name: str,
    rng: np.random.Generator,
    colors: tuple[str, ...] = SEEN_COLORS,
    scale: float = 1.0,
    held_out: bool = False,
    jitter: float = 0.0,
) -> tuple[LongTask, Scene]:
    """A random instance of one of the tasks A to K: the task and the scene that it starts from.

    Args:
        colors: which colours there are; seven at least for full scenes.
        scale: below 1, fewer things.
        held_out: word it in a way that training never uses.
        jitter: sizes vary by this fraction.

    Raises:
        KeyError: no such task.
    """
    return draw(name, TASKS[name], rng, colors, scale, held_out, jitter)


def draw(name, generator, rng, colors, scale, held_out, jitter) -> tuple[LongTask, Scene]:
    """Call ``generator`` with drafts until one fits on a table."""
    while True:
        draft = Draft(rng, tuple(colors), scale, held_out)
        instruction, alternatives = generator(draft)
        try:
            scene = arrange(draft.things, rng, jitter)
        except NoRoom:
            continue
        return LongTask(name, instruction, alternatives, held_out, again=draft.again or instruction), scene


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
    return draft.say("B"), ((goal,),)


def small_over_big(draft: Draft):
    """C: stack all smaller blocks over the bigger blocks of the same colour (5 to 7 colours)."""
    goals = []
    for color in draft.colors[: draft.count(5, 7, 2)]:
        base = draft.add(BLOCK, color, "big")
        smalls = [draft.add(BLOCK, color, "small") for _ in range(2 if draft.rng.random() < 0.15 else 1)]
        goals.append(Stack((tuple(smalls),) * len(smalls), base))
    draft.distract({BOWL: 1, ZONE: 1}, draft.colors)
    return draft.say("C"), (tuple(goals),)


def stack_in_area(draft: Draft):
    """D: stack the blocks in an absolute area."""
    area, size = str(draft.rng.choice(QUADRANTS)), draft.size()
    n = draft.count(3, 6, 2) if size == "small" else draft.count(3, 4, 2)
    picks = tuple(draft.add(BLOCK, str(draft.rng.choice(draft.colors)), size, f"not {area}") for _ in range(n))
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    said = area if draft.rng.random() < 0.5 else draft.area_words(area)
    return draft.say("D", r=said), ((Stack((picks,) * n, area=area),),)


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
    return draft.say("E"), ((Into(tuple(picks), tuple(goals)),),)


def mismatched_bowls(draft: Draft):
    """F: put the blocks in the bowls with mismatched colours."""
    n = min(draft.count(5, 7, 2), len(draft.colors))
    bowls = {color: draft.add(BOWL, color) for color in draft.colors[:n]}
    picks = [draft.add(BLOCK, color, draft.size()) for color in draft.colors[:n]]
    draft.distract({ZONE: 1}, draft.colors)
    allowed = tuple(tuple(b for color, b in bowls.items() if color != draft.things[i].color) for i in picks)
    return draft.say("F"), ((Into(tuple(picks), allowed),),)


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
    return draft.say("G", c=c, d=d), alternatives


def alternate_colors(draft: Draft):
    """H: stack blocks with alternate colours on the [colour] zone, starting with [colour]."""
    c, other = draft.colors[:2]
    d = str(draft.rng.choice(draft.colors))
    zone, size = draft.add(ZONE, d), draft.size()
    n = draft.count(4, 6, 2) if size == "small" else draft.count(3, 4, 2)
    first = tuple(draft.add(BLOCK, c, size) for _ in range((n + 1) // 2))
    second = tuple(draft.add(BLOCK, other, size) for _ in range(n // 2))
    draft.distract({BOWL: 2, ZONE: 2}, draft.colors)
    return draft.say("H", c=c, d=d), ((Stack(tuple((first, second)[k % 2] for k in range(n)), zone),),)


def small_over_big_in_zone(draft: Draft):
    """I: stack smaller over bigger blocks of the same colour, in the zone of the same colour."""
    goals = []
    for color in draft.colors[: draft.count(2, 4, 1)]:
        zone = draft.add(ZONE, color)
        goals.append(Stack(((draft.add(BLOCK, color, "big"),), (draft.add(BLOCK, color, "small"),)), zone))
    draft.distract({BOWL: 2}, draft.colors)
    return draft.say("I"), (tuple(goals),)


def area_to_area(draft: Draft):
    """J: move all the blocks on the [area] to the [area]."""
    source, goal = draft.rng.permutation(QUADRANTS)[:2].tolist()
    n, others = draft.count(2, 5), draft.count(1, 4)
    picks = [draft.add(BLOCK, str(draft.rng.choice(draft.colors)), draft.size(), source) for _ in range(n)]
    for _ in range(others):
        draft.add(BLOCK, str(draft.rng.choice(draft.colors)), draft.size(), f"not {source}")
    draft.distract({BOWL: 2, ZONE: 1}, draft.colors)
    return draft.say("J", r=source, q=goal), ((InArea(tuple(picks), goal),),)


def colors_to_zones(draft: Draft):
    """K: stack all the blocks of the same colour together on the zone of that colour."""
    goals = []
    for color in draft.colors[: draft.count(2, 4)]:
        zone, size = draft.add(ZONE, color), draft.size()
        picks = tuple(draft.add(BLOCK, color, size) for _ in range(draft.count(2, 3, 2)))
        goals.append(Stack((picks,) * len(picks), zone))
    draft.distract({BOWL: 2}, draft.colors)
    return draft.say("K"), (tuple(goals),)


TASKS = dict(
    zip(
        SEEN_TASKS + UNSEEN_TASKS,
        (
            one_move,
            matching_bowls,
            small_over_big,
            stack_in_area,
            even_to_zone,
            mismatched_bowls,
            sizes_to_two_zones,
            alternate_colors,
            small_over_big_in_zone,
            area_to_area,
            colors_to_zones,
        ),
    )
)
