"""The table of kinds: its order, what is derived from it, and that a row is all that a new kind needs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from moe3d_ros.world.kinds import Kind
from moe3d_ros.world.vocabulary import KIND, KIND_COUNTS, KINDS, PLAIN_KINDS, RACK, kinds_that, knows_sixd

ROOT = Path(__file__).parents[2]


def test_trained_models_find_their_kinds_where_they_were():
    assert KINDS[:8] == ("block", "bowl", "zone", "object", "bar", "ramp", "slot", "rack")
    assert (PLAIN_KINDS, KIND_COUNTS[:2], RACK) == (4, (4, 8), 7)


def test_the_first_kinds_are_told_from_all():
    assert kinds_that(lambda kind: kind.movable) == (0, 3, 4)
    assert kinds_that(lambda kind: kind.movable, known=4) == (0, 3)
    assert not knows_sixd(4)
    assert knows_sixd(8)


def test_pile_members_and_destinations_are_those_of_the_success_rules():
    assert [name for name, kind in KIND.items() if kind.piled] == ["block", "object"]
    assert [name for name, kind in KIND.items() if kind.destination] == ["block", "bowl", "zone", "ramp", "slot"]
    assert [name for name, kind in KIND.items() if kind.faced] == ["block", "object", "bar", "ramp", "slot", "rack"]


def test_a_row_that_contradicts_itself_is_refused():
    with pytest.raises(ValueError, match="either bears or contains"):
        Kind("tray", ("tray",), bears=True, contains=True)
    with pytest.raises(ValueError, match="at least one word"):
        Kind("tray", ())
    with pytest.raises(ValueError, match="in or on"):
        Kind("tray", ("tray",), preposition="under")


def test_a_mug_in_the_table_alone_is_drawn_seen_named_asked_about_moved_and_judged():
    cases = Path(__file__).with_name("mug_cases.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", str(cases)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    assert "11 passed" in result.stdout


def test_no_other_file_spells_out_what_kinds_there_are():
    """Literals that equal a kind's name stand in the table, and where they mean a shape, a task, a family or a word of a sentence."""
    others = (
        "world/named_things.py",
        "household/families.py",
        "things/order_words.py",
        "things/thing_scenes.py",
        "perceiving/real_scans.py",
        "benchmarks/labels.py",
        "world/kinds.py",
        "world/vocabulary.py",
        "scenes/furniture.py",
        "simulation/mujoco_scene.py",
        "tasks/sixd_tasks.py",
    )
    found = []
    for folder in ("moe3d_ros", "training", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.as_posix().endswith(others) or path.parent.name in ("words", "composed_words"):
                continue
            nodes = ast.walk(ast.parse(path.read_text()))
            found += [
                f"{path}:{node.lineno} {node.value!r}"
                for node in nodes
                if isinstance(node, ast.Constant) and node.value in KINDS[:8]
            ]
    assert found == []
