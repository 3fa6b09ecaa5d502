"""The object reasoner: what it scores does not depend on padding or order, and its choices are moves that can be made."""

from dataclasses import replace

import pytest
import torch
from things import seen as things

from moe3d_ros.model.config import ReasonerConfig
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.reasoning.decider import Choice, Decider
from moe3d_ros.model.reasoning.elements import attribute_words, facts_of, named_by
from moe3d_ros.model.reasoning.imagined_steps import ImaginedSteps
from moe3d_ros.model.reasoning.imagining import moved
from moe3d_ros.model.reasoning.reading import Reader, heard
from moe3d_ros.model.reasoning.reasoner import Reasoner
from moe3d_ros.planner import Planner
from moe3d_ros.world.areas import AREAS, in_area
from moe3d_ros.world.side_spots import is_between
from moe3d_ros.world.sides import BETWEEN, SIDES
from moe3d_ros.world.vocabulary import PLAIN_KINDS
from moe3d_ros.world.workspace import Workspace

TABLE = things(
    ("small red block", 0.4, 0.2, 0.0),
    ("big blue block", 0.6, 0.1, 0.0),
    ("green bowl", 0.5, -0.1, 0.0),
    ("yellow zone", 0.5, -0.3, 0.0),
)
SAID = ("put the red block in the green bowl", ("pick the small red block, place it in the green bowl",))
OTHER = ("stack all of them on the left side of the table please", ())


@pytest.fixture(scope="module")
def planner(tiny_checkpoint):
    return Planner.from_pretrained(str(tiny_checkpoint))


@pytest.fixture(scope="module")
def decider(planner):
    torch.manual_seed(5)
    config = ReasonerConfig(layer=1, width=32, heads=4, layers=2)
    reasoner = Reasoner(config, planner.model.language.width).eval()
    with torch.no_grad():
        for value in reasoner.parameters():  # so that everything that it is given counts
            value.add_(0.1 * torch.randn_like(value))
    return Decider(reasoner, Reader(planner.model.language, 1), PLAIN_KINDS)


def scores(decider: Decider, objects: ObjectSet, asked) -> tuple[torch.Tensor, torch.Tensor]:
    reader = decider.reader
    said = heard(reader.instructions([text for text, _ in asked]), [reader.completed(done) for _, done in asked])
    with torch.no_grad():
        place, pick, _ = decider.reasoner(
            objects, facts_of(reader.language.objects, objects), said, torch.zeros(len(asked), dtype=torch.long)
        )
    return pick, place


def test_padding_of_objects_and_of_words_changes_nothing(decider):
    few = TABLE.row(0)
    few = replace(few, mask=torch.tensor([[True, True, True, False]])).row(0)
    alone = scores(decider, few, [SAID])
    together = scores(decider, ObjectSet.stacked([few, TABLE]), [SAID, OTHER])
    assert torch.allclose(alone[0][0, :3], together[0][0, :3], atol=1e-5)
    assert torch.allclose(alone[0][0, -1], together[0][0, -1], atol=1e-5)
    areas = len(AREAS)
    assert torch.allclose(alone[1][0, 3 : 3 + areas], together[1][0, 4 : 4 + areas], atol=1e-5)
    sides = [
        found[1][0, count + areas :].view(len(SIDES), count)[:, :3] for found, count in ((alone, 3), (together, 4))
    ]
    assert torch.allclose(*sides, atol=1e-5)


def test_the_order_of_the_objects_changes_nothing(decider):
    turned = [2, 0, 3, 1]
    values = {name: None if value is None else value[:, turned] for name, value in vars(TABLE).items()}
    first, second = scores(decider, TABLE, [OTHER])[0][0], scores(decider, ObjectSet(**values), [OTHER])[0][0]
    assert torch.allclose(first[turned], second[:4], atol=1e-5)


def test_completed_steps_and_the_instruction_count(decider):
    plain = scores(decider, TABLE, [(SAID[0], ())])[0]
    assert not torch.allclose(plain, scores(decider, TABLE, [SAID])[0], atol=1e-4)
    assert not torch.allclose(plain, scores(decider, TABLE, [OTHER])[0], atol=1e-4)


def test_what_the_relation_encoder_says_counts(decider):
    reader = decider.reader
    said = heard(reader.instructions([OTHER[0]]), [reader.completed(())])
    facts = facts_of(reader.language.objects, TABLE)
    changed = facts.clone()
    changed[0, 1] = 1 - changed[0, 1]
    picked = torch.zeros(1, dtype=torch.long)
    with torch.no_grad():
        _, first, _ = decider.reasoner(TABLE, facts, said, picked)
        _, second, _ = decider.reasoner(TABLE, changed, said, picked)
    assert not torch.allclose(first, second, atol=1e-4)


def test_words_are_matched_to_the_things_that_they_name(planner):
    reader = Reader(planner.model.language, 1)
    words = attribute_words()
    red = reader.matches(planner.model.language.encode(" red"))
    assert red.max() == pytest.approx(red[:, words.index("red")].max())
    names = named_by(TABLE)[0]
    assert names[0, words.index("red")] == 1
    assert names[0, words.index("small")] > 0.9
    assert names[1, words.index("big")] > 0.9
    assert names[2, words.index("small")] == 0  # a bowl has no size
    assert names[4, words.index("left")] == 1  # the first area behind the objects: the left side


def test_only_what_plans_can_say_is_chosen(decider):
    with torch.no_grad():
        before = decider.reasoner.head.bias.clone()
        decider.reasoner.head.bias[0] += 50.0  # everything is to be moved now
    chosen = decider.choose(ObjectSet.stacked([TABLE] * 2), [SAID, OTHER])
    with torch.no_grad():
        decider.reasoner.head.bias.copy_(before)
    for choice in chosen:
        assert choice.end == "step"
        assert choice.pick in (0, 1)  # the blocks
        assert (choice.place is None) != (choice.area is None)
        assert choice.place != choice.pick


def test_a_side_is_chosen_with_what_it_is_of(decider):
    with torch.no_grad():
        before = decider.reasoner.sides.bias.clone(), decider.reasoner.head.bias.clone()
        decider.reasoner.head.bias[0] += 50.0
        for number, side in enumerate(SIDES):
            decider.reasoner.sides.bias.fill_(-50.0)
            decider.reasoner.sides.bias[number] = 50.0
            (choice,) = decider.choose(TABLE, [SAID])
            assert (choice.side, choice.area) == (side, None)
            assert len({choice.pick, choice.place, choice.second}) == 3  # of "between" two others, else one and None
            assert (choice.second is not None) == (side == BETWEEN)
        decider.sides = False  # of a checkpoint whose Pose-DiT knows no such places
        (choice,) = decider.choose(TABLE, [SAID])
        assert (choice.end, choice.reason) == ("cannot", "other work")
        decider.sides = True
        decider.reasoner.sides.bias.copy_(before[0])
        decider.reasoner.head.bias.copy_(before[1])


def test_nothing_to_move_is_done_and_what_cannot_be_is_not(decider):
    head = decider.reasoner.head
    with torch.no_grad():
        before = head.bias.clone(), head.weight.clone()
        head.weight[0] = 0.0
        head.bias[0] = -20.0
    (done,) = decider.choose(TABLE, [SAID])
    with torch.no_grad():
        head.bias[0] = 20.0
    objects = replace(
        TABLE, kind=torch.eye(PLAIN_KINDS)[torch.tensor([[1, 1, 1, 1]])]
    )  # four bowls, none of which can be picked
    (cannot,) = decider.choose(objects, [SAID])
    with torch.no_grad():
        head.bias.copy_(before[0])
        head.weight.copy_(before[1])
    assert (done.end, done.pick) == ("done", None)
    assert (cannot.end, cannot.pick) == ("cannot", None)
    assert cannot.reason in decider.reasoner.config.reasons


def test_what_may_be_impossible_is_not_begun_and_what_was_begun_is_ended(decider, monkeypatch):
    """Of several orders the first may be clear and the second impossible, so that a move is likelier than that nothing can be done."""
    sure = torch.tensor([0.6, 0.1, 0.0, 0.0, 0.3])  # of each thing, and of "cannot"
    chances, why = torch.eye(len(TABLE.kind[0]) + 20)[2], torch.zeros(30)
    ends = {}
    for least in (1.0, 0.31, 0.29):
        monkeypatch.setattr(decider.reasoner, "config", replace(decider.reasoner.config, cannot=least))
        ends[least] = [decider._choice(sure, 0, chances, why, begun=begun).end for begun in (False, True)]
    assert ends == {1.0: ["step", "step"], 0.31: ["step", "step"], 0.29: ["cannot", "step"]}
    with pytest.raises(ValueError, match="cannot must lie in"):
        replace(decider.reasoner.config, cannot=0.0)


def test_imagined_things_lie_where_they_were_put():
    workspace, before = Workspace(), TABLE.center.clone()
    bowl = moved(TABLE, 0, 2, None, workspace)
    assert bowl.center[0, 0, :2].tolist() == pytest.approx(TABLE.center[0, 2, :2].tolist())
    assert bowl.center[0, 0, 2] < 0.03
    second = moved(bowl, 1, 2, None, workspace)
    assert second.center[0, 1, 2] > bowl.center[0, 0, 2] + 0.04  # on what is in the bowl
    pile = moved(TABLE, 0, 1, None, workspace)
    assert pile.center[0, 0, 2] == pytest.approx(0.06 + 0.02, abs=1e-4)
    zone = moved(moved(TABLE, 0, 3, None, workspace), 1, 3, None, workspace)
    apart = (zone.center[0, 0, :2] - zone.center[0, 1, :2]).norm()
    assert apart > 0.05  # side by side
    assert zone.center[0, :2, 2].tolist() == pytest.approx([0.021, 0.031], abs=1e-3)
    area = moved(TABLE, 0, None, "bottom left area", workspace)
    assert in_area(area.center[0, 0, :2].tolist(), "bottom left area")
    beside = moved(TABLE, 0, 2, None, workspace, "left of")
    assert beside.center[0, 0].tolist() == pytest.approx([0.5, -0.1 + 0.06 + 0.03 + 0.02, 0.02], abs=2e-3)
    between = moved(TABLE, 0, 1, None, workspace, "between", 3)
    assert is_between(*(between.center[0, i, :2].double().numpy() for i in (0, 1, 3)))
    assert between.center[0, 0, 2] == pytest.approx(0.02)
    assert torch.equal(TABLE.center, before)  # the scene that was seen stays as it was


def test_a_thing_stays_in_mind_where_there_is_no_room_at_a_side():
    at_the_edge = things(("small red block", 0.4, 0.2, 0.0), ("green bowl", 0.5, 0.44, 0.0))
    assert moved(at_the_edge, 0, 1, None, Workspace(), "left of") is at_the_edge


def test_the_second_step_of_a_plan_is_chosen_after_the_first(decider):
    steps = ImaginedSteps(decider, TABLE, OTHER[0], (), Workspace())
    with torch.no_grad():
        before = decider.reasoner.head.bias.clone()
        decider.reasoner.head.bias[0] += 50.0
    first = steps([])
    assert not torch.equal(steps.objects.center, TABLE.center)
    steps(["pick the small red block, place it on the left side"])
    with torch.no_grad():
        decider.reasoner.head.bias.copy_(before)
    assert steps.last is not first


def test_a_move_that_was_imagined_is_not_planned_again():
    class Stubborn:
        """Chooses the same move again and again."""

        def choose(self, objects, asked, told):
            return [Choice("step", 0.9, 0, 2)]

    steps = ImaginedSteps(Stubborn(), TABLE, SAID[0], (), Workspace())
    assert steps([]).end == "step"
    assert steps([SAID[1][0]]).end == "done"
