"""ScanQA (Azuma et al., CVPR 2022): a JSON list of questions about ScanNet scans with their answers and objects."""

from __future__ import annotations

import re
from pathlib import Path

from training.data.datasets.example import Loaded, Record
from training.data.datasets.json_file import JsonFile
from training.data.datasets.layouts import named_otherwise

_MARKUP = re.compile(r"###\s*(human|assistant)\s*:", re.IGNORECASE)


def read(path: Path, options: dict[str, str]) -> Loaded:
    """Records of kind ``qa``. Test files of ScanQA have no answers and are refused: there is nothing to learn."""
    file, records = JsonFile(path), []
    if named_otherwise(file, "scanqa"):
        return Loaded(path, [], file.problems())
    seen: dict[str, int] = {}
    for index, entry in enumerate(file.root(list, "a list of questions")):
        where = (index,)
        if file.typed(where, entry, dict) is None:
            continue
        if _MARKUP.search(str(entry.get("question"))):
            file.wrong(
                (*where, "question"), "is a dialogue in 3D-LLM's markup ('### human: ...'), which is not supported"
            )
            continue
        scene_id, question = file.get(where, entry, "scene_id", str), file.get(where, entry, "question", str)
        number, answers = file.get(where, entry, "question_id", str), file.texts(where, entry, "answers")
        objects = _ids(file, where, entry)
        names = file.texts(where, entry, "object_names", least=0)
        if objects is not None and names is not None and len(objects) != len(names):
            file.wrong(
                (*where, "object_names"), f"has {len(names)} names, expected {len(objects)}, one for each object id"
            )
            names = None
        if number is not None and seen.setdefault(number, index) != index:
            file.wrong((*where, "question_id"), f"is that of entry {seen[number]} too, expected an id of its own")
            continue
        if answers is None or objects is None or names is None:
            continue
        if None not in (scene_id, question, number):
            named = (*where, "scene_id")
            records.append(Record(scene_id, "qa", question.strip(), answers, objects, names, where=named))
    return Loaded(path, records, file.problems())


def _ids(file: JsonFile, where, entry) -> tuple[int, ...] | None:
    found = file.get(where, entry, "object_ids", list)
    if found is None:
        return None
    numbers = [file.typed((*where, "object_ids", i), number, int) for i, number in enumerate(found)]
    return None if None in numbers else tuple(numbers)
