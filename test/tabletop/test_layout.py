"""Layout's shortcuts agree with the rules of success that they stand for."""

import numpy as np

from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.tabletop.rules.success import at_goal
from moe3d_ros.tabletop.tasks.progress import sample_progress


def test_what_the_distance_tells_is_what_the_rules_say():
    rng = np.random.default_rng(0)
    there = 0
    for _ in range(40):
        scene = sample_progress(rng).scene
        layout = Layout(scene)
        for i, thing in enumerate(scene.objects):
            for goal, other in enumerate(scene.objects):
                if i != goal and thing.traits.piled and other.traits.destination and layout.apart[i, goal] < 0.12:
                    expected = at_goal(thing, other)[0]
                    there += expected
                    assert layout.at(i, goal) == expected, (thing, other)
    assert there > 50


def test_what_lies_under_a_block_is_told_from_the_nearest_down():
    rng = np.random.default_rng(1)
    deep = 0
    for _ in range(40):
        layout = Layout(sample_progress(rng, "C").scene)
        for i in layout.below:
            chain = layout.under(i)
            assert chain[0] == layout.below[i]
            assert [layout.below[j] for j in chain[:-1]] == chain[1:]
            deep += len(chain) > 1
    assert deep
