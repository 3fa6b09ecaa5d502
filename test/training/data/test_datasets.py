"""Datasets: the samples of every format are read with the right values, placed in the workspace, and trained on."""

import json

import numpy as np
import pytest
import torch

pytest.importorskip("plyfile", reason="plyfile is not installed")
pytest.importorskip("rosbags", reason="rosbags is not installed")

import make_samples
from places import SAMPLES
from plyfile import PlyData, PlyElement

from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.tiny import write_tiny_base
from moe3d_ros.recording import bags
from moe3d_ros.sensing.clouds import read_cloud
from moe3d_ros.world.workspace import Workspace
from training.data.datasets.catalogue import parse_specs
from training.data.datasets.dataset import ExampleDataset
from training.data.datasets.demonstrations import Demonstrated
from training.data.datasets.example import Cloud, DataError, Record
from training.data.datasets.placement import CROP_MARGIN, place
from training.data.datasets.scans import Scans, read_vertices
from training.engine.loop import train
from training.stages.settings import configure
from training.train import make_task


def dataset(text: str) -> ExampleDataset:
    name, _, path = text.partition(":")
    return ExampleDataset(parse_specs(f"{name}:{SAMPLES}/{path}")[0])


def test_the_samples_are_what_their_script_makes(tmp_path):
    """Fails after a change to the generator of scenes, too: then run test/samples/make_samples.py and commit."""
    make_samples.make(tmp_path)
    files = {p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()}
    committed = {p.relative_to(SAMPLES) for p in SAMPLES.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")}
    assert files == committed
    assert sum((SAMPLES / file).stat().st_size for file in files) < 200_000
    for file in files:
        if file.suffix == ".json":
            assert json.loads((tmp_path / file).read_text()) == json.loads((SAMPLES / file).read_text())
        elif file.suffix == ".ply":
            made, kept = (read_vertices(root / file, ("x",))[0] for root in (tmp_path, SAMPLES))
            for name in made.dtype.names:  # another processor may round otherwise
                np.testing.assert_allclose(made[name].astype(float), kept[name], atol=0.02 if name in "xyz" else 1)
    for bag in ("recording_mcap", "recording_sqlite3"):
        made, kept = (list(bags.read_bag(root / bag)) for root in (tmp_path, SAMPLES))
        assert [m[:2] for m in made] == [m[:2] for m in kept]
        np.testing.assert_allclose(read_cloud(made[0].msg)[0], read_cloud(kept[0].msg)[0], atol=2e-3)


@pytest.mark.parametrize(
    "asked", ["WHAT IS ON THE TABLE?", "what is\n on the\u00a0table?", "\uff57\uff48\uff41\uff54 is on the table?"]
)
def test_prompts_have_the_form_in_which_questions_are_heard(asked):
    assert Record("scene", "qa", asked, ("a bowl",)).prompt == "what is on the table?"


def test_scanqa(tmp_path):
    examples = dataset("scanqa:scanqa.json")
    asked = json.loads((SAMPLES / "scanqa.json").read_text())
    assert len(examples) == len(asked) == 4
    first = examples[0]
    assert (first.kind, first.scene_id, first.prompt) == ("qa", asked[0]["scene_id"], asked[0]["question"])
    assert first.answers == tuple(asked[0]["answers"])
    assert examples.records[1].object_ids == tuple(asked[1]["object_ids"])


def test_sqa3d_asks_in_every_wording_of_the_situation():
    examples = dataset("sqa3d:sqa3d_questions.json")
    prompts = [examples[i].prompt for i in range(2)]
    assert prompts == [
        "I stand at the near side of the table. What is in front of me?",
        "I look at the table from its near side. What is in front of me?",
    ]
    assert examples[2].scene_id == "scene9001_00"
    assert examples[2].answers[0].startswith("a ")
    assert examples.records[2].situation.position == (0.5, -1.25, 0.0)
    assert examples.records[2].situation.orientation == (0.0, 0.0, 0.6, 0.8)


@pytest.mark.parametrize(
    ("name", "kind", "prompt"),
    [
        ("qa", "qa", "How many things are on the table?"),
        ("plan", "plan", "Tidy the table."),
        ("scene_caption", "caption", ""),
        ("object_caption", "caption", "the block"),
    ],
)
def test_leo_layouts_are_told_apart(name, kind, prompt):
    examples = dataset(f"leo:leo_{name}.json")
    whole = json.loads((SAMPLES / f"leo_{name}.json").read_text())
    assert (len(examples), examples[0].kind, examples[0].prompt) == (2, kind, prompt)
    assert json.dumps(examples[0].answers[0]) in json.dumps(whole["scene9000_00"])
    assert bool(examples.records[0].object_ids) == (name in ("qa", "object_caption"))


@pytest.mark.parametrize(("seed", "scene_id"), [(50, "scene9000_00"), (51, "scene9001_00")])  # binary, ascii
def test_scans_have_points_colours_and_objects(seed, scene_id):
    scene, slots, points, colors, slot = make_samples.generated(seed)
    cloud = Scans(SAMPLES / "scans").load(scene_id)
    room = (points - np.array([0.5, 0, 0])) * make_samples.ROOM + make_samples.SHIFT
    np.testing.assert_allclose(cloud.points, room, atol=0.02)
    np.testing.assert_allclose(cloud.colors.astype(int), colors, atol=1)
    for number, label in cloud.labels.items():
        assert label == scene.objects[number].kind
        np.testing.assert_array_equal(cloud.instances == number, slot == slots[number])
    np.testing.assert_array_equal(cloud.classes, cloud.instances + 1)
    low, high = cloud.boxes()[next(iter(cloud.labels))]
    assert (high > low).any()


@pytest.mark.parametrize("sides", [3, 4])
@pytest.mark.parametrize("text", [True, False])
def test_a_mesh_gives_its_vertices(tmp_path, sides, text):
    points = np.random.default_rng(0).uniform(size=(20, 3)).astype("f4")
    vertices = np.zeros(
        20, [(name, "f4") for name in "xyz"] + [(name, "u1") for name in ("red", "green", "blue", "alpha")]
    )
    for axis, name in enumerate("xyz"):
        vertices[name] = points[:, axis]
    vertices["green"] = 9
    faces = np.empty(6, [("vertex_indices", "i4", (sides,))])
    faces["vertex_indices"] = np.arange(sides)
    elements = [PlyElement.describe(vertices, "vertex"), PlyElement.describe(faces, "face")]
    PlyData(elements, text=text, byte_order="<").write(str(tmp_path / "room_vh_clean_2.ply"))
    cloud = Scans(tmp_path).load("room")
    np.testing.assert_allclose(cloud.points, points, atol=1e-6)
    assert (cloud.colors == [0, 9, 0]).all()
    assert cloud.instances is None
    assert cloud.boxes() == {}


@pytest.mark.parametrize(("storage", "count"), [("mcap", 2), ("sqlite3", 1)])
def test_recordings_are_demonstrations(storage, count):
    examples = dataset(f"recording:recording_{storage}")
    messages = make_samples.demonstration_messages(count)
    assert len(examples) == count
    for example, (cloud, words, pick, place_) in zip([examples[i] for i in range(count)], zip(*[iter(messages)] * 4)):
        points, colors = read_cloud(cloud[2])
        np.testing.assert_allclose(example.points, points, atol=2e-3)
        np.testing.assert_allclose(example.colors.astype(int), colors, atol=2)
        assert (example.kind, example.prompt) == ("demonstration", words[2].data)
        for found, (_, _, msg) in ((example.pick, pick), (example.place, place_)):
            p, q = msg.pose.position, msg.pose.orientation
            np.testing.assert_allclose(found.position, (p.x, p.y, p.z), atol=1e-6)
            np.testing.assert_allclose(found.orientation, (q.x, q.y, q.z, q.w), atol=1e-6)


def test_a_room_is_placed_in_the_workspace_by_one_rigid_motion_and_one_scale():
    rng = np.random.default_rng(0)
    points = (rng.uniform(size=(5000, 3)) * [8, 3, 2.5] + [10, -4, 0.7]).astype(np.float32)
    cloud = Cloud(
        points, np.zeros((5000, 3), np.uint8), np.where(np.linalg.norm(points - [12, -3, 1], axis=1) < 0.5, 7, -1)
    )
    placed, transform = place(cloud, "fit")
    assert Workspace().contains(placed.points, margin=0.02).mean() > 0.97
    rotation = transform[:3, :3]
    scale = np.cbrt(np.linalg.det(rotation))
    assert 0 < scale < 1  # a mirror would be negative
    np.testing.assert_allclose(rotation @ rotation.T, scale**2 * np.eye(3), atol=1e-12)
    assert np.ptp(placed.points[:, 1]) > 0.9  # its longer side along the workspace's
    cropped, closer = place(cloud, "objects", (7,))
    assert (cropped.instances == 7).sum() == (cloud.instances == 7).sum()
    assert len(cropped.points) < len(points)
    assert closer[2, 2] > scale
    span = np.ptp(cropped.points, axis=0).max() / closer[2, 2]
    assert span <= 1 + 2 * CROP_MARGIN + 0.01
    assert place(cloud, "none")[0] is cloud


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scanqa", "write format:path"),
        ("coco:x.json", "no dataset format 'coco'"),
        ("leo:x.json?colour=1", "no option colour"),
        ("scanqa:x.json?placement=wall", "no placement 'wall'"),
        ("leo:x.json?skip=maybe", "skip must be true or false"),
    ],
)
def test_a_wrong_name_of_a_dataset_says_what_was_expected(text, words):
    with pytest.raises(ValueError, match=words):
        parse_specs(text)


def test_wrong_data_is_refused_or_left_out_on_request(tmp_path):
    entries = json.loads((SAMPLES / "scanqa.json").read_text())
    entries[1]["answers"] = []
    entries[2]["scene_id"] = "scene0000_00"
    (tmp_path / "some.json").write_text(json.dumps(entries))
    with pytest.raises(DataError, match=r"some\.json:1: \[1\]\.answers") as caught:
        ExampleDataset(parse_specs(f"scanqa:{tmp_path}/some.json?scans={SAMPLES}/scans")[0])
    assert "scene0000_00" in str(caught.value)
    kept = ExampleDataset(parse_specs(f"scanqa:{tmp_path}/some.json?scans={SAMPLES}/scans&skip=true")[0])
    assert len(kept) == 2
    assert kept.left_out == 2


ALL_TEXTS = ",".join(
    f"{name}:{SAMPLES}/{file}"
    for name, file in (
        ("scanqa", "scanqa.json?placement=objects"),
        ("sqa3d", "sqa3d_questions.json"),
        ("leo", "leo_qa.json"),
        ("leo", "leo_plan.json"),
        ("leo", "leo_scene_caption.json"),
        ("leo", "leo_object_caption.json"),
    )
)


def settings(tmp_path, **values):
    values = {
        "output": str(tmp_path),
        "workers": 0,
        "batch_size": 3,
        "log_every": 1,
        "precision": "float32",
        "warmup": 1,
        "experts": 2,
        "top_k": 1,
        "rank": 2,
        "pairs": 2,
        "data_share": 1.0,
        **values,
    }
    return configure(**values)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(write_tiny_base(tmp_path_factory.mktemp("base") / "llm"))


def test_the_language_stage_learns_a_datasets_answers(tmp_path, base):
    config = settings(
        tmp_path, task="language", base=base, data=ALL_TEXTS, steps=25, overfit=1, batch_size=2, learning_rate=1e-2
    )
    task = make_task(config)
    batch = task.make_batch(0)
    assert batch.scenes is None
    assert batch.patches.mask.any()
    assert all(text.allowed is None for row in batch.texts for text in row)
    with torch.no_grad():
        first = float(task.loss(task.make_batch(0))[0])
    assert train(task, config)["loss"] < 0.7 * first


def test_two_steps_with_every_dataset_and_generated_scenes(tmp_path, base):
    config = settings(tmp_path, task="language", base=base, data=ALL_TEXTS, steps=2, data_share=0.5)
    task = make_task(config)
    kinds = {task.make_batch(seed).scenes is None for seed in range(8)}
    assert kinds == {True, False}
    assert np.isfinite(train(task, config)["loss"])
    asked = {
        text.kind
        for seed in range(30)
        for row in task.mixture.batch(task.model, 3, 2, np.random.default_rng(seed))[1]
        for text in row
    }
    assert asked == {"qa", "situated_qa", "caption", "plan"}


def test_two_steps_of_the_action_stage_with_recordings(tmp_path):
    data = f"recording:{SAMPLES}/recording_mcap,recording:{SAMPLES}/recording_sqlite3"
    config = settings(tmp_path, task="action", data=data, steps=2, llm_width=32, draws=2)
    task = make_task(config)
    batch = task.make_batch(1)
    demonstrated, patches, targets = batch.scenes, batch.patches, batch.targets
    assert bool(targets.valid.all())
    assert targets.slots[0, 0].tolist() == [0, 1]
    wanted = {tuple(np.round(record.pick.position, 4)) for d in task.mixture.datasets for record in d.records}
    assert {tuple(np.round(p, 4)) for p in targets.positions[:, 0, 0].double().numpy()} <= wanted
    near = (patches.centroids[0, :, :2] - demonstrated.pick[0, :2]).norm(dim=-1) < 0.02
    assert bool((patches.labels[0][near & patches.mask[0]] == 0).any())
    assert np.isfinite(train(task, config)["loss"])


def test_a_demonstration_means_what_stands_at_its_poses():
    def objects(*centers):
        n = len(centers)
        center, mask = torch.tensor([centers]), torch.tensor([[True] * (n - 1) + [False]])
        zeros = torch.zeros(1, n, 3)
        return ObjectSet(torch.zeros(1, n, 4), torch.zeros(1, n, 11), center, zeros, zeros[..., 0], mask, zeros[..., 0])

    meant = Demonstrated(torch.tensor([[0.4, 0.1, 0.04]]), torch.tensor([[0.6, -0.2, 0.05]]))
    found = objects((0.41, 0.11, 0.02), (0.5, 0.0, 0.02), (0.6, -0.21, 0.02), (0.4, 0.1, 0.02))
    assert meant.nearest_slots(found).tolist() == [[0, -1, 1, -1]]
    stacked = Demonstrated(torch.tensor([[0.4, 0.1, 0.04]]), torch.tensor([[0.42, 0.1, 0.04]]))
    assert stacked.nearest_slots(found).tolist() == [[0, -1, -1, -1]]  # what is picked is no goal of its own


def test_a_stage_says_which_data_it_cannot_use(tmp_path, base):
    with pytest.raises(ValueError, match="perception has no setting data"):
        configure(task="perception", output=str(tmp_path), data=ALL_TEXTS)
    with pytest.raises(ValueError, match="recordings train Pose-DiT"):
        make_task(settings(tmp_path, task="language", base=base, data=f"recording:{SAMPLES}/recording_mcap"))
    with pytest.raises(ValueError, match="no poses to learn"):
        make_task(settings(tmp_path, task="action", data=ALL_TEXTS, llm_width=32))
