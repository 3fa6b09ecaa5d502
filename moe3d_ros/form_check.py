"""Refusal of instructions whose form is not planned: prohibitions, relations, several clauses, corrections.

A learnt head hears the form from the LLM's lower layers; nothing here reads words.
"""

from __future__ import annotations

import torch

from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.language.form_head import heard_form, heard_forms
from moe3d_ros.model.policy import ThreeDMoE
from moe3d_ros.model.reasoning.decider import Decider
from moe3d_ros.plan import ErrorCode, PlanningError

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

SURE = 0.5  # of 1; below, but from the head's threshold on, the sentence is refused and the reason said to be a guess
PLAINLY = "Where it is a plain order, say it in plainer words, such as 'put the red block in the bowl'."

COMPOSED = ("clauses",)  # forms that a checkpoint with a reasoner plans, or refuses by itself
BESIDE = ("relation",)  # and those where its Pose-DiT knows places beside things, too


def planned_forms(config: ModelConfig) -> tuple[str, ...]:
    """Forms that go on to the planner of this checkpoint, though its head tells them from doable ones."""
    if config.reasoner is None:
        return ()
    return (*COMPOSED, *BESIDE) if config.pose_sides else COMPOSED


@torch.no_grad()
def check_form(model: ThreeDMoE, instruction: str, said: str = "", decider: Decider | None = None) -> None:
    """Raise PlanningError(IMPOSSIBLE) where the checkpoint's head hears a form that is not planned; without one nothing is checked.

    Args:
        said: the instruction as the error quotes it, where that is not how it is heard.
        decider: with the LLM of the model; where it reads the layer that the head does, the instruction is read once for both.
    """
    if model.form is None or model.language is None:
        return
    head = model.form
    if decider is not None and decider.reader.layer == head.config.layer:
        chances = heard_form(head, decider.said(instruction)).tolist()
    else:
        chances = heard_forms(head, model.language, [instruction])[0].tolist()
    refused, form = head.config.refused_as(chances, planned_forms(model.config))
    if refused < head.config.threshold:
        return
    fact, advice = REASONS.get(form, (f"is of the form {form!r}", "the planner does not plan that. Say it otherwise."))
    if refused < SURE:
        fact, advice = f"may be one that {fact}", f"{advice} {PLAINLY}"
    raise PlanningError(
        ErrorCode.IMPOSSIBLE, f"{(said or instruction)!r} {fact}, as the planner hears it ({refused:.2f}): {advice}"
    )
