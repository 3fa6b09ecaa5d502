"""Steps that do not help are put down to what caused them: the encoder, the language, the pose or the physics."""

from dataclasses import replace

import pytest

from moe3d_ros.model.tiny import write_tiny_checkpoint
from moe3d_ros.plan import Action, ErrorCode, PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.rules.layout import apply_step
from moe3d_ros.tabletop.rules.step_done import step_done
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.tabletop.tasks.long_tasks import next_step, remaining_steps
from moe3d_ros.world.sides import SIDES
from training.evaluation import beside, closed_loop_report
from training.evaluation.judging.episode import held_out_episode
from training.evaluation.judging.mistakes import cause_of_no_step, cause_of_step, followed, meant_step


@pytest.fixture(scope="module")
def capable():
    """A planner that does right what it sees."""
    return Planner.from_pretrained("default")


@pytest.fixture(scope="module")
def clueless(tmp_path_factory):
    """A planner of random weights."""
    return Planner.from_pretrained(str(write_tiny_checkpoint(tmp_path_factory.mktemp("tiny") / "tiny")))


def action_of(step, **changes) -> Action:
    target, destination = step.text.removeprefix("pick the ").split(", place it ")
    return replace(Action(0, "pick_place", target, destination, step.pick, step.place, 1.0, step.text), **changes)


def shifted(pose, x: float):
    return replace(pose, position=(pose.position[0] + x, *pose.position[1:]))


def executed(planner, episode, action):
    with TabletopWorld(episode.scene) as world:
        before, cloud = world.current_scene(), world.cloud()
        result = world.pick_and_place(action.pick, action.place)
        return cause_of_step(planner, episode.task, before, world.current_scene(), cloud, action, result, ())


@pytest.mark.parametrize("name", ["A", "C", "D", "J", "K"])
def test_a_step_that_helps_has_no_cause(clueless, name):
    episode = held_out_episode(name, 0)
    assert executed(clueless, episode, action_of(next_step(episode.task, episode.scene))) is None


@pytest.mark.parametrize(("name", "which", "far"), [("C", "pick", 0.045), ("C", "place", 0.03), ("K", "place", 0.1)])
def test_a_right_step_with_a_pose_that_misses_is_the_poses_fault_if_the_blocks_are_seen(
    capable, clueless, name, which, far
):
    episode = held_out_episode(name, 0)
    step = next_step(episode.task, episode.scene)
    missing = action_of(step, **{which: shifted(getattr(step, which), far)})
    assert executed(capable, episode, missing) == "pose"
    assert executed(clueless, episode, missing) == "perception"


def test_right_poses_that_physics_spoils_are_its_fault(clueless):
    episode = held_out_episode("C", 0)
    step = next_step(episode.task, episode.scene)
    with TabletopWorld(episode.scene) as world:
        before, cloud = world.current_scene(), world.cloud()
        result = world.pick_and_place(step.pick, step.place)
    lost = replace(result, released=False)  # it was held and then knocked off: everything lies as before
    assert cause_of_step(clueless, episode.task, before, before, cloud, action_of(step), lost, ()) == "physics"


def a_wrong_step(episode):
    """A block that the task is about, put where it does not belong."""
    step = next_step(episode.task, episode.scene)
    others = [other for other in remaining_steps(episode.task, episode.scene) if other.place_index != step.place_index]
    other = others[0]
    return action_of(
        other,
        target=step.text.removeprefix("pick the ").split(",")[0],
        pick=step.pick,
        text=step.text.split(" place it ")[0] + " place it " + other.text.split(" place it ")[1],
    )


def test_a_wrong_meaning_is_languages_fault_unless_the_true_objects_mend_it(capable, clueless):
    episode = held_out_episode("B", 0)
    wrong = a_wrong_step(episode)
    assert executed(capable, episode, wrong) == "perception"
    assert executed(clueless, episode, wrong) == "language"


def test_an_end_too_soon_has_a_cause_and_a_right_one_has_none(capable, clueless):
    episode = held_out_episode("B", 0)
    task, scene = episode.task, episode.scene
    assert cause_of_no_step(capable, task, scene, None, ()) == "perception"
    assert cause_of_no_step(clueless, task, scene, PlanningError(ErrorCode.IMPOSSIBLE, "no"), ()) == "language"
    assert cause_of_no_step(capable, task, scene, PlanningError(ErrorCode.OUTSIDE_WORKSPACE, "far"), ()) == "pose"
    assert cause_of_no_step(capable, task, scene, PlanningError(ErrorCode.EMPTY_WORKSPACE, "bare"), ()) == "perception"
    with TabletopWorld(scene) as world:
        while step := next_step(task, world.current_scene()):
            world.pick_and_place(step.pick, step.place)
        assert cause_of_no_step(clueless, task, world.current_scene(), None, ()) is None


def test_a_step_beside_a_thing_is_told_from_its_poses_and_its_words():
    steps = [(scene, task.steps[0]) for scene, task, _, _ in map(beside.held_out_episode, range(24))]
    assert {step.side for _, step in steps} == set(SIDES)
    for scene, step in steps:
        meant = meant_step(scene, action_of(step))
        assert (meant.text, meant.pick_index, meant.side) == (step.text, step.pick_index, step.side)
        there = followed(scene, step)
        assert step_done(there, step)[0]
        assert there.objects[step.pick_index].position == pytest.approx(
            apply_step(scene, step).objects[step.pick_index].position
        )
        gone = action_of(step, destination=f"{step.side} the violet bowl")
        assert meant_step(scene, gone) is None


def test_the_report_counts_causes_in_failed_episodes_only():
    def record(success, *causes):
        return {"task": "G", "success": success, "score": 0.0, "oracle": True, "steps": [{"cause": c} for c in causes]}

    figures = closed_loop_report.summary([record(False, "language", None, "language", "pose"), record(True, "physics")])
    assert figures["mistakes"] == {"perception": 0, "language": 2, "pose": 1, "physics": 0}
    assert "language 2, pose 1" in closed_loop_report.table(figures)
