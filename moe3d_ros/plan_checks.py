"""Checks of a plan by the planner itself: the form of what was said, and the model's words against its own detections.

Nothing here reads what an instruction means. A step's words are compared with the object that the model pointed at when it
wrote them, the texts of steps that are said to be done with where things are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from moe3d_ros.model.language.form_head import heard_forms
from moe3d_ros.model.language.grammar import parse_step
from moe3d_ros.model.language.scene_language import SceneLanguageModel
from moe3d_ros.model.language.writing import GeneratedStep, generate_plan
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.policy import ThreeDMoE
from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.world.areas import AREAS
from moe3d_ros.world.vocabulary import COLOR_NAMES, KIND, KINDS

SURE = 0.9  # a detection's probability above which it may contradict words
UNLIKELY = 0.02  # of what the words say instead
APART = 0.04  # metres between the outlines of two things of which one lies on the other no more
AGAIN = 2  # times that a first step is asked for again
# What is said where a form is heard that the planner does not plan: the fact, then what to do.
REASONS = {
    "prohibition": (
        "says what must not happen",
        "the planner only plans what is to be moved and keeps no prohibitions. Say only what goes where.",
    ),
    "relation": (
        "asks for a place that is told by its direction or distance from another thing, or for a shift or an exchange",
        "things are only put in or on another thing, or on an area such as the left side. Name such a place.",
    ),
    "clauses": (
        "holds more than one order, or one with a condition",
        "the planner would do one and forget the rest. Say them one after the other, each when the one before is done.",
    ),
    "correction": (
        "corrects or takes back something",
        "it is not clear what is left of it. Say the whole order once more as it is meant now.",
    ),
}


@dataclass(frozen=True)
class Contradiction:
    """Words of a step that its object does not bear out.

    Attributes:
        step: its number in the plan, from 0. which: of its ends, 0 for pick and 1 for place.
        index: of the object pointed at. fact: a sentence that says what was written and what is seen.
    """

    step: int
    which: int
    index: int
    fact: str


@torch.no_grad()
def check_form(model: ThreeDMoE, instruction: str) -> None:
    """Raise PlanningError(IMPOSSIBLE) where the checkpoint's head hears a form that is not planned; without one nothing is checked."""
    if model.form is None or model.language is None:
        return
    head = model.form
    chances = heard_forms(head, model.language, [instruction])[0]
    refused = 1 - float(chances[0])
    if refused < head.config.threshold:
        return
    form = head.config.classes[1 + int(chances[1:].argmax())]
    fact, advice = REASONS.get(form, (f"is of the form {form!r}", "the planner does not plan that. Say it otherwise."))
    raise PlanningError(
        ErrorCode.IMPOSSIBLE, f"{instruction!r} {fact}, as the planner hears it ({refused:.2f}): {advice}"
    )


def written_plan(
    language: SceneLanguageModel,
    objects: ObjectSet,
    instruction: str,
    completed: Sequence[str],
    max_steps: int,
    seen: str,
    **how,
) -> tuple[list[GeneratedStep], str, tuple[str, ...]]:
    """A plan whose words the detections bear out, as :func:`generate_plan` writes it.

    A first step that says something else than what it points at looks like is asked for again with the next likeliest
    object; a plan that is done because of steps which the eyes contradict, without those. The plan ends before a later step
    that is contradicted, for the robot looks again before it would come to that.

    Args:
        seen: what the planner sees, in words, for the error. how: further arguments of :func:`generate_plan`.

    Returns:
        steps, how the plan ends, and notes on what was left out.

    Raises:
        PlanningError: IMPOSSIBLE where the first step is contradicted however often it is asked for.
    """
    notes: tuple[str, ...] = ()
    steps, end, _ = generate_plan(language, objects, instruction, tuple(completed), max_steps, **how)
    believed = believable(completed, objects)
    if end == "done" and not steps and len(believed) < len(completed):
        doubted = [text for text in dict.fromkeys(completed) if text not in believed]
        notes = tuple(f"{text!r} was said to be done, but its thing is seen elsewhere." for text in doubted)
        completed = believed
        steps, end, _ = generate_plan(language, objects, instruction, tuple(completed), max_steps, **how)
    first = found = first_contradiction(steps, objects)
    avoid: frozenset[tuple[int, int]] = frozenset()
    count = int(objects.mask[0].sum())
    while found and found.step == 0 and found.index < count and len(avoid) < AGAIN:
        avoid |= {(found.which, found.index)}
        steps, end, _ = generate_plan(language, objects, instruction, tuple(completed), max_steps, avoid=avoid, **how)
        found = first_contradiction(steps, objects)
    if first and first.step == 0 and (not steps or (found and found.step == 0)):
        raise PlanningError(
            ErrorCode.IMPOSSIBLE,
            f"{first.fact}. Nothing was planned, for nothing that the planner sees bears out these words: {seen}. Say it with "
            "what is there, or let the planner look again.",
        )
    if found:
        return steps[: found.step], "max_steps", (*notes, f"The plan ends early. {found.fact}.")
    return steps, end, notes


def first_contradiction(steps: Sequence[GeneratedStep], objects: ObjectSet) -> Contradiction | None:
    """The first step whose words name another kind or colour than the detection of the object it points at; None for none.

    Args:
        objects: that the steps point at, a batch of one.
    """
    for number, step in enumerate(steps):
        for which, phrase in enumerate(parse_step(step.text)):
            seen = _contradicted(phrase, step.state.chosen[which], objects)
            if seen:
                fact = f"Step {number + 1} says {_bare(phrase)!r}, but what it points at looks like {seen}"
                return Contradiction(number, which, step.state.chosen[which], fact)
    return None


def _bare(phrase: str) -> str:
    """A target or destination without its preposition and article."""
    return phrase.partition(" the ")[2] or phrase


def _contradicted(phrase: str, index: int, objects: ObjectSet) -> str:
    """Appearance of the object, with its probability, where it differs from the phrase; empty where they agree or it is not sure."""
    name = _bare(phrase)
    if name in AREAS:  # a spot on the table hangs on no object
        return ""
    *_, color, kind = name.split()
    count = int(objects.mask[0].sum())
    if index >= count:
        return "" if _likely(color, kind, objects) else "nothing that is seen"
    colors, kinds = objects.color[0, index], objects.kind[0, index]
    for chances, said, names in ((kinds, kind, KINDS), (colors, color, COLOR_NAMES)):
        best = int(chances.argmax())
        if float(chances[best]) > SURE and float(chances[names.index(said)]) < UNLIKELY:
            shown = f"{COLOR_NAMES[int(colors.argmax())]} {KINDS[int(kinds.argmax())]}"
            return f"a {shown} ({float(chances[best]):.2f})"
    return ""


def believable(completed: Sequence[str], objects: ObjectSet) -> list[str]:
    """The texts of steps said to be done, without those that the eyes contradict: their thing is seen elsewhere.

    A step counts as contradicted only where its thing and its destination are each seen exactly once, surely, and lie apart,
    and no later step moves the thing on.
    """
    kept: list[str] = []
    moved: set[str] = set()
    for text in reversed(completed):
        try:
            target, destination = parse_step(text)
        except ValueError:
            kept.append(text)
            continue
        if target in moved or not _elsewhere(target, _bare(destination), objects):
            kept.append(text)
        moved.add(target)
    return kept[::-1]


def _elsewhere(target: str, destination: str, objects: ObjectSet) -> bool:
    """True if the one thing of the first name is seen, and not at the one of the second."""
    thing, goal = _only(target, objects), _only(destination, objects)
    if thing is None or goal is None or thing == goal:
        return False
    gap = (objects.center[0, thing, :2] - objects.center[0, goal, :2]).norm()
    return float(gap - objects.half[0, thing, :2].max() - objects.half[0, goal, :2].max()) > APART


def _only(name: str, objects: ObjectSet) -> int | None:
    """The one object that surely bears a name; None where none or several do, or might."""
    if name in AREAS:
        return None
    *_, color, kind = name.split()
    if color not in COLOR_NAMES or kind not in KIND:
        return None
    likely = _likely(color, kind, objects)
    return likely[0][0] if len(likely) == 1 and likely[0][1] > SURE else None


def _likely(color: str, kind: str, objects: ObjectSet) -> list[tuple[int, float]]:
    """Objects that might bear a name, with the probability that they do."""
    count = int(objects.mask[0].sum())
    chances = objects.color[0, :count, COLOR_NAMES.index(color)] * objects.kind[0, :count, KINDS.index(kind)]
    return [(index, chance) for index, chance in enumerate(chances.tolist()) if chance > UNLIKELY / 4]
