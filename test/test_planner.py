"""The facade on a tiny random checkpoint: contract, errors, grammar, determinism. What it plans is nonsense."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from moe3d_ros.look import sureness
from moe3d_ros.model.checkpoint import CheckpointError
from moe3d_ros.model.language.base_llm import BaseModelError
from moe3d_ros.model.language.grammar import DESTINATIONS, TARGETS
from moe3d_ros.model.plan_words.generated_step import GeneratedStep, StepState
from moe3d_ros.model.tiny import write_tiny_checkpoint
from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.pose_limits import hold_in_workspace
from moe3d_ros.sensing.voxels import voxelize
from moe3d_ros.tabletop.scenes.sampling import SceneRange, sample_scenes
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from moe3d_ros.world.workspace import Workspace

INSTRUCTION = "put the red block in the green bowl"
POINTED = StepState(torch.zeros(4), torch.tensor([[50.0, 0.0], [50.0, 0.0]]), (0, 0))  # without a doubt
STEP = GeneratedStep("pick the red block, place it in the green bowl", 0.4 * 0.5, POINTED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture(scope="module")
def planner(folder):
    return Planner.from_pretrained(str(folder))


@pytest.fixture(scope="module")
def cloud():
    generator = torch.Generator().manual_seed(2)
    seen = sense(sample_scenes(1, SceneRange(), generator), SensorRange(), generator)
    return seen.points.numpy(), (seen.colors * 255).byte().numpy()


def test_a_plan_parses_and_stays_in_the_workspace(planner, cloud):
    plan = planner.plan(*cloud, INSTRUCTION)
    assert plan.instruction == INSTRUCTION
    assert not plan.complete
    assert set(plan.latency_s) == {"voxels", "encode", "language", "poses"}
    for number, action in enumerate(plan.actions):
        assert action.index == number
        assert action.verb == "pick_place"
        assert action.target in TARGETS
        assert action.destination in DESTINATIONS
        assert action.text == f"pick the {action.target}, place it {action.destination}"
        assert 0 <= action.confidence <= 1
        for pose in (action.pick, action.place):
            assert planner.workspace.contains(np.array(pose.position))
            assert np.linalg.norm(pose.orientation) == pytest.approx(1)
    record = plan.to_dict()["actions"][0]
    assert record["pick"]["frame"] == "base_link"
    assert len(record["place"]["quaternion"]) == 4


def test_a_plan_says_how_sure_its_parts_are(planner, cloud):
    plan = planner.plan(*cloud, INSTRUCTION)
    assert plan.sureness.keys() == {"language"}  # no reasoner here
    assert plan.sureness["language"] == pytest.approx(min(action.confidence for action in plan.actions))
    told = [replace(step, decided=sure) for step, sure in ((STEP, 0.5), (replace(STEP, probability=0.9), 0.9))]
    assert sureness(told) == pytest.approx({"reasoner": 0.5, "language": 0.4})
    assert sureness([]) == {}


def test_the_same_cloud_gives_the_same_plan(planner, cloud):
    first, second = (planner.plan(*cloud, INSTRUCTION) for _ in range(2))
    assert first.actions == second.actions


def test_voxels_give_the_plan_of_their_points(planner, cloud):
    """The planner node gets voxels, a Python user gives raw points: both must see the same scene."""
    raw = planner.plan(*cloud, INSTRUCTION)
    voxels = planner.plan(*voxelize(*cloud, planner.voxel_size, planner.workspace), INSTRUCTION)
    assert [a.text for a in raw.actions] == [a.text for a in voxels.actions]
    assert np.allclose(raw.actions[0].pick.position, voxels.actions[0].pick.position, atol=1e-4)


@pytest.mark.parametrize(
    "instruction",
    ["", "   ", "a" * 1001, "put \ufffd there", "move \ud800 it", "???"],
    ids=["empty", "blank", "long", "replacement", "surrogate", "no words"],
)
def test_bad_instructions_are_refused(planner, cloud, instruction):
    with pytest.raises(PlanningError) as caught:
        planner.plan(*cloud, instruction)
    assert caught.value.code == ErrorCode.BAD_INSTRUCTION
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "points", [np.zeros((0, 3)), np.full((50, 3), np.nan), np.full((50, 3), 5.0)], ids=["empty", "NaN", "elsewhere"]
)
def test_a_cloud_without_a_point_in_the_workspace_is_an_error(planner, points):
    with pytest.raises(PlanningError) as caught:
        planner.plan(points.astype(np.float32), np.zeros(points.shape, np.uint8), INSTRUCTION)
    assert caught.value.code == ErrorCode.EMPTY_WORKSPACE


def test_a_bare_table_is_an_error(planner):
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.uniform(0.3, 0.7, 9000), rng.uniform(-0.4, 0.4, 9000), np.zeros(9000)])
    with pytest.raises(PlanningError, match="bare table"):
        planner.plan(table.astype(np.float32), np.full((9000, 3), 80, np.uint8), INSTRUCTION)


def test_a_cloud_without_colour_still_gives_a_plan(planner, cloud):
    assert planner.plan(cloud[0], None, INSTRUCTION).actions


def stage_stopped_in(planner, cloud, number: int) -> str:
    """Stop a plan at the question ``number`` (from 0) whether to stop; the stage that it was in."""
    stages, left = [], iter(range(number + 1))
    with pytest.raises(PlanningError) as caught:
        planner.plan(
            *cloud,
            INSTRUCTION,
            on_progress=lambda stage, _: stages.append(stage),
            should_stop=lambda: next(left, number) == number,
        )
    assert caught.value.code == ErrorCode.CANCELLED
    return stages[-1]


def test_planning_can_be_stopped_in_every_stage(planner, cloud):
    asked = []
    whole = planner.plan(*cloud, INSTRUCTION, should_stop=lambda: bool(asked.append(1)))
    stages = {stage_stopped_in(planner, cloud, number) for number in range(len(asked))}
    assert stages == {"encode", "language", "poses"}
    assert planner.plan(*cloud, INSTRUCTION).actions == whole.actions  # nothing of it stays behind


def test_an_answer_can_be_stopped(planner, cloud):
    with pytest.raises(PlanningError) as caught:
        planner.answer(*cloud, "how many blocks are there?", should_stop=lambda: True)
    assert caught.value.code == ErrorCode.CANCELLED


@pytest.mark.parametrize("said", [None, 5, b"put it down", ""])
def test_what_is_no_text_is_refused_by_a_look_as_by_the_planner(planner, cloud, said):
    for ask in (planner.look(*cloud).plan, lambda text: planner.plan(*cloud, text)):
        with pytest.raises(PlanningError) as caught:
            ask(said)
        assert caught.value.code == ErrorCode.BAD_INSTRUCTION


def test_plans_and_answers_of_one_look_are_those_of_the_cloud(planner, cloud):
    look = planner.look(*cloud)
    runs = []
    hook = planner.model.encoder.register_forward_pre_hook(lambda *_: runs.append("encoder"))
    try:
        plan, said = look.plan(INSTRUCTION), look.answers(["how many blocks are there?", "what is there?"])
        again = look.plan("put the blue block on the left side", completed=["pick the red object"], max_steps=1)
    finally:
        hook.remove()
    assert not runs
    alone = planner.plan(*cloud, INSTRUCTION)
    assert plan.actions == alone.actions
    assert set(plan.latency_s) == set(alone.latency_s)
    assert again.actions == (
        planner.plan(*cloud, "put the blue block on the left side", ["pick the red object"], max_steps=1).actions
    )
    assert said == [planner.answer(*cloud, question) for question in ("how many blocks are there?", "what is there?")]
    assert look.answer("what is there?") == said[1]


def test_a_look_says_what_it_sees_in_words_and_metres(planner, cloud):
    look = planner.look(*cloud)
    assert look.objects
    assert sum(bool(thing.size) for thing in look.objects) == sum(thing.kind == "block" for thing in look.objects)
    for thing in look.objects:
        assert thing.kind in planner.kinds
        assert thing.name == f"{thing.size} {thing.color} {thing.kind}".strip()
        assert all(isinstance(value, float) for value in (*thing.center, *thing.half_extents, thing.yaw))
        assert 0.5 < thing.probability <= 1
    assert [thing.center[1] for thing in look.objects] == sorted((t.center[1] for t in look.objects), reverse=True)


def test_a_decision_is_the_first_step_of_the_plan(planner, cloud):
    look = planner.look(*cloud)
    decision, action = look.decide(INSTRUCTION), look.plan(INSTRUCTION, max_steps=1).actions[0]
    assert (decision.end, decision.text, decision.confidence) == ("step", action.text, action.confidence)
    assert decision.destination == action.destination
    ((_, chance),) = planner.first_decisions([look], [[(INSTRUCTION, ())]])[0]
    assert 0 < chance <= 1


def test_a_look_at_given_objects_decides_and_has_no_poses(planner, cloud):
    seen = planner.look(*cloud)
    told = planner.look_at_objects(seen.found())
    assert told.objects == seen.objects
    assert told.decide(INSTRUCTION) == seen.decide(INSTRUCTION)
    with pytest.raises(ValueError, match="no cloud"):
        told.plan(INSTRUCTION)


def test_looks_in_a_batch_are_those_of_each_cloud(planner):
    generator = torch.Generator().manual_seed(3)
    seen = sense(sample_scenes(3, SceneRange(), generator), SensorRange(), generator)
    looks = planner.looks(seen.scene, seen.points, seen.colors, 3)
    for number, look in enumerate(looks):
        here = seen.scene == number
        (alone,) = planner.looks(seen.scene[here] * 0, seen.points[here], seen.colors[here], 1)
        assert [thing.name for thing in look.objects] == [thing.name for thing in alone.objects]
        for one, other in zip(look.objects, alone.objects):
            assert one.center == pytest.approx(other.center, abs=1e-4)
    asked = [[(INSTRUCTION, ()), ("sing a song", ())], [], [("tidy up", ())]]
    decided = planner.first_decisions(looks, asked)
    assert [len(group) for group in decided] == [2, 0, 1]
    assert decided[2][0][0] == looks[2].decide("tidy up").end


def test_poses_of_a_given_step_are_those_of_the_plan_that_wrote_it(planner, cloud):
    look = planner.look(*cloud)
    decision, action = look.decide(INSTRUCTION), look.plan(INSTRUCTION, max_steps=1).actions[0]
    asked = (
        decision.text if decision.place is None else INSTRUCTION
    )  # what goes to the table is read from its own words
    sampler = look.step_poses(asked, decision.text, decision.pick, decision.place)
    ((pick, _),) = sampler.poses(planner.config.pose_steps, planner.config.pose_draws)
    assert pick.position == pytest.approx(action.pick.position, abs=1e-3)
    assert sampler.poses(1, seed=1) == sampler.poses(1, seed=1) != sampler.poses(1, seed=2)


def test_progress_shows_the_text_as_it_grows(planner, cloud):
    texts = []
    plan = planner.plan(*cloud, INSTRUCTION, on_progress=lambda stage, text: texts.append(text) if text else None)
    assert texts[0].startswith("pick the")
    assert texts[-1].split("\n")[0] == plan.actions[0].text


def test_max_steps_is_kept(planner, cloud):
    assert len(planner.plan(*cloud, INSTRUCTION, max_steps=1).actions) == 1


def test_a_pose_slightly_outside_the_workspace_is_set_on_its_face_and_said(planner, cloud):
    x, y, z = planner.plan(*cloud, INSTRUCTION, max_steps=1).actions[0].pick.position
    low, high = planner.model_workspace.low, planner.model_workspace.high
    part = Workspace((*low[:2], z + 0.002), high)
    with pytest.raises(
        PlanningError, match=r"The pick pose of step 1.* 2\.0 mm beyond the bottom face.*model's box"
    ) as no:
        Planner(planner.model, workspace=part).plan(*cloud, INSTRUCTION, max_steps=1)
    assert no.value.code == ErrorCode.OUTSIDE_WORKSPACE
    with pytest.raises(PlanningError):
        Planner(planner.model, workspace=part, pose_tolerance=0.001).plan(*cloud, INSTRUCTION, max_steps=1)
    plan = Planner(planner.model, workspace=part, pose_tolerance=0.5).plan(*cloud, INSTRUCTION, max_steps=1)
    assert plan.actions[0].pick.position == pytest.approx((x, y, z + 0.002), abs=1e-6)
    assert all(part.contains(pose.position) for pose in (plan.actions[0].pick, plan.actions[0].place))
    assert plan.notes[0] == (
        "The pick pose of step 1 lay 2.0 mm beyond the bottom face of the workspace and was set on it."
    )


def test_what_cannot_be_enlarged_is_not_advised():
    box, turns = Workspace(), np.broadcast_to(np.eye(3), (1, 2, 3, 3))
    outside = np.array([[[0.5, 0.0, 0.1], [0.8, -0.6, 0.1]]])
    with pytest.raises(PlanningError, match=r"far and right faces.*cannot be enlarged"):
        hold_in_workspace(outside, turns, box, box, 0.01)
    with pytest.raises(PlanningError) as caught:
        hold_in_workspace(outside * np.nan, turns, box, box, 0.01)
    assert caught.value.code == ErrorCode.MODEL


def test_a_workspace_must_be_a_part_of_the_models_box(folder):
    with pytest.raises(ValueError, match=r"0\.25, -0\.5, 0\.0.*0\.75, 0\.5, 0\.3"):
        Planner.from_pretrained(str(folder), workspace=Workspace((0.2, -0.5, 0.0), (0.75, 0.5, 0.3)))


def test_answers_are_text(planner, cloud):
    assert isinstance(planner.answer(*cloud, "how many blocks are there?"), str)


def test_a_missing_checkpoint_says_so():
    with pytest.raises(CheckpointError, match="no checkpoint folder"):
        Planner.from_pretrained("nowhere/at/all")


def test_a_missing_base_says_so(folder, tmp_path):
    with pytest.raises(BaseModelError):
        Planner.from_pretrained(str(folder), base_llm=str(tmp_path / "none"))


def test_another_base_is_refused(folder, tmp_path):
    from moe3d_ros.model.tiny import write_tiny_base

    with pytest.raises(CheckpointError, match="another base LLM"):
        Planner.from_pretrained(str(folder), base_llm=str(write_tiny_base(tmp_path / "other", seed=9)))


def test_a_flipped_byte_is_refused(folder, tmp_path):
    import shutil

    copy = shutil.copytree(folder, tmp_path / "damaged")
    shard = next(copy.glob("*.safetensors"))
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    with pytest.raises(CheckpointError, match="checksum"):
        Planner.from_pretrained(str(copy))
