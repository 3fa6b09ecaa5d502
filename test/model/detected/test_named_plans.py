"""Plans of the default checkpoint with things that a detector names, on generated clouds."""

import numpy as np
import pytest
import torch

from moe3d_ros.plan import ErrorCode, PlanningError
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.scenes.sampling import SceneRange, sample_scenes
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from moe3d_ros.world.named_things import NamedThing
from moe3d_ros.world.vocabulary import BOWL, OBJECT

pytestmark = pytest.mark.slow
CLUTTER = -1  # things that the encoder does not know
RANGE = SceneRange(blocks=(2, 2), bowls=(2, 2), zones=(0, 0), objects=(2, 2), clutter=(1, 1))
LABELS = {OBJECT: ["banana", "hammer"], BOWL: ["coffee mug", "basket"], CLUTTER: ["toy car"]}


@pytest.fixture(scope="module")
def planner():
    return Planner.from_pretrained("default")


@pytest.fixture(scope="module")
def scene():
    """Points, colours, and the named things, by their labels."""
    generator = torch.Generator().manual_seed(3)
    batch = sample_scenes(1, RANGE, generator)
    seen = sense(batch, SensorRange(), generator)
    labels = {kind: iter(names) for kind, names in LABELS.items()}
    things = {}
    for row in torch.nonzero(batch.exists[0]).flatten().tolist():
        kind = int(batch.kind[0, row])
        if kind in labels:
            box = (tuple(values[0, row].tolist()) for values in (batch.center, batch.half))
            thing = NamedThing(next(labels[kind]), *box, float(batch.yaw[0, row]), 0.9)
            things[thing.label] = thing
    return seen.points.numpy(), (seen.colors * 255).byte().numpy(), things


def distance(pose, thing):
    """Metres between a pose and the middle of a thing, seen from above."""
    return float(np.linalg.norm(np.subtract(pose.position[:2], thing.center[:2])))


@pytest.mark.parametrize("label", ["banana", "hammer", "toy car"])
def test_a_thing_is_put_where_its_label_and_that_of_its_place_say(planner, scene, label):
    points, colors, things = scene
    said = f"put the {label} in the coffee mug"
    plan = planner.plan(points, colors, said, things=list(things.values()))
    (action,) = plan.actions
    assert (plan.instruction, action.target, action.destination) == (said, label, "in the coffee mug")
    assert action.text == f"pick the {label}, place it in the coffee mug"
    assert distance(action.pick, things[label]) < 0.02
    assert distance(action.place, things["coffee mug"]) < 0.03
    assert {seen.label for seen in plan.seen} == {*things, ""}


def test_a_completed_step_is_held_against_what_is_seen_by_its_labels(planner, scene):
    points, colors, things = scene
    look = planner.look(points, colors, things=list(things.values()))
    done = "pick the banana, place it in the coffee mug"
    plan = look.plan("put the banana in the coffee mug", [done])
    assert [action.text for action in plan.actions] == [done]
    assert not any(seen.color in note for seen in plan.seen for note in plan.notes)


def test_a_label_that_no_thing_has_is_refused_with_what_is_seen(planner, scene):
    points, colors, things = scene
    with pytest.raises(PlanningError, match="It sees .*a coffee mug") as refused:
        planner.plan(points, colors, "put the screwdriver in the coffee mug", things=list(things.values()))
    assert refused.value.code == ErrorCode.IMPOSSIBLE
    with pytest.raises(PlanningError, match="no step for 'put the banana in the coffee mug'"):
        planner.plan(points, colors, "put the banana in the coffee mug")


def test_without_things_nothing_changes(planner, scene):
    points, colors, _ = scene
    plain, empty = planner.look(points, colors), planner.look(points, colors, things=())
    assert plain.objects == empty.objects
    assert {seen.label for seen in plain.objects} == {""}


def test_a_thing_that_is_not_in_the_cloud_is_left_out_and_the_plan_says_so(planner, scene):
    points, colors, things = scene
    ghost = NamedThing("ghost", (0.5, 0.0, 0.28), (0.01, 0.01, 0.01))
    plan = planner.plan(points, colors, "put the banana in the coffee mug", things=[*things.values(), ghost])
    assert any("'ghost'" in note for note in plan.notes)
    assert plan.actions[0].target == "banana"
