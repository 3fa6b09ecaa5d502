"""Plans in words that what is seen does not contradict: asked again once where it does, then refused with the fact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from moe3d_ros.model.language.grammar import parse_step
from moe3d_ros.model.language.scene_language import SceneLanguageModel
from moe3d_ros.model.language.writing import generate_plan
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.plan_words.generated_step import GeneratedStep
from moe3d_ros.model.plan_words.naming import may_be, named_thing, seen_as
from moe3d_ros.model.reasoning.decider import Choice
from moe3d_ros.model.reasoning.history_check import untrue_steps
from moe3d_ros.model.reasoning.imagined_steps import ImaginedSteps
from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.refusing import UNSEEN, things_in_words
from moe3d_ros.world.vocabulary import COLOR_NAMES, with_article
from moe3d_ros.world.workspace import Workspace


@dataclass(frozen=True)
class Written:
    """A plan in words.

    Attributes:
        end: ``done``, ``cannot``, ``max_steps``, or ``unseen`` where it ends before a step that does not fit what is seen.
        probability: of the end.
        choice: the reasoner's last one; None without a reasoner.
        notes: sentences on what is not as it was said.
    """

    steps: list[GeneratedStep]
    end: str
    probability: float
    choice: Choice | None = None
    notes: tuple[str, ...] = ()


def write_plan(
    language: SceneLanguageModel,
    objects: ObjectSet,
    instruction: str,
    completed: Sequence[str],
    max_steps: int,
    choices: Callable[[Sequence[str]], ImaginedSteps | None],
    workspace: Workspace,
    on_text: Callable[[str], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Written:
    """Write a plan, and hold its words, its end and the completed steps against the objects.

    A first step whose words name another kind or colour than the object that it points at has is asked for again, of words
    that fit; a plan ends before a later one. Where the reasoner chose the object and the instruction does not say that colour,
    the words are the LLM's mistake, and it names the object as one that it may be. Where nothing is said to be left to do
    though a completed step is not what is seen, it is asked again without that step.

    Args:
        choices: called with the completed steps, makes the reasoner's choices for a plan; None without a reasoner.
        workspace: box whose table the areas are named on.

    Raises:
        PlanningError: IMPOSSIBLE where what is seen contradicts the second plan as well; without a reasoner a note says so.
        Stopped: as `generate_plan`.
    """

    def write(completed: Sequence[str], fitting: bool = False) -> Written:
        choose = choices(completed)
        said = choose.said_colors() if fitting and choose is not None else COLOR_NAMES
        steps, end, probability = generate_plan(
            language, objects, instruction, completed, max_steps, on_text, should_stop, choose, fitting, said
        )
        return Written(steps, end, probability, None if choose is None else choose.last)

    def write_fitting(completed: Sequence[str]) -> Written:
        first = ""
        for fitting in (False, True):
            written = write(completed, fitting)
            number, fact = misnamed(objects, written.steps)
            if not fact:
                note = f"The words of a step were asked for again, as the first ones are not what is seen: {first}."
                return replace(written, notes=(note,)) if first else written
            if not fitting:
                first = fact
            if number and (fitting or written.choice is None):
                return Written(
                    written.steps[:number],
                    "unseen",
                    written.probability,
                    written.choice,
                    (f"The plan ends before a step that is not what is seen: {fact}.",),
                )
        if choices(completed) is None:  # a pointer errs more often than a reasoner: people see it and decide
            return replace(written, notes=(f"A step is not what is seen, asked twice: {fact}.",))
        here = f"The planner sees {_things(objects)}."
        raise PlanningError(
            ErrorCode.IMPOSSIBLE, f"No step for {instruction!r} fits what is seen, asked twice: {fact}. {here} {UNSEEN}"
        )

    written = write_fitting(completed)
    untrue = untrue_steps(objects, completed, workspace) if written.end == "done" and not written.steps else []
    if not untrue:
        return written
    facts = "; ".join(f"{completed[number]!r} is among the completed steps, and {fact}" for number, fact in untrue)
    false = {completed[number] for number, _ in untrue}
    again = write_fitting([text for text in completed if text not in false])
    if not again.steps:
        raise PlanningError(
            ErrorCode.IMPOSSIBLE,
            f"Nothing is left to do for {instruction!r} by the planner's account, and what is seen says otherwise: {facts}. "
            "Put the thing where it was, or take the step out of the completed ones and ask again; if the thing is there, give the "
            "camera a better view.",
        )
    note = f"A completed step is not what is seen, so the plan was made as if it had not been done: {facts}."
    return Written(again.steps, again.end, again.probability, again.choice, (*again.notes, note))


def misnamed(objects: ObjectSet, steps: Sequence[GeneratedStep]) -> tuple[int, str]:
    """First step whose words name another kind or colour than its object has: its number, and the fact; 0 and empty for none."""
    for number, step in enumerate(steps):
        for phrase, column in zip(parse_step(step.text), step.state.chosen):
            named = named_thing(phrase)
            if named is None or may_be(objects, column, named):
                continue
            pointed = "it points at nothing that is seen"
            if column < int(objects.mask[0].sum()):
                pointed = f"the thing that it points at is seen as {with_article(str(seen_as(objects, column)))}"
            return number, f"{step.text!r} names {with_article(str(named))}, and {pointed}"
    return 0, ""


def _things(objects: ObjectSet) -> str:
    """Kinds and colours of the objects, in words."""
    named = [seen_as(objects, column) for column in range(int(objects.mask[0].sum()))]
    return things_in_words([(thing.kind, thing.color) for thing in named])
