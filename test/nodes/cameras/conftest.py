"""Voxelizers that end with the test."""

import pytest


@pytest.fixture
def rigs(probe):
    """Makes voxelizers that are stopped at the end."""
    from voxelizing import Rig

    made: list[Rig] = []

    def make(namespace: str, **parameters) -> Rig:
        made.append(Rig(probe, namespace, **parameters))
        return made[-1]

    yield make
    for rig in made:
        assert rig.node.stop() == 0, rig.node.log
