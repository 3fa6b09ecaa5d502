"""Texts about generated scenes, tokenised for the language stage: plans of one step and of many, refusals, answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from moe3d_ros.model.language.grammar import DONE, PICK, PLACE
from moe3d_ros.model.language.scene_language import SceneLanguageModel, question_prompt, task_prompt
from moe3d_ros.model.language.text_layout import Text
from moe3d_ros.tabletop.questions.questions import CAPTION_WEIGHTS, WEIGHTS, draw_question
from moe3d_ros.tabletop.scenes.scene import Scene
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.tasks.impossible import Impossible, impossible_instruction
from moe3d_ros.tabletop.tasks.progress import Progress
from moe3d_ros.tabletop.tasks.single_step import Task, random_step_text, single_step_task
from moe3d_ros.tabletop.tasks.sixd_tasks import absent_sixd_task, random_sixd_task
from moe3d_ros.tabletop.words.typos import with_typos
from training.data.sixd_data import is_sixd
from training.data.targets import SceneStep

# Of the texts about a scene that no long task belongs to.
SHARES = {"plain": 0.08, "grounded": 0.25, "done": 0.04, "cannot": 0.1, "question": 0.53}
SIXD_SHARES = {"sixd": 0.88, "done": 0.05, "cannot": 0.07}  # of those about a 6D scene
# By what `texts` of the configuration says; a caption is a question with a long answer.
MIXES = {
    "all": SHARES,
    "plans": {**SHARES, "question": 0.0},
    "questions": {"question": 1.0},
    "captions": {"question": 1.0},
}
# How many of a long task's remaining steps are learnt from one sample. Only the first is executed before the planner looks
# again, so it counts most.
STEPS_LEARNT, STEP_SHARES = (1, 2, 4), (0.6, 0.25, 0.15)
TYPO_SHARE = 0.05  # of the instructions have a slip of the keyboard
HISTORY_SHARE = 0.5  # of the long tasks state the completed steps in the prompt; the scene shows them too


@dataclass
class StepText:
    """A text of one step and the step itself."""

    text: Text
    step: SceneStep


class TextWriter:
    """Draws texts about a scene and tokenises them for one model; ``texts`` is a key of MIXES."""

    def __init__(self, model: SceneLanguageModel, texts: str = "all"):
        self.model = model
        self.weights = CAPTION_WEIGHTS if texts == "captions" else WEIGHTS
        mix = MIXES[texts]
        self.kinds, self.shares = list(mix), np.array(list(mix.values())) / sum(mix.values())

    def draw(self, scene: Scene, slots: list[int], number: int, rng: np.random.Generator) -> list[Text]:
        """Up to ``number`` texts of the mix; ``slots`` are those of the scene's objects in its batch."""
        if is_sixd(scene):
            return self.sixd(scene, slots, number, rng)
        texts: list[Text] = []
        for _ in range(4 * number):
            if len(texts) == number:
                break
            kind = str(rng.choice(self.kinds, p=self.shares))
            text = self.question(scene, slots, rng) if kind == "question" else self._single(scene, slots, kind, rng)
            if text is not None:
                texts.append(text)
        return texts

    def sixd(self, scene: Scene, slots: list[int], number: int, rng) -> list[Text]:
        """Texts of tasks with tilted poses: most a step, some that are done already or that cannot be done."""
        texts: list[Text] = []
        for _ in range(number):
            sort = str(rng.choice(list(SIXD_SHARES), p=list(SIXD_SHARES.values())))
            task = absent_sixd_task(scene, rng) if sort == "cannot" else random_sixd_task(scene, rng)
            if task is None:
                continue
            history = [step.text for step in task.steps] if sort == "done" else []
            texts.append(self._write(task.instruction, () if sort == "done" else task.steps, slots, history, sort, rng))
        return texts

    def question(self, scene: Scene, slots: list[int], rng) -> Text | None:
        """A question and its answer, before which the model points at what the question is about."""
        found = draw_question(scene, rng, weights=self.weights)
        if found is None:
            return None
        encode, special = self.model.encode, self.model.grammar.special
        answer = [special[PICK], special[PLACE], *encode(" " + found.answer), special[DONE]]
        first, second = (-1 if index is None else slots[index] for index in found.pointed)
        return Text(encode(question_prompt(found.text)), answer, None, [(0, 1)], [(first, second)], "question")

    def long(self, moment: Progress, slots: list[int], rng, words: str = "", most: int | None = None) -> Text:
        """Remaining steps of a long task worded as ``words``, or ``done`` or ``cannot``; at most ``most`` steps."""
        most = most or int(rng.choice(STEPS_LEARNT, p=STEP_SHARES))
        history = moment.history if rng.random() < HISTORY_SHARE else []
        kind = "cannot" if moment.task.reason else "long" if moment.steps else "done"
        text = self._write(words or moment.task.instruction, moment.steps, slots, history, kind, rng, most)
        text.right = [_slots_of(moves, step, slots) for moves, step in zip(moment.right, moment.steps[:most])]
        return text

    def single_step(self, scene: Scene, slots: list[int], rng) -> StepText | None:
        """An instruction of one step, with the step itself: for Pose-DiT."""
        if is_sixd(scene):
            task = random_sixd_task(scene, rng)
        else:
            task = single_step_task(scene, rng, grounded=bool(rng.random() < 0.5), areas=0.15)
        if task is None:
            return None
        return self.for_pose(self._write(task.instruction, task.steps, slots, [], "plain", rng), task.steps[0], slots)

    def for_pose(self, text: Text, step: Step, slots: list[int]) -> StepText:
        """A text of one step with the step; one that goes to a spot on the table stands behind its own words, as
        :func:`moe3d_ros.model.language.writing.generate_plan` reads it for Pose-DiT."""
        if step.place_index is None:
            text = replace(text, prompt=self.model.encode(task_prompt(step.text)))
        return StepText(text, SceneStep(step, slots))

    def _single(self, scene: Scene, slots, kind: str, rng) -> Text | None:
        task: Task | Impossible | None
        steps: tuple[Step, ...] = ()
        if kind == "cannot":
            task = impossible_instruction(scene, rng)
        else:
            grounded = kind == "grounded" or (kind == "done" and rng.random() < 0.5)
            task = single_step_task(scene, rng, grounded, areas=0.12)
            steps = task.steps if task is not None else ()
        if task is None:
            return None
        history = [step.text for step in steps] if kind == "done" else []
        if rng.random() < 0.1:
            history.insert(0, random_step_text(rng))
        return self._write(task.instruction, () if kind == "done" else steps, slots, history, kind, rng)

    def _write(self, instruction: str, steps, slots, history, kind: str, rng, most: int = 8) -> Text:
        if rng.random() < TYPO_SHARE:
            instruction = with_typos(instruction, rng)
        grammar, learnt = self.model.grammar, steps[:most]
        answer = grammar.tokens([step.text for step in learnt], cannot=kind == "cannot")
        if len(learnt) < len(steps):
            answer = answer[:-1]  # it is not done yet
        pointers = [(slots[s.pick_index], -1 if s.place_index is None else slots[s.place_index]) for s in learnt]
        prompt = self.model.encode(task_prompt(instruction, history))
        return Text(prompt, answer, grammar.walk(answer), grammar.spans(answer), pointers, kind)


def _slots_of(moves, step: Step, slots) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Slots of all that would be right to pick, and of what would be right to place this step's pick on."""
    picks = {slots[move.pick] for move in moves}
    places = {-1 if move.place is None else slots[move.place] for move in moves if move.pick == step.pick_index}
    return tuple(sorted(picks)), tuple(sorted(places))
