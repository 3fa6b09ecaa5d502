"""Mutated files at every reader: each is read as its header says, or refused with a sentence; none ends in a traceback.

    python -m benchmarks fuzz_files [--files 5000] [--seed 0] [--only pcd,ply,mcap,db3,yaml,datasets]

Files of each kind are made, mutated (bytes, numbers, words, lines, ends), and read by what a user would read them with. What
counts as wrong: an exception that is no sentence of ours; a scan whose number of points is not the one in its header, or with
other points than the original where only the header was touched; a recording with messages that the original has not, or
without some that it has and not a word on them.
See _fuzzing/strange_files.py for the readers and what they must hold to.
"""

from __future__ import annotations

import argparse
import collections
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np

from benchmarks._fuzzing.strange_files import KINDS, Kind, mutated

SHOWN = 5  # failures that are printed in full


def attack(kinds: list[Kind], files: int, rng: np.random.Generator, folder: Path) -> dict:
    """Read ``files`` mutated files, the kinds in turn; what came of each kind, and every failure in words."""
    found: dict = {"read": collections.Counter(), "refused": collections.Counter(), "failures": [], "sentences": {}}
    for number in range(files):
        kind = kinds[number % len(kinds)]
        path = folder / f"{number}"
        path.mkdir()
        change = mutated(kind, rng, path)
        try:
            wrong = kind.check(path, change)
        except kind.refusals as error:
            found["refused"][kind.name] += 1
            text = str(error)
            if not text.strip() or "Traceback" in text:
                found["failures"].append(f"{kind.name}, {change.words}: refused without a sentence: {text!r}")
            found["sentences"].setdefault(text.rsplit(":", maxsplit=1)[-1][:60], text)
        except Exception:  # what this looks for
            found["failures"].append(f"{kind.name}, {change.words}:\n{traceback.format_exc(limit=-4)}")
        else:
            found["read"][kind.name] += 1
            if wrong:
                found["failures"].append(f"{kind.name}, {change.words}: {wrong}")
        for file in sorted(path.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        path.rmdir()
    return found


def main(argv=None) -> int:
    """Print what came of it; exit code 1 where a file was read wrongly or ended in a traceback."""
    parser = argparse.ArgumentParser(prog="benchmarks fuzz_files", description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=5000, help="mutated files (default 5000)")
    parser.add_argument("--seed", type=int, default=0, help="of the mutations (default 0)")
    parser.add_argument("--only", default="", help=f"kinds, by default all: {', '.join(KINDS)}")
    options = parser.parse_args(argv)
    names = [name.strip() for name in options.only.split(",") if name.strip()] or list(KINDS)
    unknown = [name for name in names if name not in KINDS]
    if unknown or options.files < 1:
        parser.error(f"there is no kind {', '.join(unknown)}: {', '.join(KINDS)}" if unknown else "use 1 file or more")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz_files_") as folder:
        kinds = [KINDS[name](np.random.default_rng(options.seed)) for name in names]
        found = attack(kinds, options.files, np.random.default_rng(options.seed), Path(folder))
    for name in names:
        print(f"{name}: {found['read'][name]} read, {found['refused'][name]} refused")
    for text in found["failures"][:SHOWN]:
        print(f"WRONG {text}")
    print(
        f"{options.files} mutated files in {time.monotonic() - began:.0f} s: {len(found['failures'])} read wrongly or ended "
        f"in a traceback; {len(found['sentences'])} different sentences"
    )
    return 1 if found["failures"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
