"""LEO's alignment and instruction sets (Huang et al., ICML 2024): questions, plans, scene and object captions of scans.

Five layouts, distinguished by the type of a scan's value:
    questions        {scan: {"response": [{"Q": ..., "T": "chair-3, table-5", "A": [...]}]}}
    plans            {scan: {"response": [{"instruction": ..., "plan": ...}]}}
    dialogues        {scan: {"response": [[{"role": "Human", "content": ...}, {"role": "Robot", "content": ...}]]}}
    scene captions   {scan: [{"query": ..., "response": ...}]}
    object captions  {scan: {"chair-3": [{"response": ...}]}}
The `query` of a scene (a scene graph as Python source) is not read: nothing here evaluates text.
"""

from __future__ import annotations

import re
from pathlib import Path

from training.data.datasets.example import Loaded, Record
from training.data.datasets.json_file import JsonFile, name_of
from training.data.datasets.layouts import named_otherwise

_OBJECT = re.compile(r"\s*(?P<name>.+)-(?P<number>\d{1,9})\s*")
LAYOUTS = "a list of captions, an object with 'response', or an object of 'name-id' objects"
ROLES = ("Human", "Robot")


def read(path: Path, options: dict[str, str]) -> Loaded:
    """Records of kind ``qa``, ``plan`` or ``caption``."""
    file, records = JsonFile(path), []
    if named_otherwise(file, "leo"):
        return Loaded(path, [], file.problems())
    if isinstance(file.data, list):
        file.wrong((), f"is a list, which is not supported; expected an object of scans: {LAYOUTS}")
        return Loaded(path, [], file.problems())
    for scene_id, value in file.root(dict, "an object of scans").items():
        where = (scene_id,)
        if isinstance(value, list):
            for index, entry in enumerate(value):
                records += _caption(file, (*where, index), entry, scene_id)
        elif isinstance(value, dict) and "response" in value:
            for index, entry in enumerate(file.get(where, value, "response", list) or []):
                records += _response(file, (*where, "response", index), entry, scene_id)
        elif isinstance(value, dict):
            for key, entries in value.items():
                records += _object(file, (*where, key), key, entries, scene_id)
        else:
            file.wrong(where, f"is {name_of(value)}, expected {LAYOUTS}")
    return Loaded(path, records, file.problems())


def _response(file: JsonFile, where, entry, scene_id: str) -> list[Record]:
    """A question with its answers, an instruction with its plan, or the turns of a dialogue."""
    if isinstance(entry, list):
        return _dialogue(file, where, entry, scene_id)
    if file.typed(where, entry, dict) is None:
        return []
    if "instruction" in entry or "plan" in entry:
        instruction, plan = file.get(where, entry, "instruction", str), file.get(where, entry, "plan", str)
        if instruction is None or plan is None:
            return []
        return [Record(scene_id, "plan", instruction.strip(), (plan.strip(),), where=(scene_id,))]
    question, about = file.get(where, entry, "Q", str), file.get(where, entry, "T", str, default="")
    answers = file.texts(where, entry, "A")
    if question is None or about is None or answers is None:
        return []
    named = [_OBJECT.fullmatch(part) for part in about.split(",")]  # LEO has free words here too: they mean no object
    objects = tuple(int(found["number"]) for found in named if found)
    names = tuple(found["name"] for found in named if found)
    return [Record(scene_id, "qa", question.strip(), answers, objects, names, where=(scene_id,))]


def _dialogue(file: JsonFile, where, turns: list, scene_id: str) -> list[Record]:
    """An example for each of the robot's turns; its prompt is all that was said before."""
    said: list[str] = []
    records = []
    for index, turn in enumerate(turns):
        place = (*where, index)
        if file.typed(place, turn, dict) is None:
            return []
        role, text = file.get(place, turn, "role", str), file.get(place, turn, "content", str)
        if role is None or text is None:
            return []
        expected = ROLES[index % 2]
        if role.strip().lower() != expected.lower():
            file.wrong(
                (*place, "role"), f"is {role!r}, expected {expected!r}: a dialogue begins with Human and takes turns"
            )
            return []
        if index % 2:
            records.append(Record(scene_id, "qa", " ".join(said), (text.strip(),), where=(scene_id,)))
        said.append(text.strip())
    if len(turns) < 2:
        file.wrong(where, f"is a dialogue of {len(turns)} turns, expected a question and its answer")
    return records


def _object(file: JsonFile, where, key: str, entries, scene_id: str) -> list[Record]:
    found = _OBJECT.fullmatch(key)
    if not found:
        file.wrong(where, f"is the key {key!r}, expected 'name-id' such as 'chair-3'")
        return []
    records = []
    for index, entry in enumerate(file.typed(where, entries, list) or []):
        number = int(found["number"])
        records += _caption(file, (*where, index), entry, scene_id, found["name"], number)
    return records


def _caption(file: JsonFile, where, entry, scene_id: str, name: str = "", number: int = -1) -> list[Record]:
    """A caption of the scene, or of the object that has a name and a number."""
    if file.typed(where, entry, dict) is None:
        return []
    text = file.get(where, entry, "response", str)
    if text is None:
        return []
    about, objects, names = (f"the {name}", (number,), (name,)) if name else ("", (), ())
    return [Record(scene_id, "caption", about, (text.strip(),), objects, names, where=(scene_id,))]
