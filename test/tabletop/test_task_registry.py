"""The registry of long tasks: its order, what it refuses, and that a new task is one file."""

import subprocess
import sys

import pytest

from moe3d_ros.tabletop.tasks import registry
from moe3d_ros.tabletop.tasks.progress import TRAINING_TASKS

NEW_TASK = '''
"""A practice task in a file of its own."""

from moe3d_ros.tabletop.tasks.goals import Into
from moe3d_ros.tabletop.tasks.registry import long_task
from moe3d_ros.tabletop.words.long_wordings import Wording
from moe3d_ros.world.kinds import BLOCK, BOWL

WORDING = Wording(("the lone {c} block",), ("the {d} bowl",), "in", ("the single {c} block",), ("the {d} dish",))


@long_task("practice", wording=WORDING, told_by_place=True, extra_steps=4)
def lone_to_bowl(draft):
    c, d = draft.colors[:2]
    pick, bowl = draft.add(BLOCK, c, "small"), draft.add(BOWL, d)
    draft.others(1, 3, draft.colors[2:])
    return draft.say(c=c, d=d), ((Into((pick,), ((bowl,),)),),)
'''
PROGRAM = """
import sys
import numpy as np
from moe3d_ros.tabletop import tasks
tasks.__path__.append(sys.argv[1])  # as if the file lay there
from moe3d_ros.tabletop.rules.layout import apply_step
from moe3d_ros.tabletop.tasks import registry
from moe3d_ros.tabletop.tasks.long_tasks import next_step, satisfied
from moe3d_ros.tabletop.tasks.progress import TRAINING_TASKS, sample_impossible, sample_progress
from training.evaluation.judging.held_out_cases import LONG_TASKS, moment_pair

NAME = "lone_to_bowl"
assert registry.names("practice")[-1] == TRAINING_TASKS[-1] == LONG_TASKS[-1] == NAME
task, scene = registry.sample_task(NAME, np.random.default_rng(0))
assert "the lone " in task.instruction and task.step_limit(1) == 5, task
assert satisfied(task, scene) == (0, 1)
scene = apply_step(scene, next_step(task, scene))
assert satisfied(task, scene) == (1, 1) and next_step(task, scene) is None
drawn = {sample_progress(np.random.default_rng(seed)).task.name for seed in range(400)}
assert NAME in drawn, drawn
assert sample_progress(np.random.default_rng(1), NAME, wrong=1.0, failed=0.0, done=0.5).task.name == NAME
impossible = {sample_impossible(np.random.default_rng(seed)).task.name for seed in range(200)}
assert NAME in impossible
trained, held_out = moment_pair(0, NAME)
assert trained.family == "practice" and trained.steps == held_out.steps
assert trained.instruction != held_out.instruction
print("played")
"""


def test_a_new_task_is_one_file_that_nothing_names(tmp_path):
    (tmp_path / "practice_lone.py").write_text(NEW_TASK)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "played\n"


def test_order_is_what_seeds_stand_for():
    assert "".join(registry.names("seen")) == "ABCDE"
    assert "".join(registry.names("unseen")) == "FGHIJK"
    practice = registry.names("practice")
    assert (len(practice), practice[0], practice[14], practice[15]) == (
        35,
        "color_to_bowl",
        "bowls_to_zone",
        "not_color_to_bowl",
    )
    assert practice[-2:] == ("size_area_to_area", "beside_to_bowl")
    assert registry.names() == (*"ABCDEFGHIJK", *practice)
    assert (*"ABCDE", *practice) == TRAINING_TASKS


def test_what_is_told_by_place_and_what_may_be_wasted():
    told = {entry.name for entry in registry.tasks().values() if entry.told_by_place}
    assert {"A", "J", "area_to_bowl", "beside_to_bowl", "bowls_to_zone"} <= told
    assert "D" not in told
    assert len(told) == 11
    assert {entry.name: entry.extra_steps for entry in registry.tasks().values() if entry.extra_steps != 2} == {"J": 7}


def test_a_name_that_is_taken_and_a_family_that_is_none_are_refused():
    registry.names()
    with pytest.raises(ValueError, match=r"there is a task 'B' already, in moe3d_ros.tabletop.tasks.benchmark_tasks"):
        registry.long_task("seen", "B")(lambda draft: None)
    with pytest.raises(ValueError, match="family must be one of seen, unseen, practice, got 'secret'"):
        registry.long_task("secret", "Z")(lambda draft: None)
    with pytest.raises(KeyError, match="'Z' is no long task"):
        registry.find("Z")
