"""What cannot be done: every kind of impossible instruction, its held-out wordings, typos, and that they are learnt."""

import numpy as np
import pytest

from moe3d_ros.model.language.base_llm import load_base
from moe3d_ros.model.language.grammar import CANNOT
from moe3d_ros.model.language.scene_language import SceneLanguageModel
from moe3d_ros.model.tiny import write_tiny_base
from moe3d_ros.plan import check_text, normalised
from moe3d_ros.tabletop.scenes.sampling import random_scene
from moe3d_ros.tabletop.tasks.impossible import KINDS, impossible_instruction
from moe3d_ros.tabletop.tasks.progress import sample_unrelated
from moe3d_ros.tabletop.words import other_languages, unrelated_wordings
from moe3d_ros.tabletop.words.typos import with_typos
from training.data import texts
from training.data.mixture import sample_moments
from training.data.texts import TextWriter

SCENES = [random_scene(np.random.default_rng(seed)) for seed in range(30)]


def said(kind: str, held_out: bool, number: int = 200) -> list[str]:
    rng = np.random.default_rng(5)
    found = [impossible_instruction(SCENES[i % len(SCENES)], rng, kind, held_out) for i in range(number)]
    return [one.instruction for one in found if one is not None]


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_says_many_things_that_the_planner_would_read(kind, held_out):
    instructions = said(kind, held_out)
    assert len(instructions) > 150
    assert len(set(instructions)) > 15
    for text in instructions:
        assert check_text(text) == normalised(text) != ""
        assert "{" not in text
        assert len(text) < 120


@pytest.mark.parametrize("kind", ["absent thing", "other work", "unrelated", "chat", "language", "nonsense", "nothing"])
def test_nothing_held_out_is_ever_said_in_training(kind):
    train, held_out = ({text.lower() for text in said(kind, which, 400)} for which in (False, True))
    assert not train & held_out


def test_pools_of_training_and_evaluation_are_apart():
    for name in dir(unrelated_wordings):
        if name.startswith("HELD_OUT_"):
            held_out, train = (
                getattr(unrelated_wordings, name),
                getattr(unrelated_wordings, name.removeprefix("HELD_OUT_")),
            )
            assert not set(held_out) & set(train), name
            assert len(set(held_out)) == len(held_out)
            assert len(set(train)) == len(train)
    assert not set(other_languages.LANGUAGES) & set(other_languages.HELD_OUT_LANGUAGES)


def test_an_unknown_kind_is_an_error_that_lists_them():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="absent color"):
        impossible_instruction(SCENES[0], rng, "rude")


def test_typos_change_a_word_a_little_and_leave_short_ones():
    rng = np.random.default_rng(1)
    text = "put the red block in the yellow bowl"
    changed = {with_typos(text, rng) for _ in range(200)}
    assert text not in changed
    assert len(changed) > 15
    for other in changed:
        before, after = text.split(), other.split()
        differing = [(a, b) for a, b in zip(before, after) if a != b]
        assert len(before) == len(after)
        assert len(differing) == 1
        assert all(a in ("block", "yellow", "bowl") and (a[0], a[-1]) == (b[0], b[-1]) for a, b in differing)
    assert with_typos("put it in", rng) == "put it in"


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    llm, tokenizer, _ = load_base(str(write_tiny_base(tmp_path_factory.mktemp("base") / "llm")))
    return TextWriter(SceneLanguageModel(llm, tokenizer))


def test_training_learns_to_refuse_them(writer):
    rng, cannot = np.random.default_rng(0), writer.model.grammar.special[CANNOT]
    for _ in range(20):
        moment = sample_unrelated(rng, scale=0.5)
        text = writer.long(moment, list(range(30)), rng)
        assert moment.steps == ()
        assert moment.task.reason in KINDS
        assert text.answer == [cannot]
    drawn = [text for _ in range(60) for text in writer.draw(SCENES[0], list(range(20)), 4, rng)]
    refused = [text for text in drawn if text.kind == "cannot"]
    assert refused
    assert all(text.answer == [cannot] for text in refused)


def test_moments_of_training_hold_both_sorts_of_what_cannot_be_done():
    reasons = {moment.task.reason for moment in sample_moments(250, np.random.default_rng(2))}
    assert any(reason in KINDS for reason in reasons)
    assert any(reason.startswith("no ") for reason in reasons)
    assert "" in reasons


def test_a_share_of_the_instructions_is_mistyped(writer, monkeypatch):
    def words(share: float) -> list[set[str]]:
        rng = np.random.default_rng(3)
        monkeypatch.setattr(texts, "TYPO_SHARE", share)
        drawn = [writer.single_step(SCENES[i % len(SCENES)], list(range(20)), rng) for i in range(300)]
        said = [
            found for found in drawn if found and found.step.step.place_index is not None
        ]  # others: in the step's own words
        return [set(writer.model.tokenizer.decode(found.text.prompt).lower().split()) for found in said]

    known = set().union(*words(0.0))
    assert np.mean([bool(said - known) for said in words(1.0)]) > 0.9
    assert 0 < np.mean([bool(said - known) for said in words(0.05)]) < 0.3
