"""Mutated files at every reader: the short form of `make bench ARGS="fuzz_files"`."""

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="rosbags is not installed")
pytest.importorskip("plyfile", reason="plyfile is not installed")

from benchmarks._fuzzing.strange_files import KINDS, Pcd
from benchmarks.fuzz_files import attack

COUNTS = {"pcd": 300, "ply": 300, "mcap": 80, "db3": 80, "yaml": 100, "datasets": 80}


@pytest.mark.parametrize("name", KINDS)
def test_a_mutated_file_is_read_as_its_header_says_or_refused_with_a_sentence(tmp_path, name):
    kind = KINDS[name](np.random.default_rng(7))
    found = attack([kind], COUNTS[name], np.random.default_rng(7), tmp_path)
    assert found["failures"] == []
    assert found["read"][name] + found["refused"][name] == COUNTS[name]
    assert found["read"][name] > COUNTS[name] / 20  # neither all nor none is refused
    assert found["refused"][name] > COUNTS[name] / 20 or name == "datasets"  # which are not refused but reported


class Careless(Pcd):
    """A reader that moves the points, and raises what is no sentence."""

    def check(self, path, change):
        if change.cut:
            raise KeyError("x")
        self.points = self.points + 1
        return super().check(path, change)


def test_a_careless_reader_is_found_out(tmp_path):
    found = attack([Careless(np.random.default_rng(7))], 300, np.random.default_rng(7), tmp_path)
    assert any("KeyError" in text for text in found["failures"])
    assert any("other points" in text for text in found["failures"])
