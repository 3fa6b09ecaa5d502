"""Plans in words: the LLM writes them within the grammar, pointing at an object before it names it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import torch

from moe3d_ros.model.language.grammar import CANNOT, DONE, PICK, thing_name
from moe3d_ros.model.language.plan_writer import PlanWriter
from moe3d_ros.model.language.scene_language import POINTERS, SceneLanguageModel, task_prompt
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.plan_words.generated_step import GeneratedStep
from moe3d_ros.model.plan_words.naming import names_of
from moe3d_ros.world.sides import beside
from moe3d_ros.world.vocabulary import COLOR_NAMES


class Chosen(Protocol):
    """Choice of what is said next: an end, or a step by its objects; see `model.reasoning.decider.Choice`."""

    @property
    def end(self) -> str: ...
    @property
    def probability(self) -> float: ...
    @property
    def pick(self) -> int | None: ...
    @property
    def place(self) -> int | None: ...
    @property
    def area(self) -> str | None: ...
    @property
    def side(self) -> str: ...
    @property
    def second(self) -> int | None: ...


@torch.no_grad()
def generate_plan(
    model: SceneLanguageModel,
    objects: ObjectSet,
    instruction: str,
    completed: Sequence[str] = (),
    max_steps: int = 8,
    on_text: Callable[[str], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    choose: Callable[[Sequence[str]], Chosen] | None = None,
    fitting: bool = False,
    said_colors: Collection[str] = COLOR_NAMES,
) -> tuple[list[GeneratedStep], str, float]:
    """Write a plan for one scene within the grammar.

    With ``choose`` the objects and the end of the plan are not the pointer's but decided by another part of the model, which
    is given the texts of the steps that are written; the LLM reads what was chosen and says it in its own words.

    At <pick> and <place> the likeliest objects are tried: for each the words are written greedily, and the object whose
    words and pointer together are likeliest stays. So a pointer that slips is corrected by words that do not fit.

    With ``fitting`` an object whose words name another kind or colour than it has is passed over for one whose words fit,
    where that one is likely enough. An object that another part chose is not passed over: it is not called by a colour that
    it does not have, unless that is one of ``said_colors``, those that the instruction says.

    Words are drafted from what the encoder says of the object, and read in one go: as in speculative decoding (arXiv
    2211.17192), those stay that the LLM would have written, so that the draft changes the time and not the plan. Where all
    objects of a step are decided, it is drafted whole, and the first one is read together with the prompt.

    The place of a step that goes to a spot on the table hangs on no object, only on the LLM's state, in which every place
    that the instruction names leaves its mark: between two areas of the table the pose would end half way. So the state
    of such a step is read from its own words, as if they were the instruction.

    Returns:
        steps (list of GeneratedStep), and how it ended: ``done``, ``cannot`` or ``max_steps``, with its probability.
    Raises:
        Stopped: if ``should_stop()`` became true, asked before every run of the LLM.
    """
    special = model.grammar.special
    writer = PlanWriter(model, objects, task_prompt(instruction, completed), should_stop, fitting, said_colors)
    steps: list[GeneratedStep] = []

    def ended(how: str, probability: float) -> tuple[list[GeneratedStep], str, float]:
        for step in steps:
            if step.state.chosen[1] == len(writer.tokens):
                step.state = writer.state_alone(step)
        return steps, how, probability

    def show(tokens: list[int]) -> None:
        if on_text is not None:
            on_text("\n".join([step.text for step in steps] + [writer.words_of(tokens)]).strip())

    node = model.grammar.root
    while len(steps) < max_steps:
        choice = None if choose is None else choose([step.text for step in steps])
        if choice is None:
            chosen, probability = writer.step_or_end(node)
            if chosen in (special[DONE], special[CANNOT]):
                return ended("done" if chosen == special[DONE] else "cannot", probability)
        else:
            probability = choice.probability
            if choice.pick is None:
                return ended(choice.end, probability)
            chosen = next(token for token in node.children if token not in (special[DONE], special[CANNOT]))
            writer.decided = (choice.pick, len(writer.tokens) if choice.place is None else choice.place)
            writer.told = told_place(objects, choice)
        line, node = writer.forced([chosen], node.children[chosen])
        drafted = None if choice is None else writer.read_drafted(line, node)
        if drafted is not None:
            line, node, chance = drafted
            probability *= chance
            show(line)
        else:
            writer.read(line)
            for which in range(POINTERS):
                marker = special[PICK + which]
                phrase, node, chance = writer.point_and_say(which, marker, node.children[marker])
                line, probability = line + phrase, probability * chance
                show(line)
        told = ("", None, None) if choice is None else (choice.side, choice.second, choice.probability)
        steps.append(GeneratedStep(writer.words_of(line), probability, writer.end_step(), *told))
    return ended("max_steps", 1.0)


def told_place(objects: ObjectSet, choice: Chosen) -> str:
    """Words of a place that a choice tells without the LLM's help: an area, or beside what is seen; else empty."""
    if choice.area is not None:
        return f"on the {choice.area}"
    if not choice.side or choice.place is None:
        return ""
    second = "" if choice.second is None else thing_name(*names_of(objects, choice.second))
    return beside(choice.side, thing_name(*names_of(objects, choice.place)), second)
