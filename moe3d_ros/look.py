"""One look at the scene: what is seen in it, and plans and answers about it without encoding the cloud again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import torch

from moe3d_ros.checked_writing import Written, write_plan
from moe3d_ros.form_check import check_form
from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.detected.label_words import Asked, LabelWords, Understood
from moe3d_ros.model.interrupt import Stopped, interruptible
from moe3d_ros.model.language.answering import generate_answers
from moe3d_ros.model.language.deciding import state_of_written
from moe3d_ros.model.language.grammar import likely_phrase, parse_step
from moe3d_ros.model.language.writing import told_place
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.plan_words.generated_step import GeneratedStep
from moe3d_ros.model.plan_words.naming import names_of
from moe3d_ros.model.policy import ThreeDMoE
from moe3d_ros.model.reasoning.answerer import ABSENT, Answering
from moe3d_ros.model.reasoning.decider import Choice, Decider
from moe3d_ros.model.reasoning.imagined_steps import ImaginedSteps
from moe3d_ros.plan import Action, ErrorCode, Plan, PlanningError, check_text
from moe3d_ros.pose_limits import hold_in_workspace
from moe3d_ros.posing import EncodedScene, StepPoses, keep_free
from moe3d_ros.question_check import question_refusal, refused_questions
from moe3d_ros.refusing import refusal, things_in_words
from moe3d_ros.stopwatch import Stopwatch
from moe3d_ros.surface_contact import hold_on_surface
from moe3d_ros.world.geometry import pose_from_matrix
from moe3d_ros.world.seen_object import SeenObject
from moe3d_ros.world.vocabulary import KIND
from moe3d_ros.world.workspace import Workspace


class ModelWithLimits(Protocol):
    """Part of :class:`Planner` that a look needs; documented there."""

    model: ThreeDMoE
    decider: Decider | None
    answering: Answering | None
    config: ModelConfig
    workspace: Workspace
    model_workspace: Workspace
    pose_tolerance: float


@dataclass(frozen=True)
class Decision:
    """The first thing that the planner would do, in words, without poses.

    Attributes:
        end: ``step``, or how the plan ends instead: ``done``, ``cannot``.
        probability: of the words of the step or of the end, in [0, 1].
        text: of the step; empty for an end. destination: of the step, with its preposition.
        pick, place: numbers of the look's objects that the step points at; None for none.
        confidence: of the step as plans have it. raw_confidence: the same before the checkpoint's calibration.
        side: of `world.sides`, where it goes beside ``place``, or between that and ``second``; else empty.
    """

    end: str
    probability: float
    text: str = ""
    destination: str = ""
    pick: int | None = None
    place: int | None = None
    confidence: float = 0.0
    raw_confidence: float = 0.0
    side: str = ""
    second: int | None = None


class Look:
    """A scene as it was seen once; made by :meth:`Planner.look` and its like.

    Attributes:
        objects: what is recognised, from left to right.
        latency_s: seconds that seeing took, per stage.
        notes: sentences on the cloud, which every plan from this look has too.
    """

    notes: tuple[str, ...] = ()

    def __init__(
        self,
        planner: ModelWithLimits,
        objects: ObjectSet,
        scene: EncodedScene | None = None,
        latency_s: dict[str, float] | None = None,
        labels: Sequence[str] = (),
    ):
        """``labels``: of each object, that a detector gave; empty for what only the encoder has found."""
        self._planner, self._found, self._scene = planner, objects, scene
        self.latency_s = latency_s or {}
        self._labels = LabelWords(objects, labels)
        self.objects = seen_objects(objects, labels, self._labels.names)

    @torch.no_grad()
    def plan(
        self,
        instruction: str,
        completed: Sequence[str] = (),
        max_steps: int = 8,
        on_progress: Callable[[str, str], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Plan:
        """Plan from this look; arguments and errors as in :meth:`Planner.plan`, seconds of the look included.

        Raises:
            ValueError: the look was given its objects and has no cloud, so that there can be no poses.
        """
        heard, said = check_text(instruction), instruction.strip()
        completed = [check_text(text, "completed step") for text in completed]
        watch = Stopwatch(on_progress)
        with stopping(self._planner.model, should_stop):
            with watch("language"):
                understood = self.check_instruction(heard)
                written = self._write(
                    understood, completed, max_steps, lambda text: watch.report("language", text), should_stop
                )
            if written.end == "cannot":
                raise self._refusal(said, understood, written.choice)
            with watch("poses"):
                actions, notes = self._actions(written.steps)
        seconds = self.latency_s | watch.seconds
        complete, notes = written.end == "done" and not actions, (*self.notes, *notes, *written.notes)
        sure = sureness(written.steps)
        return Plan(said, actions, complete, seconds, notes=notes, sureness=sure, seen=self.objects)

    def _things(self) -> str:
        """Names of what is seen, in words."""
        return things_in_words([(thing.kind, thing.color) for thing in self.objects])

    def answer(self, question: str, should_stop: Callable[[], bool] | None = None) -> str:
        """Answer a question about the scene in a few words; errors as in :meth:`Planner.answer`."""
        return self.answers([question], should_stop)[0]

    def answers(self, questions: Sequence[str], should_stop: Callable[[], bool] | None = None) -> list[str]:
        """Answers to several questions at once, each as if it were asked alone; the first that has none raises its error."""
        said = self.replies(questions, should_stop)
        for reply in said:
            if isinstance(reply, PlanningError):
                raise reply
        return [str(reply) for reply in said]

    def replies(
        self, questions: Sequence[str], should_stop: Callable[[], bool] | None = None
    ) -> list[str | PlanningError]:
        """The answer to each of several questions, or the error with which it is refused."""
        questions = [check_text(question, "question") for question in questions]
        model, seen = self._planner.model, self._things()
        with stopping(model, should_stop):
            found: list[str | PlanningError | None] = [*refused_questions(model, self._found, questions, seen)]
            self._answer_shortly(found, questions, seen)
            left = [number for number, reply in enumerate(found) if reply is None]
            written = generate_answers(model.language, self._found, [questions[number] for number in left])
            answers = dict(zip(left, written))
        return [answers[number] if reply is None else reply for number, reply in enumerate(found)]

    def _answer_shortly(self, found: list[str | PlanningError | None], questions: Sequence[str], seen: str) -> None:
        """Fill in the answers and refusals of the answer reasoner where there are none yet; what it leaves open the LLM writes."""
        asked = [number for number, reply in enumerate(found) if reply is None]
        if self._planner.answering is None or not self.objects or not asked:
            return
        replies = self._planner.answering.replies(self._found, [questions[number] for number in asked])
        for number, reply in zip(asked, replies):
            if reply.sort == ABSENT:
                found[number] = question_refusal(questions[number], ABSENT, reply.absent, seen)
            else:
                found[number] = reply.text or None

    @torch.no_grad()
    def decide(self, instruction: str, completed: Sequence[str] = ()) -> Decision:
        """Decide on the first step, or on an end, without poses: what :meth:`plan` would begin with."""
        self.check_something_seen()
        try:
            written = self._write(self._labels.heard(instruction), completed, max_steps=1)
        except PlanningError:  # what is seen contradicts it
            return Decision("cannot", 1.0)
        if not written.steps:
            return Decision(written.end, written.probability)
        step, raw, count = written.steps[0], step_confidence(written.steps[0]), len(self.objects)
        pick, place = (which if which < count else None for which in step.state.chosen)
        text = self._labels.said(step)
        return Decision(
            "step",
            step.probability,
            text,
            parse_step(text)[1],
            pick,
            place,
            self._planner.config.calibrated(raw),
            raw,
            step.side,
            step.second,
        )

    def decided(self, choice: Choice) -> Decision:
        """A choice as a decision, in the words of what is seen."""
        if choice.pick is None:
            return Decision(choice.end, choice.probability)
        target = likely_phrase(0, *names_of(self._found, choice.pick)).removesuffix(",")
        destination = told_place(self._found, choice)
        if not destination and choice.place is not None:
            destination = likely_phrase(1, *names_of(self._found, choice.place))
        chosen = (choice.pick, len(self.objects) if choice.place is None else choice.place)
        plain = f"pick the {target}, place it {destination}"
        text = self._labels.labelled(plain, chosen, choice.side, choice.second)
        return Decision(
            "step",
            choice.probability,
            text,
            parse_step(text)[1],
            choice.pick,
            choice.place,
            self._planner.config.calibrated(choice.probability),
            choice.probability,
            choice.side,
            choice.second,
        )

    def _write(
        self,
        instruction: Understood,
        completed: Sequence[str],
        max_steps: int,
        on_text: Callable[[str], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Written:
        """Write a plan that what is seen does not contradict; errors as in :func:`write_plan`."""
        planner, box, labels = self._planner, self._planner.model_workspace, self._labels
        objects, heard, done, _ = labels.asked(instruction, completed)

        def choices(done: Sequence[str]) -> ImaginedSteps | None:
            if planner.decider is None:  # then the LLM's pointer chooses
                return None
            return ImaginedSteps(planner.decider, objects, heard, done, box, labels.told(instruction, done))

        try:
            plan = write_plan(
                planner.model.language, objects, heard, done, max_steps, choices, box, on_text, should_stop
            )
        except PlanningError as error:
            raise PlanningError(error.code, labels.spoken(str(error))) from error
        return replace(plan, notes=tuple(map(labels.spoken, plan.notes)))

    def refusal(self, instruction: str, choice: Choice | None = None) -> PlanningError:
        """The error that says that an instruction cannot be done here, why, and what there is.

        Args:
            choice: the reasoner's, which says why; asked for anew if None.
        """
        return self._refusal(instruction, self._labels.heard(instruction), choice)

    def _refusal(self, said: str, understood: Understood, choice: Choice | None) -> PlanningError:
        """The refusal of an instruction as it was said; the rest as :meth:`refusal`."""
        if choice is None and self._planner.decider is not None and self.objects:
            objects, text, done, told = self._labels.asked(understood, ())
            (choice,) = self._planner.decider.choose(objects, [(text, done)], [told])
        if choice is not None and understood.mentions:  # colours and kinds are not what was said
            choice = replace(choice, missing=("", ""))
        seen = [(thing.kind, thing.color) for thing in self.objects]
        return refusal(said, seen, choice, self._labels.names)

    def step_poses(
        self,
        instruction: str,
        text: str,
        pick: int | None,
        place: int | None,
        side: str = "",
        second: int | None = None,
    ) -> StepPoses:
        """Pose-DiT alone, on a step that is given: as if the model had pointed at the right things and written it.

        The low-level door of the facade, for measurements: poses come as the head samples them, without limits.

        Args:
            text: of the step, in the words of the grammar.
            pick, place: numbers of objects of this look; None for none, such as a spot on the table.
            side: of `world.sides`, if it goes beside ``place``, or between that and ``second``.

        Raises:
            ValueError: the text is no step, the look has no cloud, or the model has not learnt places beside things.
        """
        pointed = (-1 if pick is None else pick, -1 if place is None else place)
        model = self._planner.model
        state = state_of_written(model.language, self._found, instruction, text, pointed)
        index = torch.tensor([pointed], device=self._found.mask.device)
        return StepPoses(model.pose, self._encoded(), self._found, state, index, [side], [second])

    def asked(self, instruction: str, completed: Sequence[str] = ()) -> Asked:
        """Question to the model about this scene, in its own terms."""
        return self._labels.asked(self._labels.heard(instruction), completed)

    def found(self) -> ObjectSet:
        """The objects in the model's own terms, a batch of one."""
        return self._found

    def check_something_seen(self) -> None:
        """Raise PlanningError(EMPTY_WORKSPACE) if no object was recognised."""
        if not self.objects:
            raise PlanningError(
                ErrorCode.EMPTY_WORKSPACE,
                "None of the things that the model knows is recognised in the workspace, though the camera sees something there: "
                "look at the cloud in the view (are its colours and its transform right, is it dense enough?), and put such things "
                "on the table.",
            )

    def check_instruction(self, heard: str) -> Understood:
        """Raise the PlanningError with which an instruction is refused before anything is planned, or give its words.

        Args:
            heard: the instruction as :func:`moe3d_ros.plan.check_text` gives it.
        """
        self.check_something_seen()
        understood = self._labels.heard(heard)
        check_form(self._planner.model, understood.text, heard, self._planner.decider)
        return understood

    def _encoded(self) -> EncodedScene:
        if self._scene is None:
            raise ValueError("this look was given its objects and saw no cloud: it decides and answers, without poses.")
        return self._scene

    def _actions(self, steps: Sequence[GeneratedStep]) -> tuple[tuple[Action, ...], tuple[str, ...]]:
        """Actions of the steps, and notes on the corrections that were made."""
        if not steps:
            return (), ()
        planner, config = self._planner, self._planner.config
        states = torch.stack([step.state.state for step in steps])
        pointed = torch.tensor([step.state.chosen for step in steps], device=self._found.mask.device)  # (M, 2)
        beside = [step.side for step in steps], [step.second for step in steps]
        sampler = StepPoses(planner.model.pose, self._encoded(), self._found, states, pointed, *beside)
        positions, rotations = sampler.sample(config.pose_steps, config.pose_draws)  # the same cloud, the same poses
        surface = self._encoded().surface.cpu().numpy()
        touched = hold_on_surface(steps, positions, rotations, self._found, surface)
        keep_free(steps, positions, self._found, planner.model_workspace, planner.workspace)
        positions, notes = hold_in_workspace(
            positions, rotations, planner.workspace, planner.model_workspace, planner.pose_tolerance
        )
        actions = []
        for number, step in enumerate(steps):
            text = self._labels.said(step)
            target, destination = parse_step(text)
            pick, place = (pose_from_matrix(positions[number, i], rotations[number, i]) for i in (0, 1))
            confidence = config.calibrated(step_confidence(step))
            actions.append(Action(number, "pick_place", target, destination, pick, place, confidence, text))
        return tuple(actions), (*touched, *notes)


def seen_objects(objects: ObjectSet, labels: Sequence[str] = (), names: Sequence[str] = ()) -> tuple[SeenObject, ...]:
    """The objects of a batch of one, in words and plain numbers; of those with labels also what they are called."""
    columns = torch.nonzero(objects.mask[0]).flatten().tolist()
    if not labels:
        labels = names = ("",) * len(columns)
    return tuple(_seen_object(objects, *one) for one in zip(columns, labels, names))


def _seen_object(objects: ObjectSet, column: int, label: str, name: str) -> SeenObject:
    kind, color, size = names_of(objects, column)
    size = size if KIND[kind].sized else ""
    center, half = (tuple(value[0, column].tolist()) for value in (objects.center, objects.half))
    normal = None if objects.normal is None else tuple(objects.normal[0, column].tolist())
    yaw, probability = float(objects.yaw[0, column]), float(objects.score[0, column])
    name = name or f"{size} {color} {kind}".strip()
    return SeenObject(name, kind, color, size, center, half, yaw, normal, probability, label)


def step_confidence(step: GeneratedStep) -> float:
    """Probability of a step's words and of the objects pointed at, in [0, 1], before the checkpoint's calibration."""
    pointer = step.state.pointer.softmax(-1)  # (2, n + 1)
    chance = pointer.gather(-1, torch.tensor(step.state.chosen, device=pointer.device)[:, None])
    return min(max(step.probability * float(chance.prod()), 0.0), 1.0)


def sureness(steps: Sequence[GeneratedStep]) -> dict[str, float]:
    """Least probability that each part of the model gives to a step, by the part's name; see `Plan.sureness`."""
    decided = [step.decided for step in steps if step.decided is not None]
    said = [step_confidence(step) / max(step.decided or 1.0, 1e-6) for step in steps]
    parts = {"reasoner": decided, "language": [min(chance, 1.0) for chance in said]}
    return {part: min(chances) for part, chances in parts.items() if chances}


@contextmanager
def stopping(model: ThreeDMoE, should_stop: Callable[[], bool] | None):
    """Context: the networks stop between two layers once ``should_stop()`` is true, with the error CANCELLED."""
    encoder, decoder = model.encoder, model.language.llm.get_decoder()
    layers = (*encoder.patches.layers, *encoder.decoder, *decoder.layers, *model.pose.blocks)
    try:
        with interruptible(layers, should_stop):
            yield
    except Stopped:
        raise PlanningError(ErrorCode.CANCELLED, "Planning was cancelled; nothing was published.") from None
