"""Memory of a planner over many lifecycle cycles: configure, activate, plan, deactivate, clean up.

    python -m benchmarks lifecycle [--cycles 100] [--checkpoint FOLDER]

One process; the plan comes by the action over DDS. Without --checkpoint the model is tiny and random. The last line
says whether the memory after the last cycle is within 5 % of that after the first.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from moe3d_ros.processes import OwnDomain

MAX_GROWTH = 0.05


def measure(cycles: int, checkpoint: str) -> list[float]:
    """Memory after each cycle, MiB. Raises RuntimeError where a transition or a plan fails."""
    import rclpy
    from rclpy.lifecycle import TransitionCallbackReturn

    from benchmarks._scene import Client, Spinner, wait
    from moe3d_ros.nodes.planner import PlannerNode
    from moe3d_ros.nodes.runtime.memory import configure_malloc, memory_mib

    arguments = ["--ros-args", "-p", "autostart:=false", "-p", f"checkpoint:='{checkpoint}'", "-p", "threads:=1"]
    arguments += ["-r", "__ns:=/benchmark", "--log-level", "warn"]
    configure_malloc()  # as the node's program does
    rclpy.init(args=arguments)
    planner, memory = PlannerNode(), []
    node = rclpy.create_node("lifecycle_benchmark")
    client = Client(node)
    try:
        with Spinner(planner, threads=16), Spinner(node) as spinner:
            client.wait_for_planner()
            for number in range(cycles):
                start = time.monotonic()
                change(planner.trigger_configure, "configure", TransitionCallbackReturn.SUCCESS)
                change(planner.trigger_activate, "activate", TransitionCallbackReturn.SUCCESS)
                result = wait(client.result(spinner, client.goal(spinner))).result
                if result.error_code:
                    raise RuntimeError(f"no plan in cycle {number + 1}: {result.error_msg}")
                change(planner.trigger_deactivate, "deactivate", TransitionCallbackReturn.SUCCESS)
                change(planner.trigger_cleanup, "clean up", TransitionCallbackReturn.SUCCESS)
                memory.append(memory_mib())
                if number % max(1, cycles // 10) == 0 or number == cycles - 1:
                    took = time.monotonic() - start
                    print(f"cycle {number + 1:4d}  {memory[-1]:8.1f} MiB  {took:6.2f} s", flush=True)
    finally:
        planner.close()
        rclpy.try_shutdown()
    return memory


def change(trigger, name: str, success) -> None:
    """Make a transition. Raises RuntimeError where it fails."""
    if trigger() != success:
        raise RuntimeError(f"the planner did not {name}")


def main(argv=None) -> int:
    """Print the memory after each tenth of the cycles; exit code 1 where it has grown by more than 5 %."""
    parser = argparse.ArgumentParser(prog="benchmarks lifecycle", description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=100, help="how often (default 100)")
    parser.add_argument("--checkpoint", help="name or folder of the checkpoint (default: tiny and random)")
    options = parser.parse_args(argv)
    domain = OwnDomain()
    os.environ.update(domain.environment())  # before rclpy reads it
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = options.checkpoint
        if checkpoint is None:
            from moe3d_ros.model.tiny import write_tiny_checkpoint

            checkpoint = str(write_tiny_checkpoint(Path(folder) / "tiny"))
        memory = measure(options.cycles, checkpoint)
    domain.close()
    growth = memory[-1] / memory[0] - 1
    kept = growth <= MAX_GROWTH
    print(f"after the first cycle {memory[0]:.1f} MiB, after the last {memory[-1]:.1f} MiB, most {max(memory):.1f} MiB")
    print(
        f"memory within {100 * MAX_GROWTH:.0f} % of the first cycle's: {'yes' if kept else 'no'} ({100 * growth:+.1f} %)"
    )
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
