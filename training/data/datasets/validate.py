"""Check a dataset before training: ``python training/data/datasets/validate.py --format scanqa FILE --scans FOLDER``."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from training.data.datasets.catalogue import OPTIONS, READERS, Spec, load
from training.data.datasets.example import Loaded, Problem, Record
from training.data.datasets.json_file import lines_of, show
from training.data.datasets.scans import Scans, read_scan

SCANNET = "scannet"  # a folder of scans alone


def missing_scans(spec: Spec, loaded: Loaded) -> list[Problem]:
    """Missing scans, each with the place where it is first referred to."""
    first: dict[str, Record] = {}
    uses = Counter(record.scene_id for record in loaded.records)
    for record in loaded.records:
        if record.scene_id in loaded.missing_scans:
            first.setdefault(record.scene_id, record)
    if not first:
        return []
    lines = lines_of(spec.path.read_bytes().decode("utf-8-sig"), [record.where for record in first.values()])
    expected = "expected e.g. {0}/{0}_vh_clean_2.ply in {1}"
    return [
        Problem(
            str(spec.path),
            lines[record.where],
            show(record.where),
            f"there is no scan {name!r} ({uses[name]} examples), {expected.format(name, spec.scans)}",
        )
        for name, record in first.items()
    ]


def wrong_objects(spec: Spec, records: list[Record], known: dict[str, dict[int, str]]) -> list[Problem]:
    """Objects that the scan's labels do not have, or have under another name; ``known``: labels of each labelled scan."""
    found: list[tuple[Record, str]] = []
    for record in records:
        if record.scene_id not in known:
            continue
        labels = known[record.scene_id]
        lacking = next((i for i, number in enumerate(record.object_ids) if number not in labels), None)
        if lacking is not None:
            number, names = record.object_ids[lacking], record.object_names
            expected = f"none of scan {record.scene_id!r}, expected an objectId of its aggregation"
            hint = _shift(number, names[lacking], labels) if names else ""
            found.append((record, f"object {number} of {record.prompt[:40]!r} is {expected}{hint}"))
            continue
        for number, name in zip(record.object_ids, record.object_names):
            if not same_name(name, labels[number]):
                text = f"object {number} of {record.prompt[:40]!r} is called {name!r} and labelled {labels[number]!r} in the scan"
                found.append((record, text + _shift(number, name, labels)))
                break
    lines = lines_of(spec.path.read_bytes().decode("utf-8-sig"), [r.where for r, _ in found]) if found else {}
    return [Problem(str(spec.path), lines[r.where], show(r.where), text) for r, text in found]


def same_name(name: str, label: str) -> bool:
    """True if two names can mean one thing: "office chair", "Chairs" and "chair". An empty label says nothing."""
    one, other = ({_stem(word) for word in re.split(r"[\W_]+", text.casefold()) if word} for text in (name, label))
    return not one or not other or one <= other or other <= one


def _stem(word: str) -> str:
    """A word without the ending of its plural."""
    for ending, instead in (("ves", "f"), ("ies", "y"), ("ses", "s"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + instead
    return word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word


def _shift(number: int, name: str, labels: dict[int, str]) -> str:
    """The end of a sentence where the object one number lower or higher has the name."""
    for by, why in ((-1, "are the ids counted from 1?"), (1, "are the ids one too low?")):
        if labels.get(number + by) and same_name(name, labels[number + by]):
            return f"; object {number + by} is a {labels[number + by]}: {why}"
    return ""


def validate(name: str, path: Path, options: dict[str, str]) -> tuple[list[Problem], list[str]]:
    """Problems of a dataset and of every scan that it needs, and lines of summary."""
    if name == SCANNET:
        return _validate_scans(path)
    spec = Spec(name, path, options)
    loaded = load(spec)
    problems = list(loaded.problems)
    kinds = Counter(record.kind for record in loaded.records)
    summary = [
        f"examples: {len(loaded.records)}" + "".join(f", {kind} {count}" for kind, count in sorted(kinds.items()))
    ]
    if name != "recording":
        scans = sorted({record.scene_id for record in loaded.records} - loaded.missing_scans)
        problems += missing_scans(spec, loaded)
        known: dict[str, dict[int, str]] = {}
        for scene_id in scans:
            cloud, wrong = read_scan(Scans(spec.scans).find(scene_id))
            problems += wrong
            if cloud is not None and cloud.instances is not None:
                known[scene_id] = {int(n): "" for n in np.unique(cloud.instances) if n >= 0} | cloud.labels
        problems += wrong_objects(spec, loaded.records, known)
        summary.append(f"scans: {len(scans)} found, {len(loaded.missing_scans)} missing, in {spec.scans}")
    lengths = [len(answer.split()) for record in loaded.records for answer in record.answers]
    if lengths:
        low, middle, high = (int(v) for v in np.percentile(lengths, [0, 50, 100]))
        summary.append(f"answers: {len(lengths)}, {low} to {high} words, median {middle}")
    return problems, summary


def _validate_scans(folder: Path) -> tuple[list[Problem], list[str]]:
    """Every scan of a folder."""
    names = (
        sorted({p.name.removesuffix("_vh_clean_2.ply") for p in folder.glob("**/*_vh_clean_2.ply")})
        if folder.is_dir()
        else []
    )
    names = names or [p.stem for p in sorted(folder.glob("*.ply"))] if folder.is_dir() else []
    if not names:
        return [Problem(str(folder), 0, "scan", "there is none, expected <id>/<id>_vh_clean_2.ply")], ["scans: 0"]
    problems, points, objects = [], 0, 0
    for scene_id in names:
        path = Scans(folder).find(scene_id)
        if path is None:
            problems.append(
                Problem(str(folder), 0, "scan", f"{scene_id} is not where expected: <id>/<id>_vh_clean_2.ply")
            )
            continue
        cloud, wrong = read_scan(path)
        problems += wrong
        points += 0 if cloud is None else len(cloud.points)
        objects += 0 if cloud is None else len(cloud.labels)
    return problems, [f"scans: {len(names)}, {points} points, {objects} labelled objects"]


def main(arguments: list[str] | None = None) -> int:
    """Print every problem and a summary; 1 if there is any problem, 2 for a wrong command line."""
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0] + ".")
    parser.add_argument("path", type=Path, help="the dataset's file; a recording's file or folder; a folder of scans")
    parser.add_argument("--format", required=True, choices=[*READERS, SCANNET])
    for option in sorted(set().union(*OPTIONS.values()) - {"skip", "placement"}):
        users = ", ".join(name for name, options in OPTIONS.items() if option in options)
        parser.add_argument(f"--{option}", help=f"of {users}; see docs/datasets.md")
    chosen = vars(parser.parse_args(arguments))
    name, path = chosen.pop("format"), chosen.pop("path")
    try:
        problems, summary = validate(name, path, {key: value for key, value in chosen.items() if value is not None})
    except ValueError as error:  # an option that the format does not have
        parser.error(str(error))
    for problem in problems:
        print(problem)
    print("\n".join(summary))
    print(f"{len(problems)} problems" if problems else "no problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
