"""The ablation of the reasoner: one command trains, visits, exports and plays every variant, and goes on where it stopped."""

import json

import pytest

from training import ablation

SMALL = (
    *("--steps", "4", "--layer", "1", "--width", "32", "--layers", "2", "--workers", "0"),
    *("--batch_size", "8", "--sources", "seen:3:0.5", "practice:3:0.5"),
)


@pytest.fixture
def few(monkeypatch):
    """Three of the variants, each of another sort."""
    monkeypatch.setattr(ablation, "VARIANTS", (ablation.WHOLE, *ablation.VARIANTS[-2:]))


def test_every_variant_has_a_row_and_finished_ones_are_kept(tiny_checkpoint, tmp_path, capsys, few):
    output = tmp_path / "ablation.json"
    command = ["--checkpoint", str(tiny_checkpoint), "--runs", str(tmp_path / "runs"), "--output", str(output)]
    command += ["--seeds", "1", "--episodes", "1", "--visits", "4", *SMALL]
    assert ablation.main(command) == 0
    rows = json.loads(output.read_text())
    assert [row["name"] for row in rows] == [ablation.WITHOUT, "whole", "softmax", "no rollouts"]
    assert all(row["tasks"].keys() == rows[0]["tasks"].keys() for row in rows)
    assert any("--visited" in said for said in rows[1]["commands"])
    assert not any("--visited" in said for said in rows[3]["commands"])
    assert "softmax" in capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*") if path.is_file()}
    assert ablation.main(command) == 0
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*") if path.is_file()}
