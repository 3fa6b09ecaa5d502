"""Composed tasks that name something which is not there."""

import numpy as np

from moe3d_ros.tabletop.composing.drawing import draw_task, offered
from moe3d_ros.tabletop.composing.missing import without


def test_what_is_missing_is_named_and_not_there_beside_things_too():
    rng, changed = np.random.default_rng(0), set()
    for _ in range(400):
        form, _, scene = draw_task(rng, scale=0.5)
        found = without(form, scene, rng)
        if found is None:
            continue
        absent, (color, kind) = found
        assert color not in {thing.color for thing in scene.objects if thing.kind == kind}
        for clause, before in zip(absent.clauses, form.clauses):
            if clause.destination != before.destination and clause.destination.side:
                assert offered(absent, scene) is None
                changed.add(clause.destination.second != before.destination.second)
    assert changed == {True, False}  # the thing itself, and the other one of two
