"""Patches and encoder: padding, batching and the order of points make no difference."""

import math

import numpy as np
import pytest
import torch

from moe3d_ros.model.checkpoint import load_checkpoint
from moe3d_ros.model.config import ModelConfig
from moe3d_ros.model.perception.encoder import EncoderConfig, SceneEncoder, main_piece
from moe3d_ros.model.perception.objects import from_detections
from moe3d_ros.model.perception.patches import PatchConfig, make_patches
from moe3d_ros.model.perception.pieces import AXES_NUMBERS, PIECE_NUMBERS, REACH, SORTS, piece_numbers
from moe3d_ros.model.perception.voted_queries import VOTE_REACH, VotedQueries, choose_votes, said_once
from moe3d_ros.planner import CHECKPOINTS, Planner
from moe3d_ros.tabletop.scenes.arrange import SEEN_COLORS, Thing, arrange
from moe3d_ros.tabletop.scenes.batch import batch_scenes
from moe3d_ros.tabletop.scenes.sampling import SceneRange, sample_scenes
from moe3d_ros.tabletop.scenes.sixd_scenes import sixd_scene
from moe3d_ros.tabletop.simulation.physics import TabletopWorld
from moe3d_ros.tabletop.simulation.raycast import SensorRange, sense
from moe3d_ros.tabletop.tasks.single_step import make_step
from moe3d_ros.world.grid import Grid
from moe3d_ros.world.vocabulary import BLOCK
from moe3d_ros.world.workspace import Workspace


@pytest.fixture(scope="module")
def cloud():
    generator = torch.Generator().manual_seed(11)
    return sense(sample_scenes(3, SceneRange(), generator), SensorRange(), generator)


CELLS = PatchConfig().patch_voxels ** 3
VARIANTS = {
    "learned queries": {},
    "voted queries": {"votes": True},
    "voxel by voxel": {"votes": True, "cells": CELLS},
    "pieces": {"votes": True, "cells": CELLS, "pieces": True},
    "pieces with axes": {"votes": True, "cells": CELLS, "pieces": True, "axes": True},
    "pieces with what lies flat": {"votes": True, "pieces": True, "lying": True},
    "all of them": {"votes": True, "cells": CELLS, "pieces": True, "axes": True, "lying": True},
}


def tiny_encoder(**parts):
    torch.manual_seed(0)
    return SceneEncoder(EncoderConfig(width=24, layers=2, heads=2, queries=5, decoder_layers=1, **parts)).eval()


@pytest.fixture(scope="module", params=VARIANTS)
def encoder(request):
    made = tiny_encoder(**VARIANTS[request.param])
    with torch.no_grad():
        for part in filter(None, (made.detail, made.patches.cells, made.pieces)):
            for value in part.parameters():  # of what adds nothing before it has learnt
                value.add_(0.05 * torch.randn(value.shape, generator=torch.Generator().manual_seed(1)))
    return made


def alone(cloud, scene):
    rows = cloud.scene == scene
    zero = torch.zeros(int(rows.sum()), dtype=torch.long)
    return make_patches(zero, cloud.points[rows], cloud.colors[rows], 1, labels=cloud.slot[rows])


@torch.no_grad()
def test_a_scene_in_a_batch_is_encoded_as_if_alone(cloud, encoder):
    batch = make_patches(cloud.scene, cloud.points, cloud.colors, 3, labels=cloud.slot)
    everything = lambda last: torch.ones_like(last.exists, dtype=torch.bool)  # noqa: E731
    encoded = encoder.encode_patches(batch)
    found = encoder.detect(batch, encoder.detail_patches(batch, encoded), everything)[-1]
    for scene in range(3):
        single = alone(cloud, scene)
        count = int(single.mask.sum())
        assert int(batch.mask[scene].sum()) == count
        assert torch.equal(batch.labels[scene, :count], single.labels[0, :count])
        features = encoder.encode_patches(single)
        own = encoder.detect(single, encoder.detail_patches(single, features), everything)[-1]
        assert torch.allclose(encoded[scene, :count], features[0, :count], atol=1e-5)
        assert torch.allclose(found.center[scene], own.center[0], atol=1e-5)
        assert torch.allclose(found.features[scene], own.features[0], atol=1e-4)


@torch.no_grad()
def test_an_encoder_that_comes_to_read_voxel_by_voxel_sees_what_it_saw(cloud):
    before, after = tiny_encoder(votes=True), tiny_encoder(votes=True, cells=CELLS)
    lacking = after.load_state_dict(before.state_dict(), strict=False)
    assert lacking.missing_keys and not lacking.unexpected_keys
    patches = make_patches(cloud.scene, cloud.points, cloud.colors, 3)
    (old_features, old), (new_features, new) = before(patches), after(patches)
    assert torch.equal(old_features, new_features)
    assert torch.equal(old.center, new.center) and torch.equal(old.exists, new.exists)


@torch.no_grad()
def test_a_gap_within_a_patch_is_read_where_voxels_have_their_places():
    """Both clouds have the same outermost points in each direction and the same heights, as a maximum over points tells."""
    encoder = tiny_encoder(votes=True, cells=CELLS)
    torch.nn.init.normal_(encoder.patches.cells.read[2].weight)
    grid = torch.stack(torch.meshgrid(*[torch.arange(4.0)] * 3, indexing="ij"), -1).reshape(-1, 3)
    low = torch.from_numpy(Grid(Workspace(), PatchConfig.voxel_size, PatchConfig.margin).low).float()
    solid = low + 0.01 * (grid + 0.5) + 0.04 * torch.tensor([8.0, 8.0, 2.0])
    hole = solid[~((grid == 1) | (grid == 2)).all(-1)]
    clouds = [torch.cat([solid, hole]), torch.cat([torch.zeros(len(solid)), torch.ones(len(hole))]).long()]
    patches = make_patches(clouds[1], clouds[0], torch.full((len(clouds[0]), 3), 0.5), 2)
    cells = patches.patch_of_voxel * CELLS + patches.cell_of_voxel
    assert len(cells.unique()) == len(cells) == len(clouds[0])
    first, second = encoder.patches.cells(patches)
    assert not torch.allclose(first, second, atol=1e-3)


def test_cells_are_the_voxels_of_a_patch():
    with pytest.raises(ValueError, match=r"patch_voxels \*\* 3 = 64"):
        ModelConfig(encoder=EncoderConfig(cells=27))


def cube(x):
    """Points on a cube of 4 cm around (x, 0)."""
    steps = torch.arange(0.0, 0.0401, 0.005)
    grid = torch.stack(torch.meshgrid(steps - 0.02, steps - 0.02, steps, indexing="ij"), -1).reshape(-1, 3)
    outside = (grid[:, :2].abs() > 0.019).any(-1) | (grid[:, 2] > 0.039)
    return grid[outside] + torch.tensor([x, 0.0, 0.0])


RED, BLUE = (0.8, 0.1, 0.1), (0.1, 0.1, 0.8)
# Metres between the middles of two cubes, the second one's colour, and of how many pieces they are: that touch, and of one colour.
PIECES = {
    "apart": (0.065, RED, (2, 2)),
    "touching": (0.042, RED, (1, 1)),
    "touching in two colours": (0.042, BLUE, (1, 2)),
}


def two_cubes(apart, second):
    """Patches of a batch of two scenes: one cube, and two on a zone, which joins nothing; and the x of these two."""
    steps = torch.arange(-0.1, 0.1, 0.005)
    zone = torch.stack(torch.meshgrid(0.5 + steps, steps, torch.tensor([0.001]), indexing="ij"), -1).reshape(-1, 3)
    middles = (0.5 - apart / 2, 0.5 + apart / 2)
    points = torch.cat([cube(0.35), zone, *(cube(x) for x in middles)])
    scene = torch.ones(len(points), dtype=torch.long)
    scene[: len(cube(0.35))] = 0
    colors = torch.tensor(RED).repeat(len(points), 1)
    colors[-len(cube(0.35)) :] = torch.tensor(second)
    return make_patches(scene, points, colors, 2), torch.tensor(middles)


@pytest.mark.parametrize("sort", [0, 1], ids=["touch", "of one colour"])
@pytest.mark.parametrize(("apart", "second", "counts"), PIECES.values(), ids=PIECES)
def test_patches_are_told_the_pieces_that_they_are_part_of(apart, second, counts, sort):
    patches, middles = two_cubes(apart, second)
    told = patches.to_padded(piece_numbers(patches)).unflatten(-1, (SORTS, PIECE_NUMBERS))[..., sort, :]
    count = counts[sort]
    standing = told[1, :, 7] > 0
    assert standing.any() and not standing[patches.mask[1]].all(), "a patch with nothing but the zone is of no piece"
    middle = (patches.centroids + REACH * told[..., :3])[1, standing]
    wanted = middles if count == 2 else torch.tensor([0.5])
    nearest = (middle[:, :1] - wanted).abs().min(1)
    assert nearest.values.max() < 0.006
    assert set(nearest.indices.tolist()) == set(range(count))
    halves = REACH * told[1, standing, 3]
    assert torch.allclose(halves, torch.full_like(halves, 0.02 if count == 2 else 0.02 + apart / 2), atol=0.006)


@torch.no_grad()
def test_patches_of_two_alike_things_vote_for_their_own_and_queries_are_drawn_there():
    patches, middles = two_cubes(*PIECES["apart"][:2])
    encoder = tiny_encoder(votes=True, pieces=True)
    encoder.patch_head.weight[:3], encoder.patch_head.bias[:3] = 0, 0  # votes of its own are where the patches are
    encoded = encoder.encode_patches(patches)
    detailed = encoder.detail_patches(patches, encoded)
    votes = encoder.votes(patches, detailed, encoder.patch_readings(detailed)[0])
    standing = patches.to_padded(piece_numbers(patches))[1, :, 7] > 0
    off = (votes[1, standing, :1] - middles).abs().min(1).values
    assert off.max() < 0.01
    encoder.pieces.vote_trust.bias.fill_(50.0)
    place = torch.tensor([[[0.4, 0.1, 0.02]]])
    assert torch.allclose(encoder.pieces.centers(torch.zeros(1, 1, 24), torch.zeros(1, 1, 3), place), place)


@pytest.mark.parametrize("heading", [0.0, 0.7, 2.5])
def test_a_thin_bar_is_as_thin_however_it_lies(heading):
    long, wide = torch.linspace(-0.1, 0.1, 60), torch.linspace(-0.015, 0.015, 10)
    bar = torch.stack(torch.meshgrid(long, wide, torch.tensor([0.025]), indexing="ij"), -1).reshape(-1, 3)
    c, s = math.cos(heading), math.sin(heading)
    points = bar @ torch.tensor([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]]) + torch.tensor([0.5, 0.0, 0.0])
    patches = make_patches(torch.zeros(len(points), dtype=torch.long), points, torch.full_like(points, 0.5), 1)
    axes = piece_numbers(patches, axes=True)[:, SORTS * PIECE_NUMBERS :]
    halves, along = axes[:, :AXES_NUMBERS].split(2, dim=1)
    assert torch.allclose(REACH * halves, torch.tensor([0.1, 0.015]), atol=0.006)
    assert torch.allclose(along, torch.tensor([math.cos(2 * heading), math.sin(2 * heading)]), atol=0.12)


@pytest.mark.parametrize("axes", [False, True])
def test_what_lies_flat_on_the_table_is_a_piece_by_its_color(axes):
    x, y = torch.meshgrid(torch.arange(0.3, 0.7, 0.005), torch.arange(-0.3, 0.3, 0.005), indexing="ij")
    points = torch.stack([x, y, torch.full_like(x, 0.003)], -1).reshape(-1, 3)
    wrench = ((points[:, 0] - 0.5).abs() < 0.1) & (points[:, 1].abs() < 0.01)
    colors = torch.where(wrench[:, None], torch.tensor(RED), torch.tensor([0.7, 0.7, 0.7]))
    patches = make_patches(torch.zeros(len(points), dtype=torch.long), points, colors, 1)
    standing, lying = piece_numbers(patches, axes, lying=True).chunk(2, dim=1)
    assert not standing.any() and standing.shape == piece_numbers(patches, axes).shape
    for sort in lying[:, : SORTS * PIECE_NUMBERS].chunk(SORTS, dim=1):
        of_it = sort[:, 7] > 0
        middle = (patches.centroids[0] + REACH * sort[:, :3])[of_it]
        assert torch.allclose(middle[:, :2], torch.tensor([0.5, 0.0]), atol=0.011)
        assert torch.allclose(REACH * sort[of_it, 3], torch.tensor(0.1), atol=0.011)


def test_no_voxels_have_no_pieces():
    flat = torch.tensor([[0.5, 0.0, 0.002]])
    patches = make_patches(torch.zeros(1, dtype=torch.long), flat, torch.rand(1, 3), 1)
    assert not piece_numbers(patches, axes=True, lying=True).any()


@torch.no_grad()
def test_both_passes_see_a_scene_in_a_batch_as_if_alone(cloud, encoder):
    batch = from_detections(encoder(make_patches(cloud.scene, cloud.points, cloud.colors, 3))[1])
    for scene in range(3):
        own = from_detections(encoder(alone(cloud, scene))[1])
        assert int(batch.mask[scene].sum()) == int(own.mask.sum())
        assert torch.allclose(batch.center[scene][batch.mask[scene]], own.center[own.mask], atol=1e-5)


def test_a_query_that_reads_two_things_is_at_the_one_that_it_reads_more():
    centroids = torch.tensor([[[0.50, 0.00, 0.02], [0.53, 0.00, 0.02], [0.50, 0.15, 0.02], [0.50, 0.18, 0.02]]])
    attention = torch.tensor([[[0.2, 0.2, 0.31, 0.29], [0.5, 0.48, 0.01, 0.01]]])
    piece = main_piece(attention, centroids)
    assert piece.tolist() == [[[False, False, True, True], [True, True, False, False]]]


@torch.no_grad()
def test_two_blocks_that_look_the_same_are_found_as_two():
    """The default checkpoint, on twins 9 to 15 cm apart, which one query would read together."""
    config, tensors = load_checkpoint(CHECKPOINTS / "default")
    encoder = SceneEncoder(ModelConfig.from_dict(config).encoder).eval()
    encoder.load_state_dict(
        {k.removeprefix("encoder."): v.float() for k, v in tensors.items() if k.startswith("encoder.")}, strict=False
    )
    rng, scenes = np.random.default_rng(3), []
    while len(scenes) < 24:
        color, other = rng.choice(SEEN_COLORS, 2, replace=False).tolist()
        scene = arrange([*[Thing("block", color, "small")] * 2, Thing("bowl", other), Thing("zone", color)], rng)
        gap = np.subtract(scene.objects[0].position, scene.objects[1].position)
        if 0.09 < np.linalg.norm(gap) < 0.15:
            scenes.append(scene)
    batch = batch_scenes(scenes)
    cloud = sense(batch, SensorRange(), torch.Generator().manual_seed(3))
    objects = from_detections(encoder(make_patches(cloud.scene, cloud.points, cloud.colors, len(scenes)))[1])
    near = torch.cdist(objects.center, batch.center[:, :2]) < 0.015  # (B, n, 2)
    near &= (objects.mask & (objects.kind.argmax(-1) == BLOCK))[..., None]
    both = near.any(1).all(-1)
    assert int(both.sum()) >= 20


def test_a_block_in_a_rack_or_on_a_ramp_is_found_beside_it():
    """Their middles are 3 cm apart, and votes for the one were taken for votes for the other."""
    planner, rng, found = Planner.from_pretrained("default"), np.random.default_rng(6), []
    while len(found) < 24:
        scene = sixd_scene(rng)
        bearing = [thing.position for thing in scene.objects if thing.kind in ("rack", "ramp")]
        borne = [
            thing.position
            for thing in scene.objects
            if thing.kind == "block" and any(math.dist(thing.position, at) < 0.035 for at in bearing)
        ]
        if borne:
            with TabletopWorld(scene) as world:
                seen = planner.look(*world.cloud(("front", "left", "right"), noise=rng)).objects
            found += [any(one.kind == "block" and math.dist(one.center, at) < 0.02 for one in seen) for at in borne]
    assert sum(found) >= 0.9 * len(found)


@pytest.mark.parametrize(("color", "size"), [("red", "small"), ("blue", "small"), ("blue", "big")])
def test_a_block_that_was_put_into_a_bowl_is_still_found(color, size):
    """Bowl and block have one middle; the queries that found the block were the same several times over, each too unsure."""
    planner, rng, found = Planner.from_pretrained("default"), np.random.default_rng(8), []
    while len(found) < 8:
        scene = arrange([Thing("bowl", "red"), Thing("block", color, size), Thing("block", "green", "small")], rng)
        step = make_step(scene, 1, 0, None)
        with TabletopWorld(scene) as world:
            world.pick_and_place(step.pick, step.place)
            at = world.object_poses()[1][0]
            seen = planner.look(*world.cloud(("front", "left", "right"), noise=rng)).objects
        found.append(
            any((one.kind, one.color) == ("block", color) and math.dist(one.center, at) < 0.015 for one in seen)
        )
    assert sum(found) >= 7


def test_queries_that_are_the_same_speak_once():
    chosen = torch.tensor([[3, 5, 3, 7, 3, 3, 5]])
    exists = torch.tensor([[0.99, 0.6, 0.3, 0.8, 0.3, 0.3, 0.01]]).logit()
    said = said_once(exists, chosen).sigmoid()[0].tolist()
    assert said == pytest.approx([0.99, 0.6, 0.9, 0.8, 0.0, 0.0, 0.01], abs=1e-3)
    assert said_once(torch.full((1, 7), 9.0), chosen).sigmoid()[0, 2] < 1.0


@torch.no_grad()
def test_the_order_of_points_makes_no_difference(cloud, encoder):
    order = torch.randperm(len(cloud.points), generator=torch.Generator().manual_seed(0))
    one = make_patches(cloud.scene, cloud.points, cloud.colors, 3)
    other = make_patches(cloud.scene[order], cloud.points[order], cloud.colors[order], 3)
    assert torch.allclose(one.centroids, other.centroids, atol=1e-5)
    assert torch.allclose(encoder.encode_patches(one), encoder.encode_patches(other), atol=1e-3)


def test_the_bare_table_is_left_out(cloud):
    patches = make_patches(cloud.scene, cloud.points, cloud.colors, 3, labels=cloud.slot)
    assert (patches.labels[patches.mask] >= 0).float().mean() > 0.95
    assert (
        int(make_patches(cloud.scene, cloud.points, cloud.colors, 3, PatchConfig(max_patches=20)).mask.sum(1).max())
        == 20
    )


def test_an_empty_cloud_has_no_patches_and_no_objects(encoder):
    patches = make_patches(torch.zeros(0, dtype=torch.long), torch.zeros(0, 3), torch.zeros(0, 3), 1)
    assert not patches.mask.any()


@torch.no_grad()
def test_objects_come_from_left_to_right_and_once(cloud, encoder):
    patches = make_patches(cloud.scene, cloud.points, cloud.colors, 3)
    found = encoder.detect(patches, encoder.encode_patches(patches))[-1]
    found.exists[:] = 5.0
    found.center = torch.rand(3, 5, 3)
    found.center[:, 1] = found.center[:, 0] + 0.001  # the same thing twice
    found.kind[:, 1] = found.kind[:, 0]
    found.exists[:, 1] = 4.0
    objects = from_detections(found)
    assert objects.mask.sum(1).tolist() == [4, 4, 4]
    y = objects.center[..., 1]
    assert ((y[:, 1:4] - y[:, :3]) <= 0).all()


def test_votes_for_one_place_make_one_query_and_the_heaviest_comes_first():
    places = torch.tensor([[0.3, 0.0, 0.02], [0.5, 0.2, 0.02], [0.6, -0.2, 0.02]])
    vote = (places[[0, 0, 0, 1, 1, 2]] + 0.002 * torch.arange(6)[:, None])[None]
    weight = torch.tensor([[0.9, 0.9, 0.8, 0.9, 0.9, 0.0]])
    chosen, standing = choose_votes(weight, vote, 4)
    assert chosen[0, 0] in (0, 1, 2) and chosen[0, 1] in (3, 4)
    assert set(chosen[0, :2].tolist()).isdisjoint({5}), (
        "what belongs to nothing starts a query before others are used up"
    )
    assert standing.shape == (1, 4, 3)
    assert standing[0, 1, 2] > 1, "the second is away from the first, in units of the reach"
    apart = (vote[0, chosen[0, 0]] - vote[0, chosen[0, 1]]).norm()
    assert apart > VOTE_REACH


@torch.no_grad()
def test_votes_of_two_kinds_are_for_two_things_however_near():
    queries = VotedQueries(24, 2)
    vote = torch.tensor([[[0.5, 0.0, 0.03], [0.505, 0.0, 0.03], [0.51, 0.0, 0.03]]])
    for kinds, apart in (([0, 0, 0], False), ([0, 0, 1], True)):
        kind = 20.0 * torch.nn.functional.one_hot(torch.tensor([kinds]), 3).float()
        place = queries(torch.zeros(1, 3, 24), vote, kind, torch.ones(1, 3, dtype=torch.bool))[2]
        assert torch.equal(place[0, 1], vote[0, 2]) == apart


def test_a_scene_with_fewer_patches_than_queries_can_be_read():
    encoder = SceneEncoder(EncoderConfig(width=24, layers=1, heads=2, queries=40, decoder_layers=1, votes=True)).eval()
    points = torch.tensor([[0.5, 0.0, 0.05], [0.5, 0.0, 0.06], [0.6, 0.1, 0.05]])
    patches = make_patches(torch.zeros(3, dtype=torch.long), points, torch.rand(3, 3), 1)
    with torch.no_grad():
        found = encoder.detect(patches, encoder.encode_patches(patches))[-1]
    assert found.exists.shape == (1, 40) and torch.isfinite(found.center).all()
