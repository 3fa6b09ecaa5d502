"""A checkpoint comes back as it was saved, and a damaged one never loads."""

import hashlib
import json

import pytest
import torch

from moe3d_ros.model import checkpoint as ck
from moe3d_ros.model.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from training.engine.state import sizes_of

CONFIG = {"voxel_size": 0.01, "base": {"name": "smollm2-135m-instruct", "revision": "ab" * 32}}


def some_tensors(seed=0):
    generator = torch.Generator().manual_seed(seed)
    tensors = {f"layers.{i}.weight": torch.randn(7, 5 + i, generator=generator) for i in range(6)}
    tensors["counter"] = torch.tensor([3, 4])
    tensors["scalar"] = torch.tensor(1.5)
    return tensors


@pytest.fixture
def folder(tmp_path):
    return save_checkpoint(tmp_path / "checkpoint", CONFIG, some_tensors(), "# Card\n")


def assert_same(tensors, expected):
    assert tensors.keys() == expected.keys()
    for name in expected:
        assert tensors[name].dtype == expected[name].dtype and torch.equal(tensors[name], expected[name]), name


def test_round_trip(folder):
    config, tensors = load_checkpoint(folder)
    assert {key: config[key] for key in CONFIG} == CONFIG
    assert_same(tensors, some_tensors())
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["card.md", "checksums.json", "config.json", "model-00001-of-00001.safetensors"]
    assert [path.name for path in folder.parent.iterdir()] == ["checkpoint"]  # nothing temporary is left


def test_half_precision_storage(tmp_path):
    folder = save_checkpoint(tmp_path / "half", CONFIG, some_tensors(), "", dtype=torch.float16)
    _, tensors = load_checkpoint(folder)
    assert tensors["layers.0.weight"].dtype == torch.float16
    assert tensors["counter"].dtype == torch.int64
    expected = some_tensors()["layers.0.weight"]
    torch.testing.assert_close(tensors["layers.0.weight"].float(), expected, atol=1e-3, rtol=1e-3)


def test_views_and_shared_storage_are_stored_as_they_look(tmp_path):
    matrix = torch.arange(12.0).view(3, 4)
    tensors = {"a": matrix, "b": matrix.t(), "c": matrix[1:]}
    _, loaded = load_checkpoint(save_checkpoint(tmp_path / "views", CONFIG, tensors, ""))
    assert_same(loaded, tensors)


def test_shards_keep_their_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(ck, "MAX_SHARD_BYTES", 40_000)
    tensors = {f"t{i}": torch.randn(50, 50) for i in range(9)}
    folder = save_checkpoint(tmp_path / "sharded", CONFIG, tensors, "")
    shards = sorted(folder.glob("*.safetensors"))
    assert len(shards) == 3
    assert shards[0].name == "model-00001-of-00003.safetensors"
    assert all(path.stat().st_size <= 40_000 for path in shards)
    assert_same(load_checkpoint(folder)[1], tensors)


@pytest.mark.parametrize("name", ["config.json", "card.md", "model-00001-of-00001.safetensors"])
def test_flipped_byte(folder, name):
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 0x01
    (folder / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=f"checksum of {name}"):
        load_checkpoint(folder)


def test_every_byte_of_the_checksums_matters(folder):
    path = folder / "checksums.json"
    good = path.read_bytes()
    for position in range(0, len(good), 5):
        data = bytearray(good)
        data[position] ^= 0x01
        path.write_bytes(data)
        try:  # white space may change, nothing else
            assert_same(load_checkpoint(folder)[1], some_tensors())
            assert chr(good[position]).isspace()
        except CheckpointError:
            pass


def test_truncated_shard(folder):
    path = folder / "model-00001-of-00001.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["config.json", "checksums.json", "model-00001-of-00001.safetensors"])
def test_missing_file(folder, name):
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"lacks {name}"):
        load_checkpoint(folder)


def test_missing_folder(tmp_path):
    with pytest.raises(CheckpointError, match="No checkpoint"):
        load_checkpoint(tmp_path / "nowhere")


def test_stray_shard(folder):
    (folder / "model-00002-of-00002.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match="does not list"):
        load_checkpoint(folder)


def test_another_format(tmp_path, monkeypatch):
    monkeypatch.setattr(ck, "FORMAT", 99)
    folder = save_checkpoint(tmp_path / "future", CONFIG, some_tensors(), "")
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match="format 99"):
        load_checkpoint(folder)


def test_a_config_that_is_no_object(folder):
    (folder / "config.json").write_text("[]")
    listed = json.loads((folder / "checksums.json").read_text())
    listed["files"]["config.json"] = hashlib.sha256(b"[]").hexdigest()
    (folder / "checksums.json").write_text(json.dumps(listed))
    with pytest.raises(CheckpointError, match="format None"):
        load_checkpoint(folder)
    assert sizes_of(str(folder))["kinds"] == 4  # a run that is to start from it then says what is wrong


def test_tensors_that_differ_from_the_list(folder):
    path = folder / "checksums.json"
    listed = json.loads(path.read_text())
    listed["tensors"].remove("counter")
    path.write_text(json.dumps(listed))
    with pytest.raises(CheckpointError, match="unexpected.*counter"):
        load_checkpoint(folder)


def test_names_and_shapes_against_the_model():
    ck.check_tensor_names({"a": torch.zeros(2)}, {"a": torch.ones(2)})
    for tensors, word in (
        ({}, "missing"),
        ({"a": torch.zeros(2), "b": torch.zeros(1)}, "unexpected"),
        ({"a": torch.zeros(3)}, "shape"),
    ):
        with pytest.raises(CheckpointError, match=word):
            ck.check_tensor_names(tensors, {"a": torch.ones(2)})


@pytest.mark.parametrize("exchange", [True, False])
def test_overwriting_is_whole(folder, monkeypatch, exchange):
    if not exchange:
        monkeypatch.setattr(ck, "_exchange", lambda a, b: False)
    save_checkpoint(folder, {"step": 2}, some_tensors(seed=1), "")
    config, tensors = load_checkpoint(folder)
    assert config["step"] == 2
    assert_same(tensors, some_tensors(seed=1))
    assert [path.name for path in folder.parent.iterdir()] == ["checkpoint"]


def test_a_failed_write_keeps_the_last_good_one(folder, monkeypatch):
    written = []

    def full_disk(path, data):
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(path)

    monkeypatch.setattr(ck, "_write", full_disk)
    with pytest.raises(CheckpointError, match="No space left"):
        save_checkpoint(folder, {"step": 2}, some_tensors(seed=1), "")
    assert_same(load_checkpoint(folder)[1], some_tensors())
    assert [path.name for path in folder.parent.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize(
    ("tensors", "dtype", "word"),
    [
        ({"a": torch.tensor([1.0, float("nan")])}, None, "a has values"),
        ({"a": torch.tensor([1e6])}, torch.float16, "float16"),
        ({"a": torch.zeros(5 * 2**20)}, None, "more than a shard"),
        ({f"t{i}": torch.zeros(3 * 2**20) for i in range(6)}, None, "more than 60"),
    ],
)
def test_what_may_not_be_stored(folder, tensors, dtype, word):
    with pytest.raises(CheckpointError, match=word):
        save_checkpoint(folder, {}, tensors, "", dtype=dtype)
    assert_same(load_checkpoint(folder)[1], some_tensors())


def test_config_must_be_json(tmp_path):
    with pytest.raises(CheckpointError, match="JSON"):
        save_checkpoint(tmp_path / "c", {"x": {1, 2}}, some_tensors(), "")
