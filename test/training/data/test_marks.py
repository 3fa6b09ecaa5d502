"""Marks of writing: what is said stays what it is."""

import re

import numpy as np

from training.data.form_texts import form_text
from training.data.marks import MARKED, marked

SAID = "put the red block in the green bowl"


def test_marks_change_no_word_and_some_sentences():
    drawn = [marked(SAID, np.random.default_rng(seed)) for seed in range(400)]
    changed = [text for text in drawn if text != SAID]
    assert 0.7 * MARKED < len(changed) / len(drawn) < 1.3 * MARKED
    for text in changed:
        assert {"red", "block", "green", "bowl", "put", "in", "the"} <= set(re.findall(r"[a-z]+", text)), text
    assert len(set(changed)) > 15


def test_every_class_is_marked():
    rng = np.random.default_rng(1)
    labels = {label for text, label in (form_text(rng) for _ in range(400)) if re.search(r"[(\[<]|User|Human", text)}
    assert labels == {0, 1, 2, 3, 4}
