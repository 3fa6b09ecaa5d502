"""The answer reasoner: what it says of things, and that a question is answered as if it were asked alone."""

import pytest
import torch
from things import seen as things

from moe3d_ros.model.config import AnswerConfig
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.reasoning import answerer as answers
from moe3d_ros.model.reasoning.answerer import ABSENT, SORTS, WORDS, Answerer, Answering, said
from moe3d_ros.model.reasoning.reading import Reader
from moe3d_ros.planner import Planner
from moe3d_ros.world.vocabulary import PLAIN_KINDS

TABLE = things(
    ("small red block", 0.4, 0.2, 0.0),
    ("big blue block", 0.6, 0.1, 0.0),
    ("green bowl", 0.5, -0.1, 0.0),
    ("yellow zone", 0.5, -0.3, 0.0),
)
QUESTIONS = ("how many blocks are there?", "which is nearer to the robot, the red block or the green bowl?", "is it?")


@pytest.fixture(scope="module")
def answering(tiny_checkpoint):
    language = Planner.from_pretrained(str(tiny_checkpoint)).model.language
    torch.manual_seed(5)
    answerer = Answerer(AnswerConfig(layer=1, width=32, heads=4, layers=2, absent=1.0), language.width).eval()
    with torch.no_grad():
        for value in answerer.parameters():  # so that everything that it is given counts
            value.add_(0.1 * torch.randn_like(value))
    return Answering(answerer, Reader(language, 1))


def prefer(answering, sort: str) -> None:
    """Make the answerer choose this sort, whatever it is asked."""
    with torch.no_grad():
        answering.answerer.sort.bias.zero_()
        answering.answerer.sort.bias[SORTS.index(sort)] = 100.0


@pytest.mark.parametrize(
    ("sort", "columns", "text"),
    [
        ("yes", (), "yes"),
        ("on the table", (), "on the table"),
        (answers.NUMBER, (), "zero"),
        (answers.NUMBER, (0, 1), "two"),
        (answers.THING, (0,), "the small red block"),
        (answers.PLACE, (2,), "in the green bowl"),
        (answers.PLACE, (3,), "on the yellow zone"),
        (answers.COLOR, (1,), "blue"),
        (answers.SIZE, (1,), "big"),
        (answers.NAMES, (0, 1), "small red block, big blue block"),
        (answers.COLORS, (2, 3), "green, yellow"),
        (answers.NAMES, (), ""),
        (answers.WRITTEN, (), ""),
        (ABSENT, (), ""),
    ],
)
def test_an_answer_is_said_of_the_things_that_it_is_made_of(sort, columns, text):
    assert said(sort, TABLE, columns) == text


def test_more_than_ten_things_are_counted_too():
    many = things(*[("small red block", 0.3 + 0.03 * i, 0.0, 0.0) for i in range(14)])
    assert said(answers.NUMBER, many, range(10)) == "ten"
    assert said(answers.NUMBER, many, range(14)) == "14"


def test_answers_do_not_depend_on_what_else_is_asked_or_on_padding(answering):
    many = answering.replies(TABLE, QUESTIONS)
    padded = ObjectSet.stacked([TABLE, things(*[("small red block", 0.3 + 0.05 * i, 0.0, 0.0) for i in range(6)])])
    for number, question in enumerate(QUESTIONS):
        for objects in (TABLE, padded):
            (alone,) = answering.replies(objects, [question])
            assert (alone.sort, alone.text, alone.things) == (many[number].sort, many[number].text, many[number].things)
            assert alone.absent == pytest.approx(many[number].absent, abs=1e-4)


def test_what_stands_in_the_question_is_a_span_of_it(answering):
    prefer(answering, WORDS)
    for reply, question in zip(answering.replies(TABLE, QUESTIONS), QUESTIONS):
        assert reply.text in f"Question: {question}\nAnswer:"


def test_what_is_not_there_is_said_only_from_its_threshold_on(answering):
    prefer(answering, ABSENT)
    answering.answerer.config = AnswerConfig(layer=1, width=32, heads=4, layers=2, absent=0.9)
    assert {reply.sort for reply in answering.replies(TABLE, QUESTIONS)} == {ABSENT}
    with torch.no_grad():
        answering.answerer.sort.bias[SORTS.index("yes")] = 100.0  # as likely
    assert {reply.text for reply in answering.replies(TABLE, QUESTIONS)} == {"yes"}


def test_no_answer_is_wider_than_the_scene(answering):
    assert answering.answerer.reasoner.element.in_features > PLAIN_KINDS
    for sort in answers.OF_ONE:
        prefer(answering, sort)
        for reply in answering.replies(TABLE, QUESTIONS):
            assert len(reply.things) == 1
            assert reply.things[0] < 4
