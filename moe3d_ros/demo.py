"""The demo: starts the nodes without a screen, sends one instruction, shows the plan, and has the simulator execute it.

    python -m moe3d_ros.demo --instruction "put the red block in the green bowl"
    python -m moe3d_ros.demo --task "put the blocks in the bowls with matching colors"
    python -m moe3d_ros.demo --cloud scan.pcd --instruction "pick the leftmost object and place it on the right side"
    python -m moe3d_ros.demo --view      # with the live view in the browser; more instructions are typed there

Without a cloud the scene is the simulator's: random but fixed by --seed, and it always holds one red block and one
green bowl, whatever the instruction. Success is judged by the simulator's ground truth with the rules in
`tabletop/success`: the thing that the executed step names now lies in or on what the step names as its destination.
Where the instruction is a plain order that names both things by their colours, as the default one is, they must be the
step's: then it is a SUCCESS. Of any other instruction only the steps are judged: EXECUTED, `success` in plan.json is null, and
it is for the reader to see whether that is what was asked. With --task the table is that of a long task: the demo looks, plans
and executes until the planner says that nothing is left, and it is a SUCCESS where all goals of the task are then reached.

An arm executes (--gripper fingers: with a parallel gripper; --no-arm: suction without a body), and `plan.gif` shows it.

Exit codes: 0 success or executed (with a recorded cloud: a plan with poses), 1 no success, 2 something failed, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from moe3d_ros.demonstration.executions import execute_plan, execute_task
from moe3d_ros.demonstration.verdicts import (
    FILM,
    INSTRUCTION,
    describe,
    judge_plan,
    judge_task,
    write_json,
    written_files,
)
from moe3d_ros.processes import Nodes, OwnDomain, ProcessError
from moe3d_ros.view.picture import draw_plan
from moe3d_ros.world.gripper_names import GRIPPERS, SUCTION

FRAME = "base_link"
LIVENESS_PERIOD = 0.25  # seconds between looks at whether the nodes still live, while the view stays


def main(argv=None) -> int:
    """Run the demo; returns its exit code."""
    args = parse_arguments(argv)
    signal.signal(signal.SIGTERM, _exit)
    signal.signal(signal.SIGHUP, _exit)
    for former in written_files(args.out):
        former.unlink(missing_ok=True)
    try:
        return run(args)
    except KeyboardInterrupt:
        print("The demo was interrupted; no process is left.", file=sys.stderr)
        return 130
    except ImportError as error:
        print(f"The demo failed: {error}. Run it as `make demo`, or in a sourced ROS 2 workspace.", file=sys.stderr)
        return 2
    except (ProcessError, RuntimeError, ValueError, OSError) as error:
        print(f"The demo failed: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


def parse_arguments(argv=None) -> argparse.Namespace:
    """Options, with environment variables as their defaults."""
    parser = argparse.ArgumentParser(prog="python -m moe3d_ros.demo", description=__doc__.split("\n")[0])
    env = {name: os.environ.get(name, "").strip() for name in ("CLOUD", "SEED", "CHECKPOINT", "TASK")}
    said = os.environ.get("INSTRUCTION", "") or INSTRUCTION
    parser.add_argument("--instruction", default=said, help=f"what should happen (or INSTRUCTION); {INSTRUCTION!r}")
    parser.add_argument(
        "--task", default=env["TASK"], help="a long task, to the end, instead of an instruction (or TASK)"
    )
    parser.add_argument("--no-arm", dest="arm", action="store_false", help="suction without a body executes")
    parser.add_argument("--gripper", default=SUCTION, choices=GRIPPERS, help="of the arm (default: %(default)s)")
    parser.add_argument("--cloud", default=env["CLOUD"], help="a PCD or PLY file instead of the simulator (or CLOUD)")
    parser.add_argument(
        "--cloud-frame",
        default="camera_optical_frame",
        help="frame of that file's points; base_link: "
        "they are in the robot's frame already, else the table is found as a plane",
    )
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for plan.json, plan.png and logs")
    parser.add_argument("--seed", type=int, default=int(env["SEED"] or 0), help="of the simulated scene (or SEED)")
    parser.add_argument("--checkpoint", default=env["CHECKPOINT"] or "default", help="name or folder (or CHECKPOINT)")
    parser.add_argument("--planner", default="moe3d_ros.nodes.planner", help="module of another planner node")
    parser.add_argument(
        "--view",
        action="store_true",
        help="serve the live view in the browser and stay until "
        "Ctrl-C: what is typed there is planned and, in the simulator, executed",
    )
    parser.add_argument("--timeout", type=float, default=300.0, help="longest time for any stage, seconds")
    args = parser.parse_args(argv)
    if args.cloud and not Path(args.cloud).is_file():
        parser.exit(2, f"The demo failed: there is no file {args.cloud}: give the path of a PCD or PLY file.\n")
    if args.cloud and Path(args.cloud).suffix.lower() not in (".pcd", ".ply"):
        parser.exit(
            2,
            f"The demo failed: {args.cloud} is neither a .pcd nor a .ply file: convert it to one of them. A recording is played "
            f"by `ros2 run moe3d_ros replay --ros-args -p cloud:={args.cloud}`.\n",
        )
    if args.cloud and args.task:
        parser.exit(2, "The demo failed: a task is executed and a recorded cloud is not: give one of the two.\n")
    if args.seed < 0:
        parser.exit(2, f"The demo failed: the seed is {args.seed}, use 0 or more.\n")
    args.instruction = args.task or args.instruction
    return args


def run(args: argparse.Namespace) -> int:
    """Start the nodes, plan, execute, write what came of it. Raises what `main` turns into one line."""
    began = time.monotonic()
    domain = OwnDomain()
    os.environ.update(domain.environment())  # for this process too, before rclpy reads it
    record: dict = {
        "instruction": args.instruction,
        "actions": [],
        "complete": False,
        "latency_s": {},
        "executed": False,
        "success": None if args.cloud else False,
    }
    try:
        with Nodes(args.out / "logs", domain.environment()) as nodes:
            _start(nodes, args)
            print(f"Instruction: {args.instruction}")
            print(f"Starting {', '.join(nodes.pids())} in ROS domain {domain.number} ...", flush=True)
            plan, scene = _plan_and_execute(nodes, args, record, began)
    except Exception as error:
        record["error"] = " ".join(str(error).split())
        raise
    finally:
        domain.close()
        record["total_s"] = round(time.monotonic() - began, 3)
        write_json(args.out / "plan.json", record)
    points, colors, voxels, voxel_colors = scene
    draw_plan(args.out / "plan.png", plan, points, colors, voxels, voxel_colors, verdict=record["verdict"])
    written = written_files(args.out)
    print(f"Wrote {', '.join(map(str, written))} ({time.monotonic() - began:.0f} s in all).")
    carried_out = record["success"] is not False and record["executed"]
    return 0 if carried_out or (args.cloud and plan.actions) else 1


def _start(nodes: Nodes, args: argparse.Namespace) -> None:
    if args.cloud:
        nodes.start("replay", cloud=str(Path(args.cloud).resolve()), frame_id=args.cloud_frame, planning_frame=FRAME)
    else:
        nodes.start(
            "tabletop",
            seed=args.seed,
            contains=["red block", "green bowl"],
            task=args.task,
            planning_frame=FRAME,
            arm=args.arm,
            gripper=args.gripper if args.arm else SUCTION,
            arm_speed=1.0 if args.view else 0.0,
            film=str((args.out / FILM).resolve()),
        )
    # The world stands still, so a slow computer may take its time over a plan.
    nodes.start("planner", module=args.planner, checkpoint=args.checkpoint, planning_frame=FRAME, max_cloud_age=60.0)
    nodes.start("voxelizer", planning_frame=FRAME)
    if args.view:
        nodes.start("viewer", planning_frame=FRAME)


def _plan_and_execute(nodes: Nodes, args: argparse.Namespace, record: dict, began: float):
    """Fill in ``record``; returns the plan and the scene that it was made from."""
    from moe3d_ros.nodes.demo_client import DemoClient

    client = DemoClient(nodes.check, FRAME)
    try:
        if args.view:
            print(f"Live view: {client.view_address(args.timeout)}", flush=True)
        client.wait_ready(simulator=not args.cloud, timeout=args.timeout)
        record["startup_s"] = round(time.monotonic() - began, 3)
        print(f"Ready after {record['startup_s']:.1f} s.")
        plan, to_pick = client.instruct(args.instruction, args.timeout)
        scene = client.scene()
        record.update(plan.to_dict(), instruction=args.instruction)
        if to_pick is not None:
            record["latency_s"]["instruction_to_pick_pose"] = round(to_pick, 4)
        print("\n".join(describe(plan)))
        stages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in plan.latency_s.items())
        if to_pick is not None:
            print(f"From the instruction to the first pick_pose: {to_pick:.2f} s ({stages}).", flush=True)
        planned = time.monotonic()
        if args.cloud:
            record["verdict"] = "A recorded scan: nothing was executed."
        elif not plan.actions:
            record["verdict"] = "There was no step to execute."
        elif args.task:
            record.update(judge_task(*execute_task(client, plan, args.timeout)))
        else:
            record.update(judge_plan(args.instruction, *execute_plan(client, plan, args.timeout)))
        if record["executed"]:
            record["execution_s"] = round(time.monotonic() - planned, 3)
        print(record["verdict"], flush=True)
        if args.view:
            _stay(nodes, client, args)
    finally:
        client.close()
    return plan, scene


def _stay(nodes: Nodes, client, args: argparse.Namespace) -> None:
    """Keep all nodes running while the view is used, until Ctrl-C."""
    if not args.cloud:
        client.execute_all(args.timeout)
    print("The view stays: type an instruction there. Ctrl-C ends the demo and writes its files.", flush=True)
    try:
        while True:
            nodes.check()
            time.sleep(LIVENESS_PERIOD)
    except KeyboardInterrupt:
        print()


def _exit(number, _) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
