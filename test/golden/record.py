"""Records what the default checkpoint says of 60 held-out scenes: ``tools/run python test/golden/record.py``.

`clouds.npz` holds the clouds that were seen, so that the records do not hang on the generator of scenes; `plans.json` what
was said about them and what the planner made of it. Record anew only with a new default checkpoint; clouds that are there stay.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from moe3d_ros.plan import PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.tabletop.questions.questions import random_question
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.scenes.sixd_scenes import sixd_scene
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from moe3d_ros.tabletop.tasks.impossible import KINDS, impossible_instruction
from moe3d_ros.tabletop.tasks.sixd_tasks import random_sixd_task
from training.evaluation.judging.held_out_cases import moment_pair, single_step_pair

HERE = Path(__file__).resolve().parent
SEED = 9_700_000  # of no suite, no calibration and no training
CLOUDS = HERE / "clouds.npz"
LLM_WEIGHTS = "float32"  # as every machine has them
THREADS = 1  # others round otherwise, which shows where two of Pose-DiT's draws are nearly equal
QUANTUM = 1e-4  # metres; coordinates are kept as multiples of it
SENSOR = SensorRange(cameras=(2, 4), standard=0.8)


def cases():
    """Scene, instruction, texts of the steps done: 24 of one step, 24 moments of long tasks, 8 in 6D, 4 impossible."""
    for number in range(24):
        case = single_step_pair(number, SEED)[number // 12]
        yield case.scene, case.instruction, case.history
    for number in range(24):
        case = moment_pair(number, done=float(number % 6 == 5), seed=SEED)[number % 2]
        yield case.scene, case.instruction, case.history
    for number in range(8):
        rng, task = np.random.default_rng([SEED, 2, number]), None
        while task is None:
            scene = sixd_scene(rng)
            task = random_sixd_task(scene, rng)
        yield scene, task.instruction, ()
    for number in range(4):
        rng, said = np.random.default_rng([SEED, 3, number]), None
        while said is None:
            scene = random_scene(rng)
            said = impossible_instruction(scene, rng, list(KINDS)[number])
        yield scene, said.instruction, ()


def cloud_of(scene, number: int):
    """What cameras see of a scene: coordinates in multiples of QUANTUM (V, 3) int16, colours (V, 3) uint8."""
    seen = sense(batch_scenes([scene]), SENSOR, torch.Generator().manual_seed(SEED + number))
    points, colors = voxelize(*seen.as_sensed())
    return np.rint(points / QUANTUM).astype(np.int16), colors


def ask(planner: Planner, points: np.ndarray, colors: np.ndarray, case: dict) -> dict:
    """What the planner says: ``plan`` (text, confidence and both poses of each step), ``complete``, ``error``, ``answers`` or their errors."""
    said: dict = {"plan": [], "complete": False, "error": None}
    try:
        plan = planner.plan(points, colors, case["instruction"], case["completed"])
        said["complete"] = plan.complete
        said["plan"] = [
            {
                "text": action.text,
                "confidence": action.confidence,
                "pick": [*action.pick.position, *action.pick.orientation],
                "place": [*action.place.position, *action.place.orientation],
            }
            for action in plan.actions
        ]
    except PlanningError as error:
        said["error"] = error.code.name
    replies = planner.look(points, colors).replies(case["questions"])
    said["answers"] = [reply if isinstance(reply, str) else reply.code.name for reply in replies]
    return said


def load_cloud(arrays, number: int):
    """Points (V, 3) float32 metres and colours (V, 3) uint8 of a recorded scene."""
    return arrays[f"points_{number}"].astype(np.float32) * np.float32(QUANTUM), arrays[f"colors_{number}"]


def main() -> None:
    """Draw the scenes, look at them where there are no clouds yet, ask, and write what is new."""
    torch.set_num_threads(THREADS)
    planner, arrays, records = Planner.from_pretrained("default", llm_weights=LLM_WEIGHTS), {}, []
    known = CLOUDS.exists()
    if known:
        with np.load(CLOUDS) as stored:
            arrays = dict(stored)
    for number, (scene, instruction, history) in enumerate(cases()):
        rng, questions = np.random.default_rng([SEED, 4, number]), []
        while len(questions) < 2:
            drawn = random_question(scene, rng)
            if drawn is not None:
                questions.append(drawn[0])
        if not known:
            points, colors = cloud_of(scene, number)
            arrays |= {f"points_{number}": points, f"colors_{number}": colors}
        case = {"instruction": instruction, "completed": list(history), "questions": questions}
        records.append({**case, **ask(planner, *load_cloud(arrays, number), case)})
        print(number, instruction, [step["text"] for step in records[-1]["plan"]], records[-1]["error"], flush=True)
    if not known:
        np.savez_compressed(CLOUDS, **arrays)
    (HERE / "plans.json").write_text(json.dumps({"checksum": planner.checksum, "scenes": records}, indent=1) + "\n")


if __name__ == "__main__":
    main()
