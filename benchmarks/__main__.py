"""Runs one benchmark, or all but the long ones: `python -m benchmarks [NAME [ARGUMENTS]]`."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from pathlib import Path


def names() -> list[str]:
    """The benchmarks that there are, sorted."""
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(module.name for module in modules if not module.name.startswith("_"))


LONG = ("fuzz", "fuzz_files", "soak")  # minutes to half an hour: they run when they are named


def run_all() -> int:
    """Runs every benchmark but the long ones with its defaults; 1 where one failed, after the others have run."""
    print(f"not without being named, since they take long: {', '.join(LONG)}", flush=True)
    failed = []
    for name in names():
        if name in LONG:
            continue
        print(f"== {name}", flush=True)
        try:
            status = importlib.import_module(f"benchmarks.{name}").main([])
        except Exception:  # one broken benchmark must not hide the others' figures
            traceback.print_exc()
            status = 1
        failed += [name] if status else []
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def main() -> int:
    if len(sys.argv) == 1:
        return run_all()
    name, arguments = sys.argv[1].replace("-", "_"), sys.argv[2:]
    if name not in names():
        print(f"usage: python -m benchmarks [NAME [ARGUMENTS]]\nbenchmarks: {', '.join(names())}", file=sys.stderr)
        return 0 if name in ("__help", "_h") else 2
    return int(importlib.import_module(f"benchmarks.{name}").main(arguments) or 0)


if __name__ == "__main__":
    sys.exit(main())
