"""Sentences that tell a long task, and those that do not."""

import numpy as np
import pytest

from moe3d_ros.tabletop.tasks.long_tasks import remaining_steps, satisfied
from moe3d_ros.tabletop.tasks.registry import find
from moe3d_ros.tabletop.tasks.spoken import EXAMPLES, said_task


@pytest.mark.parametrize(
    ("said", "name"),
    [
        *zip(EXAMPLES, "BFC"),
        ("Please put all the blocks into the bowls with matching colours!", "B"),
    ],
)
@pytest.mark.parametrize("seed", [0, 7])
def test_a_sentence_leads_to_its_task_and_to_a_table_with_something_to_do(said, name, seed):
    task, scene = said_task(said, seed)
    assert task.name == name
    assert task.instruction == said
    assert task.wordings == [said]
    reached, goals = satisfied(task, scene)
    assert reached < goals
    assert remaining_steps(task, scene)
    again = said_task(said, seed)
    assert again == (task, scene)
    assert said_task(said, seed + 1)[1] != scene


def test_words_of_every_task_that_names_nothing_in_particular_are_understood():
    """A task's own words are taken for that task, or for one whose phrases are longer."""
    for name in ("B", "C", "F"):
        for number in range(20):
            draft = find(name).draft(np.random.default_rng(number), tuple("abcdefgh"), 1.0, False)
            said = draft.say()
            if "{" not in said and any(phrase in said for phrase in find(name).wording.b):
                assert said_task(said, 0)[0].name == name, said


@pytest.mark.parametrize("said", ["", "sing a song", "put the red block in the green bowl", "the blocks"])
def test_other_sentences_are_refused_with_examples(said):
    with pytest.raises(ValueError, match=EXAMPLES[0]):
        said_task(said, 0)
