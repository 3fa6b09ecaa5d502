"""Study "does the mixture pay?": ``python training/study.py --plan docs/results/plan.yaml``

Every variant of the plan is trained with every seed until its held-out loss is flat, on the same cached scenes. The queue may be
stopped at any time: the same command goes on from there, finished runs are kept. At its end, or with ``--report-only`` at any
time, the report says what there is and what is missing.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from training.studies.study_plan import read_plan
from training.studies.study_report import finished, write_report
from training.studies.study_run import Place, run


def main(arguments: list[str] | None = None) -> int:
    """Work through the queue and write the report; 1 where runs are missing, 2 for a plan or a result that does not fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", type=Path, default=Path("docs/results/plan.yaml"), help="default: %(default)s")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/study"), help="folder of the runs (default: %(default)s)"
    )
    parser.add_argument("--scenes", type=Path, help="folder of the cached scenes (default: scenes in that of the runs)")
    parser.add_argument("--results", type=Path, help="folder of what finished runs found (default: that of the runs)")
    parser.add_argument("--output", type=Path, help="folder of the report (default: that of the runs)")
    parser.add_argument("--only", action="append", help="a variant by its name; may be given several times")
    parser.add_argument("--seeds", type=int, nargs="+", help="of the plan's seeds, these alone")
    parser.add_argument("--minutes", type=float, help="stop after this long; the same command goes on later")
    parser.add_argument("--report-only", action="store_true", help="train nothing")
    options = parser.parse_args(arguments)
    try:
        plan = read_plan(options.plan)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    unknown = {*(options.only or ())} - {variant.name for variant in plan.variants}
    if unknown:
        parser.error(f"no variant {', '.join(sorted(unknown))}: there are {', '.join(v.name for v in plan.variants)}")
    place = Place(options.runs, options.scenes or options.runs / "scenes", options.results)
    until = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    try:
        done = finished(plan, place)  # before hours of training beside a result that does not fit
        for variant, seed in plan.queue():
            chosen = variant.name in (options.only or (variant.name,)) and seed in (options.seeds or (seed,))
            if options.report_only or not chosen or seed in done[variant.name]:
                continue
            if not run(plan, variant, seed, place, until):
                break
        text, complete = write_report(plan, place, options.output or options.runs)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(text)
    return int(not complete)


if __name__ == "__main__":
    sys.exit(main())
