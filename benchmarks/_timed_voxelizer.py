"""The voxelizer node, which notes for every cloud the time from its arrival in the callback until its voxels had left.

Used by the bench `latency`. The seconds on the clock and those of the thread's CPU are written as JSON to the file that
TIMES names, when the node ends.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from moe3d_ros.nodes.runtime.conversions import stamp_ns
from moe3d_ros.nodes.runtime.run import run_node
from moe3d_ros.nodes.voxelizer import Voxelizer


class TimedVoxelizer(Voxelizer):
    """The node itself; only its way in and its way out are timed."""

    def __init__(self):
        super().__init__()
        self._came: dict[int, float] = {}
        self._seconds: list[tuple[float, float]] = []
        self._began = 0.0

    def _hand_over(self, views) -> None:
        arrived = {stamp_ns(view.head.stamp): time.perf_counter() for view in views}
        self._came = arrived | dict(list(self._came.items())[:20])
        super()._hand_over(views)

    def _process(self, views, sensors) -> None:
        self._began = time.thread_time()
        super()._process(views, sensors)

    def _send(self, msg) -> None:
        super()._send(msg)
        came = self._came[stamp_ns(msg.header.stamp)]
        self._seconds.append((time.perf_counter() - came, time.thread_time() - self._began))

    def close(self) -> None:
        super().close()
        Path(os.environ["TIMES"]).write_text(json.dumps(self._seconds), encoding="ascii")


if __name__ == "__main__":
    raise SystemExit(run_node(TimedVoxelizer, clouds=True))
