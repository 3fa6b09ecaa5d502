"""Bench of the mixture against the dense LLM: one run prints both, with the number of pairs and an interval."""

import json

import pytest

from benchmarks.decode import main, ratio
from moe3d_ros.model.tiny import write_tiny_base


def test_both_are_measured_in_one_run(tmp_path, capsys):
    base, file = str(write_tiny_base(tmp_path / "llm")), tmp_path / "decode.json"
    assert main(["--base", base, "--pairs", "3", "--prompt", "8", "--tokens", "2", "--json", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "n = 3 pairs" in shown
    found = json.loads(file.read_text())
    for what in ("prefill", "decode"):
        for name in ("mixture", "in 8 bits"):
            assert f"{what}: {name}" in shown
            low, high = found[what][name]["interval"]
            assert 0 < low <= found[what][name]["ratio"] <= high


def test_a_ratio_is_the_median_of_pairs():
    found = ratio([1.1, 2.2, 33.0], [1.0, 2.0, 30.0])
    assert found["ratio"] == pytest.approx(1.1)
    assert found["interval"] == pytest.approx([1.1, 1.1])
    assert (found["ours"], found["other"], found["pairs"]) == (2.2, 2.0, 3)
    low, high = ratio([1.0, 1.0, 2.0, 2.0, 2.0], [1.0] * 5)["interval"]
    assert (low, high) == (1.0, 2.0)
