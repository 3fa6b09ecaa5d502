"""SQA3D (Ma et al., ICLR 2023): questions asked from a situation in a ScanNet scan, annotations in a second file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from moe3d_ros.world.pose import Pose
from training.data.datasets.example import Loaded, Problem, Record
from training.data.datasets.json_file import JsonFile
from training.data.datasets.layouts import named_otherwise


def annotations_of(path: Path) -> Path:
    """`v1_balanced_sqa_annotations_val_scannetv2.json` for `v1_balanced_questions_val_scannetv2.json`."""
    return path.with_name(path.name.replace("questions", "sqa_annotations"))


def read(path: Path, options: dict[str, str]) -> Loaded:
    """Records of kind ``situated_qa``: the situation's words stand before the question.

    Args:
        path: the questions; ``annotations`` among the options names the other file where its name is not SQA3D's.
    """
    questions = JsonFile(path)
    if named_otherwise(questions, "sqa3d"):
        return Loaded(path, [], questions.problems())
    second = Path(options["annotations"]) if "annotations" in options else annotations_of(path)
    if second == path:
        text = "has no 'questions' in its name, expected the questions file, or the option annotations=FILE"
        return Loaded(path, [], [Problem(str(path), 0, "file", text)])
    annotations = JsonFile(second)
    answered = _annotations(annotations)
    records, asked = [], set()
    for index, entry in enumerate(_list(questions, "questions")):
        where = ("questions", index)
        if questions.typed(where, entry, dict) is None:
            continue
        scene_id, number = (
            questions.get(where, entry, "scene_id", str),
            questions.get(where, entry, "question_id", (int, str)),
        )
        situation, question = (
            questions.get(where, entry, "situation", str),
            questions.get(where, entry, "question", str),
        )
        others = questions.texts(where, entry, "alternative_situation", least=0)
        asked.add(number)
        if number is not None and answered is not None and number not in answered:
            questions.wrong((*where, "question_id"), f"is {number}, expected one that {second.name} has an answer to")
            continue
        if others is None or None in (scene_id, number, situation, question):
            continue
        if answered is None or answered[number] is None:
            continue
        scene, answers, pose, place = answered[number]
        if scene != scene_id:
            annotations.wrong((*place, "scene_id"), f"is {scene!r}, expected {scene_id!r} as in the question {number}")
            continue
        for words in (situation, *others):
            prompt, named = f"{words.strip()} {question.strip()}", (*where, "scene_id")
            records.append(Record(scene_id, "situated_qa", prompt, answers, situation=pose, where=named))
    if questions.data is not None:
        for number, found in (answered or {}).items():
            if number not in asked:
                annotations.wrong(found[3] if found else (), f"question_id {number} has no question in {path.name}")
    return Loaded(path, records, questions.problems() + annotations.problems())


def _list(file: JsonFile, key: str) -> list:
    if file.data is None:
        return []
    return file.get((), file.root(dict, f"an object with {key!r}"), key, list) or []


def _annotations(file: JsonFile) -> dict | None:
    """question id -> scene, answers, situation, place in the file; None for one that is wrong, or if the file is."""
    if file.data is None:
        return None
    found: dict = {}
    for index, entry in enumerate(_list(file, "annotations")):
        where = ("annotations", index)
        if file.typed(where, entry, dict) is None:
            continue
        number = file.get(where, entry, "question_id", (int, str))
        scene_id, listed = file.get(where, entry, "scene_id", str), file.get(where, entry, "answers", list)
        pose, answers = _pose(file, where, entry), None
        if listed is not None:
            if not listed:
                file.wrong((*where, "answers"), "is empty, expected 1 or more answers")
            answers = [_answer(file, (*where, "answers", i), answer) for i, answer in enumerate(listed)] or [None]
        if number is None:
            continue
        if number in found:
            file.wrong((*where, "question_id"), f"is {number} a second time, expected one annotation for a question")
            continue
        whole = None not in (scene_id, pose, answers) and None not in answers
        found[number] = (scene_id, tuple(answers), pose, where) if whole else None
    return found


def _answer(file: JsonFile, where, answer) -> str | None:
    if file.typed(where, answer, dict) is None:
        return None
    text = file.get(where, answer, "answer", str)
    return None if text is None else text.strip()


def _pose(file: JsonFile, where, entry) -> Pose | None:
    """Position in metres and rotation xyzw, the latter of length 1 within 1 %."""
    position, rotation = file.get(where, entry, "position", dict), file.get(where, entry, "rotation", dict)
    if position is None or rotation is None:
        return None
    place = file.numbers((*where, "position"), position, ("x", "y", "z"))
    turn = file.numbers((*where, "rotation"), rotation, ("_x", "_y", "_z", "_w"))
    if place is None or turn is None:
        return None
    length = float(np.linalg.norm(turn))
    if abs(length - 1) > 0.01:
        file.wrong((*where, "rotation"), f"is a quaternion of length {length:.3g}, expected length 1")
        return None
    (x, y, z), (qx, qy, qz, qw) = place, turn
    return Pose((x, y, z), (qx, qy, qz, qw))
