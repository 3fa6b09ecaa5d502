"""Things of a detector among the objects of a scene: taken over, added, left out."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from things import seen

from moe3d_ros.model.detected.given_things import with_given
from moe3d_ros.model.perception.encoder import Detections
from moe3d_ros.world.named_things import NamedThing
from moe3d_ros.world.vocabulary import COLORS, KINDS
from moe3d_ros.world.workspace import Workspace

TABLE = replace(
    seen(("small red block", 0.4, 0.2, 0.0), ("green bowl", 0.5, -0.1, 0.0), ("yellow zone", 0.5, -0.3, 0.0)),
    features=torch.arange(3.0)[None, :, None],
)
NO_POINTS = np.zeros((0, 3), np.float32)


def queries(*centers):
    """What the encoder looked for: one query at each place, whose feature is its number plus 10."""
    count = len(centers)
    zero = torch.zeros(1, count, 3)
    center = torch.tensor(centers)[None]
    features = 10 + torch.arange(float(count))[None, :, None]
    flat = torch.zeros(1, count)
    return Detections(flat, zero, zero, center, center, zero, zero[..., :2], features)


def given(*things, objects=TABLE, points=NO_POINTS, colors=None, at=((0.0, 0.0, 0.0),)):
    return with_given(objects, queries(*at), things, points, colors, Workspace())


def cube(label, x, y, z=0.02, half=0.02, **values):
    return NamedThing(label, (x, y, z), (half, half, half), **values)


def patch(x, y, z, rgb, count=20):
    """Points in a circle of 5 mm, and their colours."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    points = np.stack([x + 0.005 * np.cos(angle), y + 0.005 * np.sin(angle), np.full(count, z)], axis=1)
    return points.astype(np.float32), np.tile(np.array(rgb, np.uint8), (count, 1))


def kinds(result):
    return [KINDS[index] for index in result.objects.kind[0].argmax(-1).tolist()]


def test_a_thing_takes_over_what_the_encoder_found_there_with_its_colour_and_box():
    result = given(cube("eraser", 0.405, 0.195, half=0.03))
    assert result.labels == ("eraser", "", "")
    assert kinds(result) == ["object", "bowl", "zone"]
    for name in ("color", "center", "half", "yaw", "features"):
        assert torch.equal(getattr(result.objects, name), getattr(TABLE, name)), name


def test_a_thing_that_the_encoder_missed_is_added_from_left_to_right_with_the_colour_of_its_points():
    points, colors = patch(0.6, 0.05, 0.03, COLORS["purple"])
    result = given(
        cube("plum", 0.6, 0.05, yaw=1.5, score=0.7), points=points, colors=colors, at=((0, 0, 0), (0.6, 0.04, 0))
    )
    assert result.labels == ("", "plum", "", "")
    assert result.notes == ()
    assert kinds(result) == ["block", "object", "bowl", "zone"]
    added = {name: None if value is None else value[0, 1] for name, value in vars(result.objects).items()}
    assert list(COLORS)[int(added["color"].argmax())] == "purple"
    assert added["center"].tolist() == pytest.approx([0.6, 0.05, 0.02])
    assert float(added["yaw"]) == pytest.approx(1.5 - np.pi / 2)
    assert (float(added["score"]), float(added["features"])) == (pytest.approx(0.7), 11.0)


def test_a_long_thing_keeps_its_outline_whatever_quarter_its_heading_is_in():
    points, colors = patch(0.6, 0.05, 0.01, COLORS["purple"])
    pen = NamedThing("pen", (0.6, 0.05, 0.01), (0.07, 0.005, 0.005), np.pi / 2)
    half = given(pen, points=points, colors=colors).objects.half[0, 1]
    assert half.tolist() == pytest.approx([0.005, 0.07, 0.005])


def test_without_colours_any_colour_is_as_likely():
    points, _ = patch(0.6, 0.05, 0.03, (0, 0, 0))
    color = given(cube("plum", 0.6, 0.05), points=points).objects.color[0, 1]
    assert color.tolist() == pytest.approx([1 / len(COLORS)] * len(COLORS))


def test_in_an_empty_scene_a_thing_is_the_only_object():
    nothing = replace(TABLE, mask=torch.zeros_like(TABLE.mask)).row(0)
    points, colors = patch(0.6, 0.05, 0.03, COLORS["red"])
    result = given(cube("cup", 0.6, 0.05), objects=nothing, points=points, colors=colors)
    assert (result.labels, kinds(result), int(result.objects.mask.sum())) == (("cup",), ["bowl"], 1)
    assert not given(objects=nothing).objects.mask.any()


def test_a_thing_where_the_cloud_has_nothing_is_left_out_with_a_sentence():
    table, shades = patch(0.6, 0.05, 0.001, COLORS["red"])
    result = given(cube("ghost", 0.6, 0.05), points=table, colors=shades)
    assert (result.labels, result.objects.mask.sum()) == (("", "", ""), 3)
    assert result.notes[0].startswith(
        "The detector's 'ghost' at [0.6, 0.05, 0.02] m was left out, because the cloud has 0"
    )


def test_a_thing_outside_the_workspace_is_left_out_with_a_sentence():
    points, colors = patch(1.6, 0.05, 0.03, COLORS["red"])
    result = given(cube("lamp", 1.6, 0.05), points=points, colors=colors)
    assert "'lamp' at [1.6, 0.05, 0.02] m lies outside the workspace" in result.notes[0]
    assert "lamp" not in result.labels


def test_two_things_in_one_place_take_over_one_object_and_the_nearer_one_has_it():
    points, colors = patch(0.4, 0.2, 0.03, COLORS["red"])
    result = given(cube("dice", 0.41, 0.2), cube("eraser", 0.4, 0.2), points=points, colors=colors)
    assert sorted(result.labels) == ["", "", "dice", "eraser"]
    eraser = result.labels.index("eraser")
    assert result.objects.center[0, eraser].tolist() == pytest.approx([0.4, 0.2, 0.02])
    assert result.objects.features[0, eraser] == 0


def test_what_the_encoder_took_for_several_things_is_one_where_the_detector_says_so():
    parts = replace(
        seen(("small red block", 0.4, 0.2, 0.0), ("small blue block", 0.4, 0.16, 0.0), ("green bowl", 0.5, -0.1, 0.0)),
        features=torch.zeros(1, 3, 1),
    )
    truck = NamedThing("toy truck", (0.4, 0.175, 0.03), (0.03, 0.05, 0.03))
    result = given(truck, objects=parts)
    assert result.labels == ("toy truck", "")
    assert result.objects.center[0, 0].tolist() == pytest.approx([0.4, 0.175, 0.03])
    assert result.objects.half[0, 0].tolist() == pytest.approx([0.03, 0.05, 0.03])


def test_what_lies_in_a_container_stays_a_thing_of_its_own():
    filled = replace(
        seen(("green bowl", 0.5, -0.1, 0.0), ("small red block", 0.53, -0.1, 0.004)), features=torch.zeros(1, 2, 1)
    )
    result = given(NamedThing("salad bowl", (0.5, -0.1, 0.02), (0.07, 0.07, 0.03)), objects=filled)
    assert result.labels.count("") == 1
    assert kinds(result) == ["bowl", "block"]


def test_a_thing_on_a_zone_does_not_take_the_zone():
    points, colors = patch(0.5, -0.3, 0.03, COLORS["blue"])
    result = given(cube("sponge", 0.5, -0.3), points=points, colors=colors)
    assert sorted(kinds(result)) == ["block", "bowl", "object", "zone"]
    mat = given(NamedThing("place mat", (0.5, -0.3, 0.001), (0.08, 0.08, 0.002)))
    assert (mat.labels, kinds(mat)) == (("", "", "place mat"), ["block", "bowl", "zone"])
