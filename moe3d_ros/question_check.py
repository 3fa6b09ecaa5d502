"""Refusal of questions that have no answer here: not about what is seen, in another language, about a thing that is not there.

A learnt head hears them behind the scene, in the LLM's own states, and the answer reasoner sees what is not there; nothing here
reads words or compares objects.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from moe3d_ros.model.language.form_head import heard_questions
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.policy import ThreeDMoE
from moe3d_ros.plan import ErrorCode, PlanningError

# What is said of a question without an answer: the fact, then what to do. {seen} are the things that are seen.
QUESTION_REASONS = {
    "unrelated": (
        "asks for nothing that the planner can see on the table",
        "it tells kinds, colors, sizes, numbers and places of the things there. Ask about those.",
    ),
    "language": ("is not in English", "the planner answers no other language. Ask in English."),
    "absent": (
        "names a thing that is not seen",
        "the planner sees {seen}. Look whether the thing is in view, or ask about one of these.",
    ),
}


@torch.no_grad()
def refused_questions(
    model: ThreeDMoE, objects: ObjectSet, questions: Sequence[str], seen: str
) -> list[PlanningError | None]:
    """The error IMPOSSIBLE for each question in which the checkpoint's head hears that it has no answer, else None.

    Args:
        objects: of one scene (its first row counts). seen: its things in words.

    Returns:
        only None for a checkpoint without such a head.
    """
    head = model.questions
    if head is None or not questions:
        return [None] * len(questions)
    found: list[PlanningError | None] = []
    for question, chances in zip(questions, heard_questions(head, model.language, objects, questions)):
        refused, sort = head.config.refused_as(chances.tolist())
        if refused < head.config.threshold:
            found.append(None)
            continue
        found.append(question_refusal(question, sort, refused, seen))
    return found


def question_refusal(question: str, sort: str, probability: float, seen: str) -> PlanningError:
    """The error IMPOSSIBLE of a question without an answer; ``sort``: why it has none, ``seen`` as above."""
    fact, advice = QUESTION_REASONS.get(sort, (f"is of the sort {sort!r}", "the planner does not answer that."))
    text = f"{question!r} {fact}, as the planner hears it ({probability:.2f}): {advice.format(seen=seen)}"
    return PlanningError(ErrorCode.IMPOSSIBLE, text)
