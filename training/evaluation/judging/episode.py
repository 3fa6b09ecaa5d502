"""One episode of the suite ``tabletop``: look, plan, execute the first step, look again, in the physics world."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from moe3d_ros.plan import Action, ErrorCode, Plan, PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, UNSEEN_COLORS
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.scenes.step import Step
from moe3d_ros.tabletop.simulation.physics import TabletopWorld, armed
from moe3d_ros.tabletop.tasks import registry
from moe3d_ros.tabletop.tasks.long_tasks import LongTask, next_step, remaining_steps, satisfied
from moe3d_ros.world.workspace import Workspace
from training.evaluation.judging.mistakes import cause_of_no_step, cause_of_step

HELD_OUT_SEED = 9_100_000  # training scenes come from seeds of another kind and range
COLOR_SETS = {"seen": SEEN_COLORS, "all": SEEN_COLORS + UNSEEN_COLORS}
FORMAT = "moe3d_ros tabletop episode 1"
BENCHMARK = registry.names("seen", "unseen")


@dataclass(frozen=True)
class Episode:
    """Everything that an episode depends on beside the planner.

    Attributes:
        number: which one of its task's episodes.
        cameras: names of the cameras that look.
        seed: of the sensor's noise.
    """

    task: LongTask
    scene: Scene
    number: int
    cameras: tuple[str, ...] = ("front", "left", "right")
    seed: tuple[int, ...] = field(default=(0,))

    def save(self, path: Path) -> None:
        """Write it as JSON, to be read by :meth:`load`."""
        values = {
            "format": FORMAT,
            "number": self.number,
            "cameras": self.cameras,
            "seed": self.seed,
            "task": self.task.to_dict(),
            "scene": asdict(self.scene),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Episode:
        """Raises ValueError, with what to do, for a file that is no episode."""
        try:
            values = json.loads(path.read_text())
            if values["format"] != FORMAT:
                raise ValueError(f"its format is {values['format']!r}")
            scene = values["scene"]
            things: list[dict[str, Any]] = [
                {name: tuple(value) if isinstance(value, list) else value for name, value in thing.items()}
                for thing in scene["objects"]
            ]
            objects = tuple(SceneObject(**thing) for thing in things)
            workspace = Workspace(*(tuple(scene["workspace"][corner]) for corner in ("low", "high")))
            return cls(
                LongTask.from_dict(values["task"]),
                Scene(objects, tuple(scene["table_color"]), workspace),
                values["number"],
                tuple(values["cameras"]),
                tuple(values["seed"]),
            )
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is no saved episode ({error}): give a file of --failures.") from error


def held_out_episode(
    name: str,
    number: int,
    colors: str = "seen",
    held_out_wording: bool = False,
    cameras: tuple[str, ...] = ("front", "left", "right"),
) -> Episode:
    """Episode ``number`` of task ``name`` (A to K): the same for everybody."""
    seed = (HELD_OUT_SEED, BENCHMARK.index(name), number)
    task, scene = registry.sample_task(name, np.random.default_rng(seed), COLOR_SETS[colors], held_out=held_out_wording)
    return Episode(task, scene, number, tuple(cameras), seed)


def run_episode(episode: Episode, planner: Planner | None, arm: str = "") -> dict:
    """Run it with the planner, or with the oracle where there is none.

    An episode ends when the planner says that the task is complete or cannot be done, or at the step limit; whatever the
    planner cannot plan for another reason counts as a step. What counts is how the things then lie.

    Args:
        arm: gripper of the simulated arm that executes; empty: none does.

    Returns:
        record with ``success``, ``score`` in [0, 1], ``end`` (complete, cannot, limit) and every step in words, with the
        ``cause`` why it did not help.
    """
    task, rng = episode.task, np.random.default_rng([*episode.seed, 1])
    steps: list[dict] = []
    completed: list[str] = []
    seconds: list[float] = []
    end, ever = "limit", 0
    with TabletopWorld(episode.scene, **armed(arm)) as world:
        moves = len(remaining_steps(task, world.current_scene()))
        for _ in range(task.step_limit(moves)):
            before = world.current_scene()
            wanted = next_step(task, before)
            step: Step | Action
            entry: dict[str, Any] = {"oracle": wanted.text if wanted else None}
            if planner is None:
                if wanted is None:
                    end = "complete"
                    break
                step = wanted
            else:
                cloud = world.cloud(episode.cameras, noise=rng)
                start = time.perf_counter()
                plan = _plan(planner, cloud, task.instruction, tuple(completed))
                seconds.append(time.perf_counter() - start)
                if isinstance(plan, PlanningError) or not plan.actions:
                    error = plan if isinstance(plan, PlanningError) else None
                    said = {"error": error.code.name, "message": str(error)} if error else {"text": "done"}
                    cause = cause_of_no_step(planner, task, before, error, tuple(completed))
                    steps.append(said | entry | {"cause": cause})
                    if error and error.code != ErrorCode.IMPOSSIBLE:
                        continue
                    end = "cannot" if error else "complete"
                    break
                step = plan.actions[0]
            result = world.pick_and_place(step.pick, step.place)
            after = world.current_scene()
            reached, goals = satisfied(task, after)
            ever = max(ever, reached)
            entry |= {"text": step.text, "message": result.message, "reached": reached}
            if planner is not None:
                assert isinstance(step, Action)
                entry["cause"] = cause_of_step(planner, task, before, after, cloud, step, result, tuple(completed))
            if result.grasped:
                completed.append(step.text)
            steps.append(entry)
        reached, goals = satisfied(task, world.current_scene())
    record = {
        "task": task.name,
        "number": episode.number,
        "instruction": task.instruction,
        "goals": goals,
        "moves": moves,
        "reached": reached,
        "score": reached / goals,
        "success": reached == goals,
        "ever": ever,
        "end": end,
        "steps": steps,
    }
    return record | ({"seconds": float(np.median(seconds))} if seconds else {})


def _plan(planner: Planner, cloud, instruction: str, completed: tuple[str, ...]) -> Plan | PlanningError:
    points, colors = cloud
    try:
        return planner.plan(points, colors, instruction, completed=completed, max_steps=1)
    except PlanningError as error:
        return error
