"""The gates of tools/checks.py find what they are there for."""

import checks
import pytest

OUTPUT = """moe3d_ros/a.py:3: error: Function is missing a return type annotation  [no-untyped-def]
moe3d_ros/a.py:4: note: Use "-> None" if function does not return a value
moe3d_ros/b.py:9: error: Name "x" is not defined  [name-defined]
"""


def test_the_ratchet_passes_what_is_listed_and_nothing_more():
    assert checks.ratchet(OUTPUT, ["moe3d_ros/a.py", "moe3d_ros/b.py"]) == ""
    assert checks.ratchet("", []) == ""
    assert "b.py:9" in checks.ratchet(OUTPUT, ["moe3d_ros/a.py"])


def test_the_ratchet_only_tightens():
    clean = checks.ratchet(OUTPUT, ["moe3d_ros/a.py", "moe3d_ros/b.py", "moe3d_ros/c.py"])
    assert clean == "moe3d_ros/c.py has no error any more: take it off tools/not_yet_typed.txt"


def test_the_ratchet_lists_files_of_the_tree_once_and_sorted():
    listed = checks.NOT_YET_TYPED.read_text().split()
    assert listed == sorted(set(listed))
    assert all((checks.ROOT / name).is_file() for name in listed)
    strict = ("moe3d_ros/world/", "moe3d_ros/model/")  # typed throughout, and so they stay
    assert not [name for name in listed if name.startswith(strict)]


@pytest.mark.skipif(not checks.LINK.exists(), reason="made by `make lint`")
def test_twins_of_ten_lines_are_found(tmp_path):
    lines = [f"total_{number} = first_{number} + second_{number}" for number in range(10)]
    for name, count in (("a", 10), ("b", 10), ("c", 9)):
        (tmp_path / f"{name}.py").write_text("\n".join(lines[:count]) + f"\nlast = '{name}'\n")
    assert "a.py" in checks.twins_in([tmp_path / "a.py", tmp_path / "b.py"])
    assert checks.twins_in([tmp_path / "a.py", tmp_path / "c.py"]) == ""


@pytest.mark.parametrize("opening", ["What it does.", "Which one.", "Whether it is.", "How many.", "As the other."])
def test_docstrings_that_open_with_a_question_are_found(tmp_path, opening):
    file = tmp_path / "a.py"
    bad, good = f'"""{opening}"""', '"""Number of things; when none, what is left is zero."""'
    for outer, function, method, found in ((bad, good, good, 1), (good, bad, bad, 2), (good, good, good, 0)):
        file.write_text(f"{outer}\n\ndef f():\n    {function}\n\nclass A:\n    def g(self):\n        {method}\n")
        assert checks.docstrings_in([file]).count("noun or a verb") == found


def test_docstrings_of_the_package_open_with_a_noun_or_a_verb():
    assert checks.docstrings() == ""
