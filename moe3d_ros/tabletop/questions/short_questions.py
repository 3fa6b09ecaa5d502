"""Questions with answers of a few words: numbers, colours, sides, names, yes and no; None where a scene has none."""

from __future__ import annotations

from itertools import permutations

from moe3d_ros.tabletop.questions.asking import DEPTH_HINTS, SIDE_HINTS, SIZE_HINTS, Asker
from moe3d_ros.tabletop.questions.relations import TABLE, depth, side, support
from moe3d_ros.tabletop.words.question_wordings import COMPARATIVES
from moe3d_ros.tabletop.words.wordings import KIND_WORDS
from moe3d_ros.world.kinds import BLOCK
from moe3d_ros.world.vocabulary import COLOR_NAMES, COUNTED, KIND, SIZE_NAMES, number_word, with_article

Found = tuple[str, str] | None
HOLDERS = tuple(name for name in COUNTED if KIND[name].destination and not KIND[name].sized)
FEW_ZEROS = 0.3  # share of the zeros and nothings that is kept: they are what a scene has most of


def _answer(yes: bool) -> str:
    return "yes" if yes else "no"


def count_question(ask: Asker) -> Found:
    """All of a kind, those of a colour or size, or those on one side of something."""
    kind = ask.pick(COUNTED)
    things, what = ask.of_kind(kind), ask.rng.random()
    words = ask.plural(kind)
    if what < 0.2:
        return _count_on_side(ask, things, words)
    if what < 0.4:
        color = ask.pick(o.color for o in ask.scene.objects)
        things, words = [i for i in things if ask.scene.objects[i].color == color], f"{color} {words}"
    elif what < 0.6 and KIND[kind].sized:
        size = ask.pick(SIZE_NAMES)
        things, words = [i for i in things if ask.scene.objects[i].size == size], f"{size} {words}"
    if not things and not ask.chance(FEW_ZEROS):
        return None
    ask.among = things
    return ask.word("count", w=words), number_word(len(things))


def _count_on_side(ask: Asker, things: list[int], words: str) -> Found:
    landmark = ask.pick(i for i in range(len(ask.scene.objects)) if i not in things)
    phrase = None if landmark is None or not things else ask.name(landmark, avoid=SIDE_HINTS)
    sides = [side(ask.scene.objects[i], ask.scene.objects[landmark]) for i in things] if phrase else [None]
    if phrase is None or None in sides:
        return None
    wanted = ask.pick(SIDE_HINTS)
    ask.among = [i for i, where in zip(things, sides) if where == wanted]
    number = len(ask.among)
    if number == 0 and not ask.chance(FEW_ZEROS):
        return None
    return ask.word("count_side", w=words, s=wanted, b=phrase), number_word(number)


def existence_question(ask: Asker) -> Found:
    """A colour and kind; what is not there often has its kind and its colour from two other things."""
    present = sorted({(o.color, o.kind) for o in ask.scene.objects if o.kind in COUNTED})
    colors = sorted({o.color for o in ask.scene.objects}) if ask.chance(0.5) else COLOR_NAMES
    absent = [(c, k) for c in colors for k in COUNTED if (c, k) not in present]
    found = ask.yes_or_no(present, absent)
    if found is None:
        return None
    (color, kind), yes = found
    ask.answering = next((i for i in ask.of_kind(kind) if ask.scene.objects[i].color == color), None)
    return ask.word("existence", c=with_article(f"{color} {ask.pick(KIND_WORDS[kind])}")), _answer(yes)


def color_question(ask: Asker) -> Found:
    """Asks for the colour of a thing that its place or size identifies."""
    index = ask.pick(range(len(ask.scene.objects)))
    color = ask.scene.objects[index].color
    phrase = ask.name(index, avoid=(color,), grounded=True)
    return phrase and (ask.word("color", a=phrase), color)


def size_question(ask: Asker) -> Found:
    """Asks if a block is big or small, both equally often."""
    size = SIZE_NAMES[int(ask.draw < 0.55)]  # big ones are rarer, and not all scenes have one
    index = ask.pick(i for i in ask.of_kind(BLOCK) if ask.scene.objects[i].size == size)
    phrase = None if index is None else ask.name(index, avoid=SIZE_HINTS)
    return phrase and (ask.word("size", a=phrase), size)


def contents_question(ask: Asker) -> Found:
    """Asks for the contents of a bowl or zone."""
    goals = ask.of_kind(*HOLDERS)
    full = [i for i in goals if len(ask.above(i)) == 1]
    index = ask.pick(full if ask.draw < 0.75 else [i for i in goals if not ask.above(i)])
    if index is None or (not full and not ask.chance(0.03)):
        return None
    phrase = ask.name(index)
    ask.answering = next(iter(ask.above(index)), None)
    answer = f"the {ask.scene.objects[ask.answering].name}" if ask.above(index) else "nothing"
    return phrase and (ask.word("contents", p=ask.preposition(index), b=phrase), answer)


def _two(ask: Asker) -> tuple[int, int] | None:
    count = len(ask.scene.objects)
    if count < 2:
        return None
    a, b = ask.rng.choice(count, 2, replace=False)
    return int(a), int(b)


def side_question(ask: Asker) -> Found:
    """Left or right of something, nearer or farther than it."""
    pair = _two(ask)
    if pair is None:
        return None
    things = [ask.scene.objects[i] for i in pair]
    across = ask.chance(0.6)
    answer = (side if across else depth)(*things)
    names = [ask.name(i, avoid=SIDE_HINTS if across else DEPTH_HINTS) for i in pair] if answer else [None]
    return None if None in names else (ask.word("side" if across else "depth", a=names[0], b=names[1]), answer)


def neighbour_question(ask: Asker) -> Found:
    """Asks for the one thing of a kind that is left or right of something."""
    kind = ask.pick(COUNTED)
    things = ask.of_kind(kind)
    landmark = ask.pick(i for i in range(len(ask.scene.objects)) if i not in things or len(things) > 1)
    if landmark is None:
        return None
    sides = {i: side(ask.scene.objects[i], ask.scene.objects[landmark]) for i in things if i != landmark}
    wanted = ask.pick(SIDE_HINTS)
    found = [i for i, where in sides.items() if where == wanted]
    phrase = None if len(found) != 1 or None in sides.values() else ask.name(landmark, avoid=SIDE_HINTS)
    ask.answering = found[0] if phrase else None
    return phrase and (ask.word("neighbour", k=kind, s=wanted, b=phrase), f"the {ask.scene.objects[found[0]].name}")


def comparison_question(ask: Asker) -> Found:
    """Compares two things by size, distance or side; the answer is one of the two phrases."""
    quality = ask.pick(("size", "size", "depth", "side"))
    blocks = ask.of_kind(BLOCK)
    if quality == "size":
        pairs = [p for p in permutations(blocks, 2) if ask.scene.objects[p[0]].size != ask.scene.objects[p[1]].size]
        pair = ask.pick(pairs)
    else:
        pair = _two(ask)
    if pair is None:
        return None
    first, second = (ask.scene.objects[i] for i in pair)
    avoid = {"size": SIZE_HINTS, "depth": DEPTH_HINTS, "side": SIDE_HINTS}[quality]
    true_of_first = first.size if quality == "size" else (depth if quality == "depth" else side)(first, second)
    names = [ask.name(i, avoid=avoid) for i in pair] if true_of_first else [None]
    if None in names:
        return None
    options = {"size": SIZE_NAMES, "depth": ("nearer", "farther"), "side": SIDE_HINTS}[quality]
    wanted = ask.pick(options)
    answer = names[0] if wanted == true_of_first else names[1]
    return ask.word("comparison", w=ask.pick(COMPARATIVES[wanted]), a=names[0], b=names[1]), answer


def more_question(ask: Asker) -> Found:
    """Compares the numbers of two groups: yes or no, or the name of the larger group."""
    numbers = {ask.plural(kind): len(ask.of_kind(kind)) for kind in COUNTED}
    pairs = list(permutations(numbers, 2))
    if ask.chance(0.3):
        words = ask.plural(BLOCK)
        numbers = {f"{size} {words}": sum(o.size == size for o in ask.scene.objects) for size in SIZE_NAMES}
        pairs = list(permutations(numbers, 2))
    more = [pair for pair in pairs if numbers[pair[0]] > numbers[pair[1]]]
    if ask.chance(0.4):
        pair = ask.pick(more)
        if pair is None:
            return None
        w, v = pair if ask.chance(0.5) else pair[::-1]
        return ask.word("more_of", w=w, v=v), pair[0]
    found = ask.yes_or_no(more, [pair for pair in pairs if pair not in more])
    return found and (ask.word("more", w=found[0][0], v=found[0][1]), _answer(found[1]))


def stacking_question(ask: Asker) -> Found:
    """Asks for the things on, in or under something, for its place, or for the number of blocks there."""
    return ask.pick((_on, _under, _where, _anything, _stacked))(ask)


def _on(ask: Asker) -> Found:
    blocks = ask.of_kind(BLOCK)
    full = [i for i in blocks if len(ask.above(i)) == 1]
    index = ask.pick(full if ask.draw < 0.75 else [i for i in blocks if not ask.above(i)])
    phrase = None if index is None or (not full and not ask.chance(0.02)) else ask.name(index)
    if phrase is None or " on " in phrase:
        return None
    above = ask.above(index)
    ask.answering = next(iter(above), None)
    return ask.word("on", b=phrase), f"the {ask.scene.objects[above[0]].name}" if above else "nothing"


def _under(ask: Asker) -> Found:
    """Asks for the thing under a block; only on blocks and zones, since "under" is ambiguous in a bowl."""
    index = ask.pick(ask.below if ask.draw < 0.75 else ask.of_kind(BLOCK))
    lower = None if index is None else support(ask.scene, index, ask.below)
    if lower is None or (lower == TABLE and not ask.below and not ask.chance(0.02)):
        return None
    if lower != TABLE and ask.scene.objects[lower].traits.contains:
        return None
    phrase = ask.name(index)
    if phrase is None or " on the " in phrase or " in the " in phrase:
        return None
    ask.answering = ask.below.get(index)
    return ask.word("under", a=phrase), f"the {lower if lower == TABLE else ask.scene.objects[lower].name}"


def _where(ask: Asker) -> Found:
    index = ask.pick(ask.below if ask.draw < 0.7 else ask.of_kind(BLOCK))
    place = None if index is None else ask.place(index)
    if place is None or (not ask.below and not ask.chance(0.03)):
        return None
    phrase = ask.name(index)
    if phrase is None or " on the " in phrase or " in the " in phrase:
        return None
    ask.answering = ask.below.get(index)
    return ask.word("where", a=phrase), place


def _anything(ask: Asker) -> Found:
    goals = ask.of_kind(*COUNTED)
    full = [i for i in goals if ask.above(i)]
    found = ask.yes_or_no(full, [i for i in goals if i not in full], share=0.6, alone=0.06)
    phrase = ask.name(found[0]) if found else None
    ask.answering = next(iter(ask.above(found[0])), None) if phrase else None
    return phrase and (ask.word("anything", p=ask.preposition(found[0]), b=phrase), _answer(found[1]))


def _stacked(ask: Asker) -> Found:
    """Asks for the number of blocks, only where no pile is higher, so that directly on and above are the same."""
    goals = [i for i in ask.of_kind(*COUNTED) if not any(ask.above(upper) for upper in ask.above(i))]
    full = [i for i in goals if ask.above(i)]
    index = ask.pick(full if ask.draw < 0.7 else goals)
    phrase = None if index is None or (not full and not ask.chance(0.02)) else ask.name(index)
    if phrase is None:
        return None
    ask.among = [i for i in ask.above(index) if ask.scene.objects[i].kind == BLOCK]
    ask.answering = next(iter(ask.above(index)), None)
    return ask.word("stacked", p=ask.preposition(index), b=phrase), number_word(len(ask.among))


def check_question(ask: Asker) -> Found:
    """Yes or no about colour, size, side and what lies where."""
    return ask.pick((_is_color, _is_color, _is_size, _is_side, is_in_question))(ask)


def _is_color(ask: Asker) -> Found:
    index = ask.pick(ask.below) if ask.below and ask.chance(0.4) else ask.pick(range(len(ask.scene.objects)))
    own = ask.scene.objects[index].color
    colors = sorted({o.color for o in ask.scene.objects}) if ask.chance(0.6) else COLOR_NAMES
    found = ask.yes_or_no([own], [color for color in colors if color != own])
    phrase = ask.name(index, avoid=(own,), grounded=True) if found else None
    return phrase and (ask.word("is", a=phrase, c=found[0]), _answer(found[1]))


def _is_size(ask: Asker) -> Found:
    wanted = ask.pick(SIZE_NAMES)
    sizes = {i: ask.scene.objects[i].size for i in ask.of_kind(BLOCK)}
    found = ask.yes_or_no([i for i in sizes if sizes[i] == wanted], [i for i in sizes if sizes[i] != wanted])
    phrase = ask.name(found[0], avoid=SIZE_HINTS) if found else None
    return phrase and (ask.word("is", a=phrase, c=wanted), _answer(found[1]))


def _is_side(ask: Asker) -> Found:
    pair = _two(ask)
    true = side(*(ask.scene.objects[i] for i in pair)) if pair else None
    names = [ask.name(i, avoid=SIDE_HINTS) for i in pair] if true else [None]
    if None in names:
        return None
    yes = ask.draw < 0.5
    asked = true if yes else SIDE_HINTS[1 - SIDE_HINTS.index(true)]
    return ask.word("is_side", a=names[0], b=names[1], s=asked), _answer(yes)


def is_in_question(ask: Asker) -> Found:
    """Yes or no: whether one thing lies in or on another."""
    movable = [i for i in ask.of_kind(BLOCK) if support(ask.scene, i, ask.below) is not None]
    pairs = [(i, j) for i in movable for j in ask.of_kind(*COUNTED) if i != j]
    # Whether what lies on a thing's load lies on the thing could be disputed.
    piled = [(i, j) for i, j in pairs if i in ask.below and ask.below.get(ask.below[i]) == j]
    yes = [(i, j) for i, j in pairs if ask.below.get(i) == j]
    found = ask.yes_or_no(yes, [p for p in pairs if p not in yes and p not in piled], share=0.7, alone=0.05)
    if found is None:
        return None
    (upper, lower), right = found
    a, b = ask.name(upper), ask.name(lower)
    if a is None or b is None or " on the " in a or " in the " in a:
        return None
    return ask.word("is_in", a=a, p=ask.preposition(lower), b=b), _answer(right)
