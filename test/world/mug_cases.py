"""Cases for a world whose table of kinds has one more row; run by test_kinds.py in a process of its own.

The table is extended before anything that reads it is imported, as if the row stood in the file.
"""

import moe3d_ros.world.kinds as kinds

MUG = kinds.Kind(
    "mug",
    ("mug", "mug", "cup"),
    ("mugs", "cups"),
    shape="cylinder",
    movable=True,
    round=True,
    number=(1, 2),
    half=((0.03, 0.04), (0.03, 0.04), (0.035, 0.05)),
)
kinds.TABLE = (*kinds.TABLE, MUG)

from dataclasses import replace

import numpy as np
import pytest
import torch

from moe3d_ros.model.action.anchors import anchor_inputs
from moe3d_ros.model.language.grammar import TARGETS, PlanGrammar, likely_phrase, targets
from moe3d_ros.model.perception.encoder import EncoderConfig
from moe3d_ros.model.perception.objects import ObjectTokens
from moe3d_ros.tabletop.questions.questions import draw_question
from moe3d_ros.tabletop.rules.layout import Layout, apply_step
from moe3d_ros.tabletop.rules.success import plain_meaning, step_reached, words_reached
from moe3d_ros.tabletop.scenes.arrange import Thing, arrange
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.sampling import TRAINING_RANGE, random_scene, sample_scenes
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from moe3d_ros.tabletop.tasks.impossible import impossible_instruction
from moe3d_ros.tabletop.tasks.single_step import make_step, single_step_task
from moe3d_ros.world.vocabulary import COUNTED, KIND_COUNTS, KINDS, PLAIN_KINDS
from training.evaluation.judging.held_out_cases import Case
from training.stages.described import describe, relation_targets

INDEX = KINDS.index("mug")
SCENES = [random_scene(np.random.default_rng(seed)) for seed in range(40)]


def mugs(scene):
    return [i for i, thing in enumerate(scene.objects) if thing.kind == "mug"]


def test_it_is_drawn_in_random_scenes_where_nothing_overlaps():
    assert all(1 <= len(mugs(scene)) <= 2 for scene in SCENES[:5] if len(scene.objects) < 8)
    found = [scene.objects[i] for scene in SCENES for i in mugs(scene)]
    assert len(found) >= 40
    assert {thing.shape for thing in found} == {"cylinder"}
    assert len({thing.color for thing in found}) > 5
    for thing in found:
        assert thing.half_extents[0] == thing.half_extents[1]
        assert 0.03 <= thing.half_extents[0] <= 0.04
        assert thing.size == ""
    for scene in SCENES:
        for i in mugs(scene):
            gaps = np.delete(
                [np.hypot(*np.subtract(o.position[:2], scene.objects[i].position[:2])) for o in scene.objects], i
            )
            assert (gaps > scene.objects[i].half_extents[0]).all()


def test_scenes_for_a_model_that_does_not_know_it_have_none():
    batch = sample_scenes(6, replace(TRAINING_RANGE, known=8), torch.Generator().manual_seed(1))
    assert not (batch.kind == INDEX).any()


def test_cameras_see_it():
    batch = sample_scenes(6, TRAINING_RANGE, torch.Generator().manual_seed(1))
    cloud = sense(batch, SensorRange(), torch.Generator().manual_seed(2))
    seen = 0
    for scene, slot in torch.nonzero((batch.kind == INDEX) & batch.exists).tolist():
        points = cloud.points[(cloud.scene == scene) & (cloud.slot == slot)]
        away = (points[:, :2] - batch.center[scene, slot, :2]).norm(dim=-1)
        seen += len(points) > 20 and bool((away < batch.half[scene, slot, 0] + 0.02).float().mean() > 0.9)
    assert seen >= 4


def test_plans_and_instructions_name_it_and_the_oracle_moves_it():
    grammar = PlanGrammar(lambda text: list(text.encode()), 256, len(KINDS))
    tasks = [
        (scene, task)
        for seed, scene in enumerate(SCENES * 8)
        if (task := single_step_task(scene, np.random.default_rng(seed), grounded=False, areas=0.3))
        and scene.objects[task.steps[0].pick_index].kind == "mug"
    ]
    assert len(tasks) > 10
    places = set()
    for scene, task in tasks:
        (step,) = task.steps
        assert "mug" in task.instruction.lower() or "cup" in task.instruction.lower()
        assert step.text.startswith(f"pick the {scene.objects[step.pick_index].name}, place it ")
        grammar.walk(grammar.tokens([step.text]))  # raises for what is not in the grammar
        assert not step_reached(scene, step.pick_index, step.place_index, step.area)[0] or step.area
        after = apply_step(scene, step)
        assert step_reached(after, step.pick_index, step.place_index, step.area)[0]
        target, destination = step.text.removeprefix("pick the ").split(", place it ")
        assert words_reached(scene, after, target, destination, step.pick.position)[0]
        case = Case(scene, task.instruction, (), task.steps, None, "plain")
        assert case.right_step(step.pick_index, step.place_index, step.area, step.text)
        places.add("area" if step.place_index is None else scene.objects[step.place_index].kind)
    assert {"bowl", "zone"} <= places


def test_only_a_model_that_knows_it_says_it():
    assert "red mug" in targets(len(KINDS))
    assert "red mug" not in TARGETS
    assert "red mug" not in targets(8)
    assert likely_phrase(0, "mug", "red", "big") == "red mug,"
    assert plain_meaning("put the red cup in the blue bowl") == ("red mug", "blue bowl")


def test_questions_are_asked_about_it():
    assert COUNTED[-1] == "mug"
    rng = np.random.default_rng(0)
    asked = [(scene, found) for scene in SCENES * 12 if (found := draw_question(scene, rng))]
    about = [q for _, q in asked if "mug" in q.text or "cup" in q.text or "mug" in q.answer]
    assert len({question.kind for question in about}) >= 8
    numbers = ("zero", "one", "two")
    counted = [(s, q) for s, q in asked if q.text in ("how many mugs are there?", "how many cups are there?")]
    assert counted
    assert all(question.answer == numbers[len(mugs(scene))] for scene, question in counted)


def test_scenes_to_order_and_piles_have_it():
    scene = arrange([Thing("bowl", "red"), Thing("mug", "blue"), Thing("mug", "red", on=0)], np.random.default_rng(3))
    assert [thing.shape for thing in scene.objects] == ["bowl", "cylinder", "cylinder"]
    assert Layout(scene).below == {2: 0}
    assert batch_scenes([scene]).scene(0)[0].objects[1].kind == "mug"


def test_physics_carries_it():
    scene = arrange([Thing("mug", "blue"), Thing("zone", "red")], np.random.default_rng(3))
    step = make_step(scene, 0, 1)
    with TabletopWorld(scene) as world:
        world.pick_and_place(step.pick, step.place)
        assert world.succeeded(step)


def test_models_and_training_may_know_it():
    assert (PLAIN_KINDS, KIND_COUNTS) == (4, (4, 8, 9))
    assert EncoderConfig(kinds=9).tilted
    batch = sample_scenes(3, TRAINING_RANGE, torch.Generator().manual_seed(1))
    objects, _ = describe(batch, torch.Generator().manual_seed(1), kinds=len(KINDS), errors=0.0)
    named = objects.kind.argmax(-1)[objects.mask]
    assert (named == INDEX).any()
    tokens = ObjectTokens(16, 12, 2, 1, kinds=len(KINDS))
    assert tokens.embed(objects)[1].shape[-1] == relation_targets(batch, len(KINDS)).shape[-1]


def test_it_gives_no_heading_to_what_is_put_on_it():
    scene = arrange([Thing("mug", "blue"), Thing("block", "red", "small")], np.random.default_rng(5))
    objects, slot = describe(batch_scenes([scene]), torch.Generator().manual_seed(0), kinds=len(KINDS), errors=0.0)
    objects.features = torch.zeros(1, 2, 4)
    mug, block = slot[0].tolist().index(0), slot[0].tolist().index(1)
    anchors = anchor_inputs(objects, torch.tensor([[[block, mug], [mug, block]]]))
    assert anchors.yaw[0, 0, 1] == anchors.yaw[0, 0, 0]
    assert anchors.yaw[0, 1, 1] == pytest.approx(float(objects.yaw[0, block]), abs=1e-5)


def test_instructions_that_must_be_refused_do_not_name_one_that_is_there():
    rng = np.random.default_rng(0)
    for scene in SCENES:
        said = impossible_instruction(scene, rng, "absent color")
        if said is not None:
            meant = plain_meaning(said.instruction)
            names = [set(thing.name.split()) for thing in scene.objects]
            assert meant is None or not all(any(set(part.split()) <= name for name in names) for part in meant)
