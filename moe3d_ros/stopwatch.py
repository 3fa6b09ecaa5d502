"""Seconds spent per stage of planning, reported to the caller as the stages begin."""

from __future__ import annotations

import time
from contextlib import contextmanager


class Stopwatch:
    """Context per stage: ``with watch("encode"): ...``.

    Attributes:
        seconds: spent in each stage, in the order in which they ended.
    """

    def __init__(self, on_progress=None):
        self.seconds: dict[str, float] = {}
        self._on_progress = on_progress

    def report(self, stage: str, text: str = "") -> None:
        """Call ``on_progress(stage, text)``, if there is one."""
        if self._on_progress is not None:
            self._on_progress(stage, text)

    @contextmanager
    def __call__(self, stage: str):
        """Report the stage and measure the block."""
        self.report(stage)
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start
