"""The stage for the object reasoner: its decisions, its training, what it visits by itself, and its place in a checkpoint."""

import hashlib
import json

import numpy as np
import pytest
import torch

from moe3d_ros.model.reasoning.decider import Choice
from moe3d_ros.model.reasoning.elements import AREA_COUNT
from moe3d_ros.planner import Planner
from moe3d_ros.tabletop.composing.held_out import VALIDATION
from moe3d_ros.tabletop.rules.layout import Layout
from moe3d_ros.world.sides import BETWEEN, SIDES
from moe3d_ros.world.vocabulary import KINDS
from training import export, train, visit
from training.data.decisions import SOURCES, STARTS, TYPED, Recipe, absent_in
from training.data.instruction_states import InstructionStates
from training.data.visited import Visited, save_visited
from training.engine.loop import train as run_training
from training.stages.command_line import parse
from training.stages.reason import IGNORED, ReasonTask, place_loss
from training.visiting import Episode
from training.visiting import visit as play


def test_between_wants_both_things_and_other_places_any_that_is_right():
    count = 3
    first = count + AREA_COUNT + SIDES.index(BETWEEN) * count  # column of the first thing that something goes between
    width = count + AREA_COUNT + len(SIDES) * count
    right = torch.zeros(3, width, dtype=torch.bool)
    right[:2, [first, first + 2]] = True  # between the first and the third thing
    right[2, [0, 1]] = True  # into either of two bowls
    place = torch.full((3, width), -50.0)
    place[0, [first, first + 2]] = 0.0
    place[1, first] = place[2, 0] = 0.0
    halves, one_alone, either = place_loss(place, right).tolist()
    assert halves == pytest.approx(0.0, abs=1e-4)
    assert one_alone > 10
    assert either == pytest.approx(0.0, abs=1e-4)


def command(folder, checkpoint, **values) -> list[str]:
    own = {
        "output": folder,
        "init": checkpoint,
        "states": folder.parent / "states",
        "layer": 1,
        "width": 32,
        "layers": 2,
        "workers": 0,
        "batch_size": 16,
        "sources": "seen:6:0.4 practice:6:0.3 single:4:0.2 absent:4:0.1",
        **values,
    }
    return ["--stage", "reason", *(text for name, value in own.items() for text in (f"--{name}", *str(value).split()))]


@pytest.fixture(scope="module")
def run(tiny_checkpoint, tmp_path_factory):
    """A run of a few steps."""
    folder = tmp_path_factory.mktemp("reason") / "run"
    assert train.main(command(folder, tiny_checkpoint, steps=2)) == 0
    return folder


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_a_function_of_its_seeds(source):
    played = [Recipe(source, seed).play(1) for seed in range(12)]
    again = [Recipe(source, seed).play(1) for seed in range(12)]
    assert [one and (one.instruction, len(one.moments)) for one in played] == [
        one and (one.instruction, len(one.moments)) for one in again
    ]
    found = [one for one in played if one is not None]
    assert len({one.instruction for one in found}) > 6
    for one in found:
        assert bool(one.reason) == (not any(moment.right for moment in one.moments))
        if not one.reason and source != "sixd":
            assert not one.moments[1 if source in ("single", "vague") else -1].right  # in the end it is done


def test_single_steps_beside_things_are_of_every_side_and_done_where_they_are_done():
    played = [Recipe("beside", seed).play(0) for seed in range(150)]
    first = [one.moments[0].right for one in played]
    assert all(len(moves) == 1 and not moves[0].aside for moves in first)
    assert {move.side for (move,) in first} == set(SIDES)
    for one, ((move),) in zip(played, first):
        assert (move.second is None) == (move.side != "between")
        for moment in one.moments:
            stands = Layout(moment.scene).beside(move.pick, move.side, move.place, move.second)
            assert stands == (not moment.right)
            assert stands or move in moment.right or any(known.aside for known in moment.right)
    assert sum(len(one.moments) > 2 for one in played) > 10  # a step failed, or was wrong, and it went on


@pytest.mark.parametrize("source", ["seen", "practice"])
def test_the_words_of_a_recipe_stay_in_another_layout(source):
    for seed in range(12):
        two = [Recipe(source, seed).play(layout) for layout in (1, 2)]
        if None not in two:
            assert two[0].instruction == two[1].instruction


def test_what_is_missing_is_found_in_the_words():
    found = [
        Recipe("absent", seed).play(0) for seed in range(30) if seed % TYPED != TYPED - 1
    ]  # without slips of the keyboard
    named = [one for one in found if one.missing != ("", "")]
    assert len(named) >= 15
    for one in named:
        color, kind = one.missing
        assert color in one.instruction.lower()
        assert all((thing.color, thing.kind) != (color, kind) for thing in one.moments[0].scene.objects)
    assert absent_in("put it there", found[0].moments[0].scene) == ("", "")


def test_a_batch_is_a_function_of_its_seed_and_says_what_is_right(tiny_checkpoint, tmp_path):
    task = ReasonTask(parse(command(tmp_path / "run", tiny_checkpoint)))
    batch, same, other = (task.make_batch(seed) for seed in (3, 3, 4))
    assert torch.equal(batch.heard.states, same.heard.states)
    assert torch.equal(batch.right, same.right)
    assert batch.right.shape != other.right.shape or not torch.equal(batch.objects.center, other.objects.center)
    assert len(batch.picked) == 16
    steps = batch.step
    assert batch.right.gather(1, batch.picked[:, None])[steps].all()
    assert batch.place[steps].any(1).all()
    assert not batch.place[~steps].any()
    assert ((batch.why[:, 0] == IGNORED) == ~batch.right[:, -1]).all()
    assert not (batch.right[:, -1] & batch.right[:, :-1].any(1)).any()  # never a step of what cannot be done


def test_it_learns_a_few_decisions_by_heart(tiny_checkpoint, tmp_path):
    steady = {"state_noise": 0, "word_dropout": 0, "warmup": 5}
    config = parse(
        command(tmp_path / "run", tiny_checkpoint, overfit=1, steps=150, learning_rate=3e-3, log_every=150, **steady)
    )
    run_training(ReasonTask(config), config)
    losses = [json.loads(line)["loss"] for line in (tmp_path / "run" / "losses.jsonl").read_text().splitlines()]
    assert losses[0] > 3.0
    assert losses[-1] < 0.3 * losses[0]


def test_it_resumes_bit_for_bit(tiny_checkpoint, tmp_path):
    def losses(name: str) -> list[str]:
        return [json.loads(line)["loss"] for line in (tmp_path / name / "losses.jsonl").read_text().splitlines()]

    assert train.main(command(tmp_path / "whole", tiny_checkpoint, steps=4)) == 0
    assert train.main(command(tmp_path / "parts", tiny_checkpoint, steps=4, stop_after=1e-9)) == 0
    assert len(losses("parts")) < 4
    assert train.main(command(tmp_path / "parts", tiny_checkpoint, steps=4)) == 0
    assert losses("parts") == losses("whole")


def test_instructions_are_read_once_and_by_one_model_alone(tiny_checkpoint, tmp_path):
    task = ReasonTask(parse(command(tmp_path / "run", tiny_checkpoint)))
    (folder,) = (tmp_path / "states").iterdir()
    size = (folder / "states.f16").stat().st_size
    text = next(iter(task.states.spans))
    before = task.states[text][0]
    again = ReasonTask(parse(command(tmp_path / "more", tiny_checkpoint, sources="seen:9:1.0")))
    assert (folder / "states.f16").stat().st_size > size
    assert torch.equal(again.states[text][0], before)
    direct = task.reader.instructions([text])[0][0]
    assert torch.allclose(before, direct, atol=2e-2)  # half precision
    with pytest.raises(ValueError, match="another LLM"):
        InstructionStates(folder, "other", task.states.width, task.states.words)


def test_an_oracle_that_visits_is_right_and_what_it_saw_survives_the_disk(tmp_path):
    starts = [Recipe(source, seed).start(0) for source in ("seen", "practice", "beside") for seed in range(4)]
    episodes = [Episode.of(start) for start in starts if start is not None]
    assert episodes

    def says_done(objects, asked):
        return [Choice("done", 1.0) for _ in asked]

    played, right = play(says_done, episodes, 3, seed=0, show=False)
    assert 0 < right < 0.5  # only where it is done indeed
    assert not any(one.won for one in episodes)  # the oracle's help is no success
    save_visited(tmp_path / "visited.npz", played)
    stored = Visited(tmp_path / "visited.npz")
    assert len(stored) == len(played)
    assert any(move.side for one in played for move in one.moments[0].right)
    for number in range(len(played)):
        (mine,), (its,) = played[number].moments, stored[number].moments
        assert its.right == tuple(move._replace(aside=False) for move in mine.right)
        assert its.history == mine.history
        assert np.allclose([t.position for t in its.scene.objects], [t.position for t in mine.scene.objects], atol=1e-6)


def test_a_thing_is_overlooked_now_and_then_and_kept_in_what_was_visited():
    episodes = [
        Episode.of(start) for start in (Recipe("seen", seed).start(0) for seed in range(6)) if start is not None
    ]
    seen, kinds = [], 3

    def notes(objects, asked):
        seen.extend(objects.mask.sum(1).tolist())
        return [Choice("done", 1.0) for _ in asked]

    played, _ = play(notes, episodes, kinds, seed=0, show=False, errors=0.0, overlooked=0.5)
    there = [sum(1 for thing in one.moments[0].scene.objects if thing.kind in KINDS[:kinds]) for one in played]
    missed = [count - found for count, found in zip(there, seen)]
    assert set(missed) == {0, 1}


def test_a_round_of_its_own_moments(run, tiny_checkpoint, capsys):
    file = run.parent / "visited.npz"
    assert visit.main(["--run", str(run), "--output", str(file), "--episodes", str(len(STARTS))]) == 0
    said = capsys.readouterr().out
    assert all(f"{source}: " in said for source in STARTS)
    assert visit.main(["--run", str(run), "--validate", "--episodes", "12", "--certain", "0.4"]) == 0
    said = capsys.readouterr().out
    assert all(f"{combination}: " in said for combination in VALIDATION)
    assert "mean: " in said
    more = command(run.parent / "more", tiny_checkpoint, steps=1, start=run, visited=f"{file}:0.9")
    assert train.main(more) == 0


def test_a_checkpoint_takes_the_reasoner_and_keeps_all_else(run, tiny_checkpoint, tmp_path):
    half, output = tmp_path / "half", tmp_path / "with"
    for source, goal in ((tiny_checkpoint, half), (half, output)):
        assert export.main(["--checkpoint", str(source), "--reasoner", str(run), "--output", str(goal)]) == 0

    def sums(folder):
        return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.glob("model-0*.safetensors")}

    assert sums(output) == sums(half)
    assert sums(half).keys() == sums(tiny_checkpoint).keys()
    assert (output / "model-reasoner.safetensors").is_file()
    planner = Planner.from_pretrained(str(output))
    assert planner.decider is not None
    assert visit.main(["--run", str(output), "--output", str(tmp_path / "x.npz"), "--episodes", str(len(STARTS))]) == 0
    assert train.main(command(tmp_path / "on", tiny_checkpoint, steps=1, start=f"{output}:reasoner")) == 0
    assert Planner.from_pretrained(str(tiny_checkpoint)).decider is None


def test_runs_of_other_stages_are_refused(tmp_path, tiny_checkpoint, capsys):
    assert visit.main(["--run", str(tmp_path), "--output", str(tmp_path / "x.npz")]) == 1
    assert "no run of the reason stage" in capsys.readouterr().err
    assert visit.main(["--run", str(tiny_checkpoint), "--output", str(tmp_path / "x.npz")]) == 1
    assert "has no reasoner" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        parse(["--stage", "reason", "--sources", "seen:0:1"])
    assert "there must be an instruction" in capsys.readouterr().err
