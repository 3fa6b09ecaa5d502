"""Poses, actions and plans as dataclasses, the numbered errors, and the check of instructions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import IntEnum

from moe3d_ros.world.pose import Pose
from moe3d_ros.world.seen_object import SeenObject

MAX_CHARACTERS = 1000  # of an instruction, a question or a completed step


@dataclass(frozen=True)
class Action:
    """One step: pick the target at ``pick``, release it at ``place``.

    Attributes:
        index: place in the plan, from 0.
        verb: ``pick_place``.
        target: what is picked, in words.
        destination: where it goes, in words, with its preposition.
        pick: tool pose at contact.
        place: tool pose at release.
        confidence: the model's own probability that the step is right, in [0, 1].
        text: the whole step as the model wrote it.
    """

    index: int
    verb: str
    target: str
    destination: str
    pick: Pose
    place: Pose
    confidence: float
    text: str

    def to_dict(self, frame: str) -> dict:
        """Plain types for JSON."""
        return {
            "index": self.index,
            "verb": self.verb,
            "text": self.text,
            "target": self.target,
            "destination": self.destination,
            "pick": self.pick.to_dict(frame),
            "place": self.place.to_dict(frame),
            "confidence": self.confidence,
        }


@dataclass(frozen=True)
class Plan:
    """A plan for one instruction, made from one look at the scene.

    Attributes:
        instruction: as the person said it.
        actions: what remains to be done, in order.
        complete: True when the model says that nothing is left to do (then there are no actions).
        latency_s: seconds spent per stage of planning.
        frame: name of the planning frame that every pose is in.
        notes: sentences about corrections, such as a pose that was set on a face of the workspace.
        sureness: by part of the model, how sure it is of the step that it is least sure of, in [0, 1]: ``reasoner`` of what
            is moved where, ``language`` of its words; empty where nothing is to be done.
        seen: what the planner saw when it made the plan, from left to right.
    """

    instruction: str
    actions: tuple[Action, ...]
    complete: bool
    latency_s: dict[str, float] = field(default_factory=dict)
    frame: str = "base_link"
    notes: tuple[str, ...] = ()
    sureness: dict[str, float] = field(default_factory=dict)
    seen: tuple[SeenObject, ...] = ()

    def to_dict(self) -> dict:
        """Plain types for JSON."""
        return {
            "instruction": self.instruction,
            "actions": [action.to_dict(self.frame) for action in self.actions],
            "complete": self.complete,
            "latency_s": dict(self.latency_s),
            "notes": list(self.notes),
        }


class ErrorCode(IntEnum):
    """Reason for which there is no plan; the same numbers as in ``action/PlanTask.action``."""

    NONE = 0
    NO_CLOUD = 1
    STALE_CLOUD = 2
    EMPTY_WORKSPACE = 3
    TRANSFORM = 4
    BAD_INSTRUCTION = 5
    MODEL = 6
    OUTSIDE_WORKSPACE = 7
    TIMEOUT = 8
    CANCELLED = 9
    LOW_CONFIDENCE = 10
    KEEP_OUT = 11
    NOT_ACTIVE = 12
    IMPOSSIBLE = 13
    BUSY = 14


class PlanningError(RuntimeError):
    """Planning failed; ``code`` says why, the message says what to do about it."""

    def __init__(self, code: ErrorCode, message: str):
        super().__init__(message)
        self.code = code


_SHOUTED = re.compile(r"\b[^\W\d_]{2,}\b")
_TITLED_WITHIN = re.compile(r"""(?<=[^\s.!?:;-]\s)["'(\[{<]*[A-Z][a-z]+\b""")  # behind a word or a comma


def normalised(text: str) -> str:
    """The text in the form that the model is trained on: what changes the look of a sentence and not its meaning is taken away.

    Unicode's compatibility forms are one (NFKC: full width, ligatures, no-break spaces), characters that are not seen are
    dropped, white space and line breaks are single spaces. Words in CAPITALS are in small letters, and so are Titled Words
    within a sentence; a capital that begins one stays, for the model was trained with both.
    """
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf"))
    text = " ".join(text.split())
    shouted = text.isupper() and any(len(word) > 1 for word in text.split())
    if shouted:
        text = re.sub(r"\bi\b(?!\.)", "I", text.lower())
    text = _SHOUTED.sub(lambda word: word.group().lower() if word.group().isupper() else word.group(), text)
    return _TITLED_WITHIN.sub(lambda word: word.group().lower(), text)


def check_text(text: str, what: str = "instruction") -> str:
    """The text in the form that the model is trained on, see :func:`normalised`.

    Args:
        text: as it came.
        what: its name in the sentence of the error: instruction, question, completed step.

    Raises:
        PlanningError: BAD_INSTRUCTION where it is empty, too long, or no text that can be read.
    """
    if not isinstance(text, str) or not text.strip():
        raise PlanningError(
            ErrorCode.BAD_INSTRUCTION,
            f"The {what} is empty: say what should happen, for example 'put the red block in the green bowl'.",
        )
    text = normalised(text)
    if len(text) > MAX_CHARACTERS:
        raise PlanningError(
            ErrorCode.BAD_INSTRUCTION,
            f"The {what} has {len(text)} characters, at most {MAX_CHARACTERS} are allowed: say it shorter.",
        )
    # DDS carries bytes: what was not valid UTF-8 arrives with replacement characters.
    if any(c == "\ufffd" or "\ud800" <= c <= "\udfff" for c in text) or not any(c.isalnum() for c in text):
        raise PlanningError(
            ErrorCode.BAD_INSTRUCTION, f"The {what} is not clean UTF-8 text: send it as plain words in UTF-8."
        )
    return text
