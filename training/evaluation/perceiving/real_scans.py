"""Suite ``scans``: labelled scans of real tables, asked for the leftmost, nearest or tallest object, and judged by their labels."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from time import perf_counter

import numpy as np
from tqdm import tqdm

from moe3d_ros.look import Look
from moe3d_ros.plan import ErrorCode, Plan, PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.sensing.clouds import CloudError
from moe3d_ros.view.picture import draw_plan
from moe3d_ros.world.seen_object import SeenObject
from moe3d_ros.world.vocabulary import number_said
from training.evaluation.judging.shares import shares
from training.evaluation.judging.shares import table as shares_table
from training.evaluation.perceiving.labelled_scans import (
    SORTS,
    LabelledScan,
    Sort,
    labelled_files,
    load_scan,
    on_side,
)
from training.evaluation.suite import Figures, Parser, Suite, bars_of

COUNT = "how many objects are on the table?"
RIGHT_BAR, SIDE_BAR, COUNT_BAR = 0.8, 0.95, 0.8
FOUND = 0.5  # share of an object's points that the one seen box on it must hold
MILLIMETRES = ErrorCode.OUTSIDE_WORKSPACE  # a plan that is lost for where a pose lies, not for what is meant


def run(planner: Planner, folder: Path, show: bool = False, pictures: Path | None = None) -> Figures:
    """Ask every clear question about every labelled scan of a folder.

    Args:
        show: print what is seen and what is labelled. pictures: folder for one of each scan, see `_draw`.

    Returns:
        ``right_thing``, ``some_thing``, ``lost`` and ``lost_to_a_pose`` of the questions; ``right_side`` of the plans;
        ``seen_right`` and ``seen_within_one`` (number of things seen), ``answered_right`` and ``answered_within_one`` (what is
        answered to COUNT) and ``table_found`` of the scans; ``objects_found`` of the labelled objects and
        ``seen_on_an_object`` of what is seen; with counts and 95 % intervals. ``seconds_median`` of a look and a plan;
        ``scans`` with what is seen and what is labelled; a record of every question.

    Raises:
        ValueError: no scan could be judged; says of each why.
    """
    scans: list[dict] = []
    records: list[dict] = []
    for path in tqdm(labelled_files(folder), desc="scans", mininterval=5):
        try:
            scan = load_scan(path)
        except CloudError as error:
            scans.append({"scan": path.stem, "error": str(error)})
            continue
        described, asked, plans = ask(planner, scan)
        scans.append(described)
        records += asked
        if pictures is not None:
            _draw(pictures, scan, described, asked, plans)
    if all(scan.get("error") for scan in scans):
        raise ValueError(f"None of the {len(scans)} scans in {folder} can be judged. The first: {scans[0]['error']}")
    return {"folder": str(folder), "show": show, **summary(scans, records), "scans": scans, "records": records}


def ask(planner: Planner, scan: LabelledScan) -> tuple[dict, list[dict], list[Plan]]:
    """Things seen in a scan beside those that are labelled, a record of each of its questions, and their plans."""
    began = perf_counter()
    look, lost = None, None
    try:
        look = planner.look(scan.points, scan.colors)
    except PlanningError as error:
        lost = error
    looked = perf_counter() - began
    seen = look.objects if look else ()
    described = {
        "scan": scan.name,
        "error": "",
        "lost": str(lost or ""),
        "notes": list(look.notes) if look else [],
        "labelled": [_labelled(number, points) for number, points in scan.objects.items()],
        "seen": [_seen(thing, *scan.seen_on(thing)) for thing in seen],
        "answer": _answer(look),
        "seconds": looked,
    }
    records, plans = [], []
    for sort, wanted in scan.questions():
        began = perf_counter()
        plan, refused = _planned(look, sort.instruction)
        seconds = looked + perf_counter() - began
        records.append({"scan": scan.name, **judge(scan, sort, wanted, plan, lost or refused), "seconds": seconds})
        plans.append(plan or Plan(sort.instruction, (), False, seen=tuple(seen)))
    return described, records, plans


def _draw(folder: Path, scan: LabelledScan, described: dict, records: list[dict], plans: list[Plan]) -> None:
    """Write SHARE_NAME.png: what was seen and the scan's first plan; SHARE, in percent, of its objects found and questions right.

    Sorted by name the pictures go from the worst scan to the best. A scan without a clear question has none.
    """
    if not plans:
        return
    found = [_found(label["object"], described["seen"]) for label in described["labelled"]]
    right = [record["right_thing"] for record in records]
    score = round(50 * (sum(found) / max(len(found), 1) + sum(right) / max(len(right), 1)))
    verdict = (
        f"Found {sum(found)} of {len(found)} labelled objects, saw {len(described['seen'])} things; took the right object in "
        f"{sum(right)} of {len(right)} questions."
    )
    known = np.isfinite(scan.points).all(axis=1)
    colors = None if scan.colors is None else scan.colors[known]
    draw_plan(folder / f"{score:03}_{scan.name}.png", plans[0], scan.points[known], colors, verdict=verdict)


def judge(scan: LabelledScan, sort: Sort, wanted: int, plan: Plan | None, error: PlanningError | None = None) -> dict:
    """Judge the first step of a plan by what its pick is nearest to and by where its place lies.

    Returns:
        picked: number of the object that is taken, None for none. right_thing, some_thing. right_side: None without a step.
        lost: there is no step; ``code`` and ``reason`` say why.
    """
    action = plan.actions[0] if plan is not None and plan.actions else None
    picked = scan.picked(action.pick.position) if action else None
    reason = "the plan says that nothing is left to do" if plan is not None and action is None else str(error or "")
    return {
        "sort": sort.name,
        "instruction": sort.instruction,
        "wanted": wanted,
        "picked": picked,
        "right_thing": picked == wanted,
        "some_thing": picked is not None,
        "right_side": on_side(sort.side, action.place.position) if action else None,
        "lost": action is None,
        "code": error.code.name if error else "DONE" if action is None else "",
        "reason": reason if action is None else "",
        "text": action.text if action else "",
        "pick": _rounded(action.pick.position) if action else None,
        "place": _rounded(action.place.position) if action else None,
    }


def _planned(look: Look | None, instruction: str) -> tuple[Plan | None, PlanningError | None]:
    """The plan of a look, or the error why there is none."""
    try:
        return (look.plan(instruction) if look else None), None
    except PlanningError as error:
        return None, error


def _answer(look: Look | None) -> str:
    """The answer to COUNT, or the reason why there is none."""
    try:
        return look.answer(COUNT) if look else ""
    except PlanningError as error:
        return str(error)


def _rounded(values) -> list[float]:
    return [round(float(value), 4) for value in values]


def _labelled(number: int, points: np.ndarray) -> dict:
    low, high = np.percentile(points, (2, 98), axis=0)
    return {
        "object": number,
        "points": len(points),
        "center": _rounded((low + high) / 2),
        "half_extents": _rounded((high - low) / 2),
    }


def _seen(thing: SeenObject, number: int | None, share: float) -> dict:
    return {
        "name": thing.name,
        "kind": thing.kind,
        "color": thing.color,
        "object": number,
        "share": round(share, 3),
        "center": _rounded(thing.center),
        "half_extents": _rounded(thing.half_extents),
        "yaw": round(thing.yaw, 3),
        "probability": round(thing.probability, 3),
    }


def summary(scans: list[dict], records: list[dict]) -> Figures:
    """The suite's shares with 95 % intervals, and the median seconds of a look with a plan."""
    judged = [scan for scan in scans if not scan["error"]]
    seen_off = [abs(len(scan["seen"]) - len(scan["labelled"])) for scan in judged]
    said_off = [_count_off(scan) for scan in judged]
    groups = {name: [record[name] for record in records] for name in ("right_thing", "some_thing")}
    groups["right_side"] = [record["right_side"] for record in records if not record["lost"]]
    groups["lost"] = [record["lost"] for record in records]
    groups["lost_to_a_pose"] = [record["code"] == MILLIMETRES.name for record in records]
    groups["seen_right"] = [off == 0 for off in seen_off]
    groups["seen_within_one"] = [off <= 1 for off in seen_off]
    groups["answered_right"] = [off == 0 for off in said_off]
    groups["answered_within_one"] = [off is not None and off <= 1 for off in said_off]
    groups["objects_found"] = [_found(label["object"], scan["seen"]) for scan in judged for label in scan["labelled"]]
    groups["seen_on_an_object"] = [thing["object"] is not None for scan in judged for thing in scan["seen"]]
    groups["table_found"] = [not scan["error"] for scan in scans]
    for sort in SORTS:
        groups[f"right_thing, {sort.name}"] = [r["right_thing"] for r in records if r["sort"] == sort.name]
    seconds = [record["seconds"] for record in records]
    return {**shares(groups), "seconds_median": float(np.median(seconds)) if seconds else None}


def _found(number: int, seen: list[dict]) -> bool:
    """True if exactly one seen box holds FOUND of the object's points, and no other one is on it."""
    shares_of = [thing["share"] for thing in seen if thing["object"] == number]
    return len(shares_of) == 1 and shares_of[0] >= FOUND


def _count_off(scan: dict) -> int | None:
    """Distance of the answered number from the labelled one; None where no number was answered."""
    number = number_said(scan["answer"])
    return None if number is None else abs(number - len(scan["labelled"]))


def bars(figures: Figures) -> dict[str, bool]:
    """Goals of the suite and whether each is met."""
    at_least = {"right_thing": RIGHT_BAR, "right_side": SIDE_BAR, "seen_within_one": COUNT_BAR}
    lost = figures["lost_to_a_pose"]
    return bars_of(figures, at_least, {}) | ({} if lost is None else {"lost_to_a_pose = 0": lost == 0})


def table(figures: Figures) -> str:
    """The shares, a row for each scan, the lost plans and, with ``--show``, what is seen and labelled."""
    seconds = figures["seconds_median"]
    lines = [shares_table(figures)]
    lines += [f"look and plan, median        {seconds:.2f} s"] * (seconds is not None)
    lines += [f"{'scan':12}{'labelled':>9}{'seen':>6}{'answer':>8}  question: right, other object, nothing, lost; side"]
    for scan in figures["scans"]:
        lines.append(_row(scan, [r for r in figures["records"] if r["scan"] == scan["scan"]]))
        if figures["show"] and not scan["error"]:
            lines += [f"    labelled {label['object']:2}  {_box(label)}" for label in scan["labelled"]]
            lines += [
                f"    seen {_of(thing['object']):6}  {_box(thing)}  {thing['name']} ({thing['probability']:.2f})"
                for thing in scan["seen"]
            ]
    lost = [f"{r['scan']}, {r['sort']}: {r['code']}: {r['reason']}" for r in figures["records"] if r["lost"]]
    return "\n".join(lines + ["lost", *lost] * bool(lost))


def _row(scan: dict, records: list[dict]) -> str:
    if scan["error"]:
        return f"{scan['scan']:12}not judged: {scan['error']}"
    answer = scan["answer"] if len(scan["answer"]) < 8 else "none"
    told = "; ".join(f"{record['sort']} {_outcome(record)}" for record in records) or "no clear question"
    return f"{scan['scan']:12}{len(scan['labelled']):9}{len(scan['seen']):6}{answer:>8}  {told}"


def _outcome(record: dict) -> str:
    if record["lost"]:
        return "lost"
    taken = "right" if record["right_thing"] else "other object" if record["some_thing"] else "nothing"
    return f"{taken}, side {'right' if record['right_side'] else 'wrong'}"


def _of(number: int | None) -> str:
    return "-" if number is None else f"on {number}"


def _box(thing: dict) -> str:
    center, half = ((f"{value:6.3f}" for value in thing[key]) for key in ("center", "half_extents"))
    return f"at {' '.join(center)}  half {' '.join(half)}"


def _add_options(parser: Parser) -> None:
    parser.add_argument("--folder", type=Path, required=True, help="of PCD files with a field label")
    parser.add_argument("--show", action="store_true", help="print what is seen and what is labelled in every scan")
    parser.add_argument(
        "--pictures", type=Path, help="folder for a picture of each scan, with what was seen and planned"
    )


def _check(options: Namespace) -> None:
    labelled_files(options.folder)
    if options.pictures is not None and options.pictures.exists() and not options.pictures.is_dir():
        raise ValueError(f"--pictures {options.pictures} is a file: name a folder, which need not be there yet.")


def _run(planner: Planner, options: Namespace) -> Figures:
    return run(planner, options.folder, options.show, options.pictures)


SUITE = Suite(name="scans", run=_run, table=table, bars=bars, add_options=_add_options, check=_check)
