"""Suite ``qa``: questions about held-out generated scenes, seen through the encoder with a sensor's noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from tqdm import tqdm

from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.questions.questions import random_question
from moe3d_ros.tabletop.scenes.sampling import sample_scenes
from moe3d_ros.tabletop.simulation.raycast import CloudBatch, SensorRange, sense
from training.evaluation.judging.comparison import load_dense, paired_difference
from training.evaluation.metrics.prior import Prior
from training.evaluation.metrics.report import score_by_type
from training.evaluation.suite import Suite, add_held_out_wordings, positive
from training.stages.detection import visible_objects
from training.stages.language import LANGUAGE_RANGE

HELD_OUT_SEED = 9_500_000_000  # training seeds are far below
PRIOR_SEED = 9_400_000_000
PRIOR_SCENES = 2000
QUESTIONS_PER_SCENE = 8
REFUSED = "(refused)"  # in place of an answer: what is asked here has one


def held_out_scene(number: int, held_out_wordings: bool = False):
    """Cloud of one scene, and questions about what the cameras can see of it as (question, answer, type)."""
    generator = torch.Generator().manual_seed(HELD_OUT_SEED + number)
    rng = np.random.default_rng(HELD_OUT_SEED + number)
    scenes = sample_scenes(1, LANGUAGE_RANGE, generator)
    cloud = sense(scenes, SensorRange(), generator)
    scenes.exists &= visible_objects(scenes, cloud.scene, cloud.slot)
    scene, _ = scenes.scene(0)
    drawn = (random_question(scene, rng, held_out_wordings) for _ in range(QUESTIONS_PER_SCENE))
    return cloud, list(dict.fromkeys(question for question in drawn if question is not None))


def prior_questions(held_out_wordings: bool = False, scenes: int = PRIOR_SCENES) -> list[tuple[str, str, str]]:
    """Questions about scenes outside of training and evaluation, from which the prior baseline is fitted."""
    rng = np.random.default_rng(PRIOR_SEED)
    batch = sample_scenes(scenes, LANGUAGE_RANGE, torch.Generator().manual_seed(PRIOR_SEED))
    drawn = (
        random_question(batch.scene(index)[0], rng, held_out_wordings)
        for index in range(scenes)
        for _ in range(QUESTIONS_PER_SCENE)
    )
    return [question for question in drawn if question is not None]


def run(planner: Planner, questions: int = 1000, held_out_wordings: bool = False) -> dict:
    """The suite for a planner; see :func:`ask`."""

    def answer(cloud: CloudBatch, about: Sequence[str]) -> list[str]:
        (look,) = planner.looks(cloud.scene, cloud.points, cloud.colors, 1)
        return [reply if isinstance(reply, str) else REFUSED for reply in look.replies(about)]

    return ask(answer, questions, held_out_wordings)


def ask(
    answer: Callable[[CloudBatch, Sequence[str]], list[str]], questions: int, held_out_wordings: bool = False
) -> dict:
    """Ask ``questions`` questions, several about each scene.

    Args:
        answer: (cloud of one scene, questions about it) to answers.

    Returns:
        Figures in all and by type; ``prior``, EM of the most frequent answer of each type and, by wording, of each way to
        ask; a record of every question.
    """
    records: list[dict] = []
    asked: list[tuple[str, str, str]] = []
    number = 0
    with tqdm(total=questions, desc="qa", mininterval=5) as bar:
        while len(records) < questions:
            cloud, about = held_out_scene(number, held_out_wordings)
            about = about[: questions - len(records)]
            if about:
                said = answer(cloud, [question for question, _, _ in about])
                for (question, expected, kind), own in zip(about, said):
                    records.append(
                        {"scene": number, "question": question, "expected": expected, "answer": own, "type": kind}
                    )
                asked += about
                bar.update(len(about))
            number += 1
    by_type = score_by_type(
        [r["answer"] for r in records], [[r["expected"]] for r in records], [r["type"] for r in records]
    )
    known = prior_questions(held_out_wordings)
    simple, by_wording = (Prior(known, worded).accuracy(asked) for worded in (False, True))
    prior = {kind: {"em": em, "em_by_wording": by_wording[kind]} for kind, em in simple.items()}
    return {
        **by_type.pop("all"),
        "prior": {**prior.pop("all"), "by_type": prior},
        "held_out_wordings": held_out_wordings,
        "by_type": by_type,
        "records": records,
    }


def compare(figures: dict, dense: Planner, questions: int, held_out_wordings: bool = False) -> dict:
    """Compare with the dense baseline on the questions of ``figures``.

    Returns:
        {"dense": its figures with checkpoint name and checksum, "em_difference": see ``paired_difference``}.
    """
    other = run(dense, questions, held_out_wordings)
    difference = paired_difference(figures["records"], other["records"])
    return {"dense": {"checkpoint": dense.name, "checksum": dense.checksum, **other}, "em_difference": difference}


def table(figures: dict) -> str:
    """The figures of the checkpoint; where it was compared, those of the dense baseline too, and the difference."""
    if "dense" not in figures:
        return table_by_type(figures)
    difference = figures["em_difference"]
    low, high = difference["interval"]
    ours, dense = (table_by_type(part) for part in (figures, figures["dense"]))
    return (
        f"mixture of experts\n{ours}\n\ndense baseline ({figures['dense']['checkpoint']})\n{dense}\n\n"
        f"EM of the mixture minus EM of the dense baseline: {difference['em']:+.3f}, 95 % interval [{low:+.3f}, {high:+.3f}] "
        f"(paired bootstrap over {difference['scenes']} scenes, {difference['questions']} questions)"
    )


def table_by_type(figures: dict) -> str:
    """One line per type of question, then all of them; with the EM of a guess that sees nothing."""
    names = ("count", "em", "em_refined", "bleu_1", "meteor", "rouge_l", "cider")
    lines = [f"{'':12}" + "".join(f"{name:>11}" for name in (*names, "prior em", "by wording"))]
    priors = figures["prior"]["by_type"] | {"all": figures["prior"]}
    for kind, row in [*sorted(figures["by_type"].items()), ("all", figures)]:
        cells = [f"{row[name]:11.3f}" if name != "count" else f"{row[name]:11d}" for name in names]
        cells += [f"{priors[kind][name]:11.3f}" for name in ("em", "em_by_wording")]
        lines.append(f"{kind:12}" + "".join(cells))
    return "\n".join(lines)


def _add_options(parser) -> None:
    parser.add_argument("--questions", type=positive, default=1000, help="held-out questions (default: %(default)s)")
    add_held_out_wordings(parser)
    parser.add_argument("--compare", choices=["dense"], help="also ask the dense baseline the same questions")
    parser.add_argument("--dense-checkpoint", help="its folder (default: one that ships as `dense`)")


def _run(planner: Planner, options) -> dict:
    dense = load_dense(options.dense_checkpoint, options.device) if options.compare else None
    figures = run(planner, options.questions, options.held_out_wordings)
    if dense is not None:
        figures |= compare(figures, dense, options.questions, options.held_out_wordings)
    return figures


SUITE = Suite(name="qa", run=_run, table=table, add_options=_add_options)
