"""The suite ``series``: the oracle does and refuses all of it, and one who does the last order first next to nothing."""

from dataclasses import replace

import pytest

from moe3d_ros.look import Decision
from moe3d_ros.tabletop.tasks.long_tasks import right_moves, text_of
from training import evaluate
from training.evaluation.deciding import order_series
from training.evaluation.judging.symbolic_decisions import oracle_decisions


def last_first(moments):
    """Do what the last order says that is not done, whatever comes before it."""
    found = []
    for moment in moments:
        if moment.task is None:
            found.append(Decision("step", 1.0, "pick the red block, place it in the red bowl", "in the red bowl", 0, 1))
            continue
        alone = [replace(moment.task, alternatives=((goal,),)) for goal in reversed(moment.task.alternatives[0])]
        moves = next((moves for task in alone if (moves := right_moves(task, moment.scene))), [])
        if not moves:
            found.append(Decision("done", 1.0))
            continue
        move, text = moves[0], text_of(moment.scene, moves[0])
        found.append(Decision("step", 1.0, text, text.split("place it ")[1], move.pick, move.place, side=move.side))
    return found


def oracle(moments):
    """Do what is next; refuse what has no meaning in its scene."""
    return [Decision("cannot", 1.0) if one.task is None else oracle_decisions([one])[0] for one in moments]


@pytest.mark.parametrize(("decide", "least", "most"), [(oracle, 0.9, 1.0), (last_first, 0.0, 0.1)])
def test_the_order_counts(decide, least, most):
    figures = order_series.run(decide, episodes=25)
    for wording in order_series.WORDINGS:
        assert least <= figures[f"done, {wording}"] <= most
        assert least <= figures[f"refused, {wording}"] <= most
        assert figures[f"refused falsely, {wording}"] == 0.0
    assert set(order_series.bars(figures).values()) == {least > 0}


def test_the_command_judges_a_checkpoint(tiny_checkpoint, tmp_path, capsys):
    out = tmp_path / "out.json"
    given = ["--suite", "series", "--checkpoint", str(tiny_checkpoint), "--episodes", "2", "--json", str(out)]
    assert evaluate.main(given) == 0
    assert "done, held-out wording" in capsys.readouterr().out
    assert out.exists()
