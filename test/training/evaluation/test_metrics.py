"""Metrics of answers and poses, held to examples that were worked out by hand."""

import math

import numpy as np
import pytest

from training.evaluation.metrics import (
    bleu,
    cider,
    clean,
    exact_match,
    meteor,
    position_error,
    refined_match,
    rotation_error,
    rouge_l,
    score,
    score_by_type,
)
from training.evaluation.metrics.stem import stem


def words(*texts):
    return [text.split() for text in texts]


def test_answers_are_compared_in_one_normal_form():
    assert clean("  The  Red block. ") == "red block"
    assert clean("Two blocks, and one bowl!") == "2 blocks, and 1 bowl"
    assert clean("an orange zone on the table") == "orange zone on table"
    assert clean("the") == "the"  # an article alone is all that was said


WRONG = [
    ("桌子", "椅子"),
    ("стул", "стол"),
    ("كرسي", "طاولة"),
    ("की", "का"),  # differ in a vowel sign only, which is a mark and no letter
    ("เก้าอี้", "โต๊ะ"),
    ("1.5", "15"),
    ("✓", "✗"),
    ("$", "€"),
    ("...", "椅子"),
    ("", "стол"),
]
SAME = [
    ("\uff13", "3"),
    ("Стол.", "стол"),
    ("ΚΌΚΚΙΝΟΣ", "κόκκινος"),
    ("STRASSE", "straße"),
    ("cafe\u0301", "café"),
    ("\uff54\uff57\uff4f", "2"),
]


@pytest.mark.parametrize(("answer", "reference"), WRONG)
def test_a_wrong_answer_is_wrong_in_every_script(answer, reference):
    for one, other in ((answer, reference), (reference, answer)):
        assert not exact_match(one, [other])
    assert not refined_match(answer, [reference])
    assert score([answer], [[reference]])["em"] == 0


@pytest.mark.parametrize(("answer", "reference"), SAME)
def test_one_answer_in_two_forms_is_right(answer, reference):
    assert exact_match(answer, [reference])
    assert refined_match(answer, [reference])


def test_nothing_equals_nothing_only():
    assert exact_match("...", ["。"])
    assert exact_match("", ["?"])
    assert not exact_match("...", ["no", "стол", "5"])


def test_exact_and_refined_match():
    assert exact_match("The red block.", ["red block"])
    assert refined_match("The red block.", ["red block"])
    assert exact_match("3", ["blue", "three"])
    assert not exact_match("red block", ["red"])
    assert refined_match("red block", ["red"])
    assert refined_match("book shelf", ["the bookshelf"])
    assert not exact_match("book shelf", ["the bookshelf"])
    assert not refined_match("", ["red"])
    assert not refined_match("blue", ["red", "green"])
    with pytest.raises(ValueError, match="references"):
        exact_match("red", [])


def test_bleu_by_hand():
    # 4 of 4 words, 2 of 3 pairs, 1 of 2 triples, no quadruple; 4 words against 5: brevity exp(1 - 5/4).
    brevity = math.exp(-0.25)
    found = bleu(words("red block in bowl"), [words("red block in green bowl")])
    assert found[:3] == pytest.approx([brevity, brevity * (2 / 3) ** 0.5, brevity * (1 / 3) ** (1 / 3)])
    assert found[3] < 1e-3
    # Counts are clipped, and the closest reference sets the length.
    assert bleu(words("yes yes"), [words("yes", "yes no")])[0] == pytest.approx(0.5)
    assert bleu(words("a b c d"), [words("a b c d")]) == pytest.approx([1, 1, 1, 1])


def test_rouge_by_hand():
    # Common subsequence of 4: precision 1, recall 4/5.
    (found,) = rouge_l(words("red block in bowl"), [words("red block in green bowl")])
    assert found == pytest.approx(2.44 * 0.8 / (0.8 + 1.44))
    assert rouge_l(words("yes", ""), [words("no"), words("no")]) == [0, 0]


def test_cider_by_hand():
    # Each word is in one of two questions: weight log 2. One of four orders of n-grams can match.
    assert cider(words("yes", "yes"), [words("yes"), words("no")]) == pytest.approx([2.5, 0])
    # One of two equally heavy words, and one word less: exp(-1 / (2 * 36)).
    found = cider(words("red", "blue bowl"), [words("red block"), words("blue bowl")])
    assert found == pytest.approx([2.5 / math.sqrt(2) * math.exp(-1 / 72), 5.0])


def test_meteor_by_hand():
    # red = red (1), blocks ~ block (0.6): precision 1.6/3, recall 1.6/2; one chunk of two matches.
    assert meteor(words("red blocks here"), [words("red block")]) == pytest.approx(0.355475, abs=1e-5)
    # The same words in two chunks: mean 1, penalty 0.6 (2/2)^0.2.
    assert meteor(words("block red"), [words("red block")]) == pytest.approx(0.4)
    assert meteor(words("red block", "no"), [words("red block"), words("yes", "no")]) == pytest.approx(1)
    assert meteor(words("", "blue"), [words("red"), words("red")]) == 0


def test_stems():
    pairs = {
        "blocks": "block",
        "closest": "closest",
        "cities": "citi",
        "hopping": "hop",
        "relational": "relat",
        "agreed": "agre",
        "falling": "fall",
        "happy": "happi",
        "generalizations": "gener",
        "sky": "sky",
        "is": "is",
    }
    assert {word: stem(word) for word in pairs} == pairs


def test_the_report_counts_by_type():
    answers, references = ["yes", "two", "the red block"], [["yes"], ["three"], ["red block on the table"]]
    rows = score_by_type(answers, references, ["existence", "count", "existence"])
    assert rows["all"]["em"] == pytest.approx(1 / 3)
    assert rows["all"]["em_refined"] == pytest.approx(2 / 3)
    assert rows["existence"]["count"] == 2
    assert rows["count"]["em_refined"] == 0
    mean = (2 * rows["existence"]["cider"] + rows["count"]["cider"]) / 3
    assert rows["all"]["cider"] == pytest.approx(mean)
    assert rows["all"] == score(answers, references)
    assert {"bleu_1", "bleu_2", "bleu_3", "bleu_4", "meteor", "rouge_l"} <= rows["all"].keys()
    with pytest.raises(ValueError, match="1 answers"):
        score(["yes"], [])


def test_pose_errors():
    assert position_error([[0, 0, 0], [1, 1, 1]], [[3, 4, 0], [1, 1, 1]]).tolist() == [5, 0]
    quarter = [0, 0, math.sqrt(0.5), math.sqrt(0.5)]
    identity = [0, 0, 0, 1]
    assert rotation_error(quarter, identity) == pytest.approx(math.pi / 2)
    assert rotation_error(quarter, identity, fold=4) == pytest.approx(0, abs=1e-7)
    assert rotation_error(-np.array(quarter), quarter) == pytest.approx(0, abs=1e-7)
    # Half a turn about x, then a quarter about z: the axis is neither, the angle pi.
    assert rotation_error([[1, 0, 0, 0]], [identity], fold=4) == pytest.approx([math.pi])
    with pytest.raises(ValueError, match="zero norm"):
        rotation_error([0, 0, 0, 0], identity)
