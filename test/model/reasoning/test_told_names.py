"""Names that the reasoner is told: the words of a span stand for the things that it is told, and for no others."""

import pytest
import torch
from things import seen

from moe3d_ros.model.config import ReasonerConfig
from moe3d_ros.model.reasoning.decider import Decider
from moe3d_ros.model.reasoning.elements import EXTRA
from moe3d_ros.model.reasoning.reading import PHRASES, Reader, heard
from moe3d_ros.model.reasoning.reasoner import Reasoner
from moe3d_ros.model.reasoning.told_names import Mention, Told, mentioned_words
from moe3d_ros.planner import Planner
from moe3d_ros.world.vocabulary import PLAIN_KINDS

TWINS = seen(("small red block", 0.4, 0.2, 0.0), ("small red block", 0.6, 0.1, 0.0), ("green bowl", 0.5, -0.1, 0.0))
TEXT = "put the red block in the green bowl"
SPAN = (8, 17)  # of "red block"


@pytest.fixture(scope="module")
def decider(tiny_checkpoint):
    torch.manual_seed(5)
    language = Planner.from_pretrained(str(tiny_checkpoint)).model.language
    config = ReasonerConfig(layer=1, width=32, heads=4, layers=2, certain=0.01)
    reasoner = Reasoner(config, language.width).eval()
    with torch.no_grad():
        for value in reasoner.parameters():
            value.add_(0.1 * torch.randn_like(value))
    return Decider(reasoner, Reader(language, 1), PLAIN_KINDS)


def test_the_tokens_of_a_span_are_those_of_its_words(decider):
    encode, decode = decider.reader.language.encode, decider.reader.language.tokenizer.decode
    ids = encode(f"\nTask: {TEXT}\nPlan:")
    assert decode([ids[token] for token in decider.reader.tokens_of(TEXT, *SPAN)]).strip() == "red block"
    assert decode([ids[token] for token in decider.reader.tokens_of(TEXT, 0, 3)]).strip() == "put"
    assert decode([ids[token] for token in decider.reader.tokens_of(TEXT, 31, 35)]).strip() == "bowl"


def called(decider, told, completed=()):
    """Match of words with elements of the twins' scene (N, T + PHRASES, 3), and the tokens of the red block."""
    reader = decider.reader
    said = heard(reader.instructions([TEXT]), [reader.completed(completed)])
    length = said.states.shape[1]
    said.mentioned = mentioned_words([told], [TEXT], reader.tokens_of, 3, length)
    return decider.reasoner.called(TWINS, said)[0], list(reader.tokens_of(TEXT, *SPAN)), length


def test_a_word_is_the_name_of_the_things_that_are_told_alone(decider):
    plain, tokens, _ = called(decider, None)
    told, _, _ = called(decider, Told((Mention(*SPAN, (1,)),)))
    assert plain[0, tokens].max() > 0.9  # both are red blocks
    assert torch.equal(told[1], plain[1])
    assert told[0, tokens].abs().max() == 0
    assert told[3:, tokens].abs().max() == 0
    others = [token for token in range(plain.shape[1]) if token not in tokens]
    assert torch.equal(told[:, others], plain[:, others])
    assert len(told) == 3 + EXTRA


def test_completed_steps_are_of_the_things_that_are_told_the_latest_first(decider):
    done = ["pick the small red block, place it in the green bowl"] * 2
    told = Told(completed=(((0,), ()),)).after([(1, 2)])
    names, _, length = called(decider, told, done)
    plain, _, _ = called(decider, None, done)
    assert names.shape[1] == length + PHRASES
    assert names[0, length].abs().max() == 0  # the latest picked the other one
    assert torch.equal(names[1, length], plain[1, length])
    assert torch.equal(names[2, length + 1], plain[2, length + 1])
    assert names[1, length + 2].abs().max() == 0
    assert torch.equal(names[:, length + 3], plain[:, length + 3])  # where the first went is not told


def test_a_choice_depends_on_what_is_told_and_on_nothing_where_none_is(decider):
    objects = TWINS
    (plain,) = decider.choose(objects, [(TEXT, ())])
    assert decider.choose(objects, [(TEXT, ())], [None]) == [plain]
    one, other = (decider.choose(objects, [(TEXT, ())], [Told((Mention(*SPAN, (column,)),))])[0] for column in (0, 1))
    assert one.probability != other.probability
