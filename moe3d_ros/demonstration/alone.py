"""The demo without ROS, in one process: the planner looks at the embedded world, and the arm there executes.

    moe3d-demo
    moe3d-demo --instruction "put the red block in the green bowl"
    moe3d-demo --task "put the blocks in the bowls with matching colors"
    moe3d-demo --view      # with the live view in the browser; more instructions are typed there

For where only pip has been: pip install "moe3d-ros[sim,view]". It plans, executes and judges as `make demo` does with nodes,
and writes plan.json, plan.png and plan.gif. Exit codes: 0 success or executed, 1 no success, 2 something failed, 130 interrupted.
"""

from __future__ import annotations

import argparse
import queue
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from moe3d_ros.cores import compute_threads
from moe3d_ros.demonstration.executions import DemoError, execute_plan, execute_task
from moe3d_ros.demonstration.verdicts import (
    FILM,
    INSTRUCTION,
    describe,
    judge_plan,
    judge_task,
    write_json,
    written_files,
)
from moe3d_ros.plan import Plan, PlanningError
from moe3d_ros.view.film import RATE, Film
from moe3d_ros.view.picture import draw_plan
from moe3d_ros.world.gripper_names import GRIPPERS, SUCTION

CONTAINS = ("red block", "green bowl")
DRAWN_EVERY = 8  # time steps of the world, of the robot in the view: 30 a second
POSE_TOLERANCE = 0.01  # metres, as the planner node has it


def main(argv: list[str] | None = None) -> int:
    """Entry point of the program `moe3d-demo`; returns its exit code."""
    args = parse_arguments(argv)
    for former in written_files(args.out):
        former.unlink(missing_ok=True)
    try:
        return run(args)
    except KeyboardInterrupt:
        print("The demo was interrupted.", file=sys.stderr)
        return 130
    except (ImportError, RuntimeError, ValueError, OSError) as error:
        hint = ' Install what it needs: pip install "moe3d-ros[sim,view]".' if isinstance(error, ImportError) else ""
        print(f"The demo failed: {' '.join(str(error).split())}{hint}", file=sys.stderr)
        return 2


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Options of the program."""
    parser = argparse.ArgumentParser(prog="moe3d-demo", description=__doc__.split("\n")[0])
    parser.add_argument("--instruction", default=INSTRUCTION, help=f"what should happen; {INSTRUCTION!r}")
    parser.add_argument("--task", default="", help="a long task, to its end, instead of an instruction")
    parser.add_argument("--seed", type=int, default=0, help="of the scene")
    parser.add_argument("--checkpoint", default="default", help="name or folder")
    parser.add_argument("--no-arm", dest="arm", action="store_false", help="suction without a body executes")
    parser.add_argument("--gripper", default=SUCTION, choices=GRIPPERS, help="of the arm (default: %(default)s)")
    parser.add_argument("--view", action="store_true", help="serve the live view and stay until Ctrl-C")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder of plan.json, plan.png and plan.gif")
    args = parser.parse_args(argv)
    if args.seed < 0:
        parser.exit(2, f"The demo failed: the seed is {args.seed}, use 0 or more.\n")
    args.instruction = args.task or args.instruction
    return args


def run(args: argparse.Namespace, planner: Any = None) -> int:
    """Plan, execute, judge and write; ``planner``: in the place of the checkpoint's. Raises what `main` turns into one line."""
    began = time.monotonic()
    record: dict[str, Any] = {"instruction": args.instruction, "actions": [], "executed": False, "success": False}
    try:
        table = Table(args, planner or load(args.checkpoint))
        try:
            record |= _plan_and_execute(table, args)
        finally:
            table.close()
    except Exception as error:
        record["error"] = " ".join(str(error).split())
        raise
    finally:
        write_json(args.out / "plan.json", record | {"total_s": round(time.monotonic() - began, 3)})
    written = written_files(args.out)
    print(f"Wrote {', '.join(map(str, written))} ({time.monotonic() - began:.0f} s in all).")
    return 0 if record["success"] is not False and record["executed"] else 1


def load(checkpoint: str) -> Any:
    """The planner. Raises ValueError where checkpoint or base LLM are missing, with what to do."""
    import torch

    from moe3d_ros.planner import Planner

    torch.set_num_threads(compute_threads())
    print("Loading the model ...", flush=True)
    return Planner.from_pretrained(checkpoint, pose_tolerance=POSE_TOLERANCE)


def _plan_and_execute(table: Table, args: argparse.Namespace) -> dict[str, Any]:
    """Entries of plan.json; draws plan.png."""
    print(f"Instruction: {args.instruction}")
    plan, (points, colors) = table.instruct(args.instruction), table.seen
    print("\n".join(describe(plan)), flush=True)
    record: dict[str, Any] = {**plan.to_dict(), "executed": False, "verdict": "There was no step to execute."}
    if plan.actions and args.task:
        record |= judge_task(*execute_task(table, plan, 0.0))
    elif plan.actions:
        record |= judge_plan(args.instruction, *execute_plan(table, plan, 0.0))
    print(record["verdict"], flush=True)
    draw_plan(args.out / "plan.png", plan, points, colors, verdict=record["verdict"])
    if args.view:
        table.stay()
    return record


class Table:
    """The embedded world and the planner that looks at it: what the demo's executions drive (`DemoClient`).

    Attributes:
        seen: points (N, 3) metres in the planning frame and colours (N, 3) uint8 of the last look.
    """

    def __init__(self, args: argparse.Namespace, planner: Any):
        from moe3d_ros.tabletop.scenes.wanted_scenes import find_scene
        from moe3d_ros.tabletop.simulation.filming import Filming
        from moe3d_ros.tabletop.simulation.physics import TabletopWorld, armed
        from moe3d_ros.tabletop.tasks.spoken import said_task

        self._planner, self._rng = planner, np.random.default_rng(args.seed)
        self._task: Any = None  # LongTask
        if args.task:
            self._task, scene = said_task(args.task, args.seed)
        else:
            scene = find_scene(CONTAINS, args.seed)[1]
        self._world = TabletopWorld(scene, **armed(args.gripper if args.arm else ""))
        self._filming = Filming(Film(args.out / FILM), RATE)
        self._typed: queue.Queue[str] = queue.Queue()
        self._view: Any = None
        self._steps = 0
        self._world.watch = self._watch
        self._plan = Plan(args.instruction, (), False)
        self._completed: list[str] = []
        print(f"On the table: {', '.join(thing.name for thing in scene.objects)}")
        if args.view:
            self._open_view()

    def close(self) -> None:
        """Release the physics engine, and stop serving."""
        self._world.close()
        if self._view is not None:
            self._view.close()

    def instruct(self, instruction: str) -> Plan:
        """Look and plan. Raises DemoError where the planner refuses."""
        self._completed.clear()
        return self._look(instruction)

    def replan(self, timeout: float) -> Plan:
        """Look and plan again, with the steps that are done; ``timeout`` is for planners elsewhere."""
        return self._look(self._plan.instruction)

    def execute(self, timeout: float) -> dict:
        """Execute the plan's next step; its report. ``timeout`` is for worlds elsewhere."""
        from moe3d_ros.tabletop.simulation.reported_step import reported_step

        step = self._plan.actions[0]
        self._filming.begin(step.text)
        names, poses = (step.target, step.destination), (step.pick, step.place)
        report = reported_step(self._world, step.index, step.text, names, poses, self._task)
        self._filming.end()
        if report["grasped"] and report["released"]:
            self._completed.append(step.text)
        return report

    def _look(self, instruction: str) -> Plan:
        self.seen = points, colors = self._world.cloud(noise=self._rng)
        try:
            self._plan = self._planner.plan(points, colors, instruction, completed=tuple(self._completed))
        except PlanningError as error:
            raise DemoError(str(error)) from error
        if self._view is not None:
            self._show()
        return self._plan

    # --- the view

    def _open_view(self) -> None:
        from moe3d_ros.tabletop.simulation.arm_model import description
        from moe3d_ros.view.robot_model import RobotModel
        from moe3d_ros.view.webview import WebView

        self._view = WebView(said=self._typed.put)
        if self._world.arm is not None:
            self._view.show_robot(RobotModel(description(gripper=self._world.arm.gripper)))
            self._draw_arm()
        print(f"Live view: {self._view.address}", flush=True)

    def _show(self) -> None:
        """Draw what was seen, and the plan with its next poses."""
        from moe3d_ros.sensing.voxels import voxelize

        self._view.show_voxels(*voxelize(*self.seen))
        self._view.show_plan(self._plan)
        step = self._plan.actions[0] if self._plan.actions else None
        for name in ("pick", "place"):
            self._view.show_pose(name, None if step is None else getattr(step, name))

    def _watch(self, world: Any) -> None:
        """One time step was made."""
        self._filming(world)
        self._steps += 1
        if self._view is not None and world.arm is not None and self._steps % DRAWN_EVERY == 0:
            self._draw_arm()

    def _draw_arm(self) -> None:
        arm = self._world.arm
        assert arm is not None  # asked before
        self._view.robot.move(dict(zip(arm.names, arm.positions().tolist())))

    def stay(self) -> None:
        """Plan and execute what is typed into the page, until Ctrl-C."""
        print("The view stays: type an instruction there. Ctrl-C ends the demo and writes its files.", flush=True)
        try:
            while True:
                said = self._typed.get()
                try:
                    plan = self.instruct(said)
                    print("\n".join(describe(plan)), flush=True)
                    if plan.actions:
                        execute_plan(self, plan, 0.0)
                        self._look(said)
                    self._view.show_status("demo", "ok", "working")
                except DemoError as error:
                    print(error, flush=True)
                    self._view.show_status("demo", "warn", str(error))
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    sys.exit(main())
