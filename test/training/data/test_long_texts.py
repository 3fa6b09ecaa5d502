"""Long-horizon tasks as training texts: what is learnt in the middle of an episode, and where it points."""

import numpy as np
import pytest
import torch

from moe3d_ros.model.language.base_llm import load_base
from moe3d_ros.model.language.grammar import CANNOT, DONE, PICK, PLACE
from moe3d_ros.model.language.packing import pack
from moe3d_ros.model.language.scene_language import LAST_COMPLETED, SceneLanguageModel, task_prompt
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.tiny import write_tiny_base
from moe3d_ros.tabletop.questions.questions import draw_question
from moe3d_ros.tabletop.scenes.sampling import SceneRange
from moe3d_ros.tabletop.scenes.scene import Scene, SceneObject
from moe3d_ros.tabletop.tasks.progress import sample_impossible, sample_progress
from moe3d_ros.world.vocabulary import COLOR_NAMES, KINDS
from training.data.mixture import sample_mixture
from training.data.targets import SceneStep
from training.data.texts import TextWriter
from training.stages.language import LanguageTask
from training.stages.matching import pointer_targets
from training.stages.settings import configure


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(write_tiny_base(tmp_path_factory.mktemp("base") / "llm"))


@pytest.fixture(scope="module")
def writer(base):
    llm, tokenizer, _ = load_base(base)
    return TextWriter(SceneLanguageModel(llm, tokenizer))


def moment(seed: int, least: int = 0, most: int = 99):
    """A moment of task B with a number of steps to go."""
    for number in range(seed, seed + 500):
        found = sample_progress(np.random.default_rng(number), "B")
        if least <= len(found.steps) <= most:
            return found
    raise AssertionError("no such moment")


def spoken(writer, text) -> str:
    return writer.model.tokenizer.decode([token for token in text.answer if token < writer.model.vocabulary])


def test_only_a_whole_rest_ends_with_done(writer):
    rng, special = np.random.default_rng(0), writer.model.grammar.special
    found = moment(0, least=3)
    slots = [10 + i for i in range(len(found.scene.objects))]
    part = writer.long(found, slots, rng, most=2)
    assert part.answer[-1] != special[DONE]
    assert len(part.steps) == 2
    assert part.pointers == [(10 + s.pick_index, 10 + s.place_index) for s in found.steps[:2]]
    whole = writer.long(found, slots, rng, most=len(found.steps))
    assert whole.answer[-1] == special[DONE]
    assert len(whole.steps) == len(found.steps)
    assert whole.answer[: len(part.answer)] == part.answer
    assert all(step.text in spoken(writer, whole) for step in found.steps)
    assert all(token in allowed for token, allowed in zip(whole.answer, whole.allowed))


def test_the_loss_is_content_with_any_right_move(writer):
    """The pointer may choose whatever would be right, and of places what is right for the pick that was made."""
    found = moment(0, least=3)
    slots = list(range(len(found.scene.objects)))
    text = writer.long(found, slots, np.random.default_rng(0), most=1)
    ((picks, places),), objects = text.right, found.scene.objects
    assert len(picks) >= 3
    assert text.pointers[0][0] in picks
    assert text.pointers[0][1] in places
    assert {objects[i].color for i in places} == {objects[text.pointers[0][0]].color}
    slot = torch.tensor([[*slots, -1]])
    packed = pack(writer.model, *one_scene(writer.model, len(slots) + 1), slot, [[text]])
    pick, place = pointer_targets(packed.step_right, slot[packed.step_row])[0]
    assert torch.nonzero(pick).flatten().tolist() == list(picks)
    assert torch.nonzero(place).flatten().tolist() == list(places)


@pytest.mark.parametrize(("name", "own_words"), [("color_to_area", True), ("B", False)])
def test_pose_dit_learns_places_on_the_table_from_the_steps_own_words(writer, name, own_words):
    """As plans are read; the place of any other step hangs on the object that it points at."""
    found = sample_progress(np.random.default_rng(3), name)
    slots = list(range(len(found.scene.objects)))
    text = writer.long(found, slots, np.random.default_rng(0), most=1)
    read = writer.for_pose(text, found.steps[0], slots)
    assert (found.steps[0].place_index is None) == own_words
    assert read.text.prompt == (writer.model.encode(task_prompt(found.steps[0].text)) if own_words else text.prompt)
    assert read.text.answer == text.answer
    assert read.step == SceneStep(found.steps[0], slots)


def one_scene(model, count: int):
    """Tokens of ``count`` objects, and the objects."""
    objects = ObjectSet(
        torch.ones(1, count, len(KINDS)),
        torch.ones(1, count, len(COLOR_NAMES)),
        torch.rand(1, count, 3),
        torch.rand(1, count, 3),
        torch.zeros(1, count),
        torch.ones(1, count, dtype=torch.bool),
        torch.ones(1, count),
    )
    return torch.zeros(1, count, model.width), objects


def test_nothing_left_is_done_and_nothing_possible_is_refused(writer):
    rng, special = np.random.default_rng(0), writer.model.grammar.special
    finished = moment(0, most=0)
    text = writer.long(finished, list(range(30)), rng)
    assert (text.answer, text.kind, text.pointers) == ([special[DONE]], "done", [])
    text = writer.long(sample_impossible(rng), list(range(30)), rng)
    assert (text.answer, text.kind) == ([special[CANNOT]], "cannot")


def test_the_prompt_tells_of_the_last_steps_only():
    steps = [f"step {number}" for number in range(5)]
    prompt = task_prompt("sort", steps)
    assert [step for step in steps if step in prompt] == steps[-LAST_COMPLETED:]
    assert task_prompt("sort", tuple(steps)) == prompt
    assert "Done" not in task_prompt("sort")


def test_a_mixture_holds_moments_and_random_scenes():
    rng, generator = np.random.default_rng(1), torch.Generator().manual_seed(1)
    scenes, moments = sample_mixture(40, 0.5, SceneRange(clutter=(1, 1)), rng, generator)
    long = [found for found in moments if found is not None]
    assert len(scenes) == len(moments) == 40
    assert 8 <= len(long) <= 32
    for index, found in enumerate(moments):
        scene, slots = scenes.scene(index)
        if found is None:
            assert 3 <= len(scene.objects) <= 10
            continue
        assert slots == list(range(len(found.scene.objects)))
        assert [o.name for o in scene.objects] == [o.name for o in found.scene.objects]
        here, there = ([o.position for o in s.objects] for s in (scene, found.scene))
        np.testing.assert_allclose(here, there, atol=1e-5)


def test_stage_two_learns_from_moments(tmp_path, base):
    config = configure(
        task="language",
        output=str(tmp_path),
        base=base,
        experts=2,
        top_k=1,
        rank=2,
        batch_size=4,
        pairs=2,
        long_tasks=1.0,
        real_scenes=0.0,
        precision="float32",
    )
    task = LanguageTask(config)
    loss, figures = task.loss(task.make_batch(5))
    loss.backward()
    assert torch.isfinite(loss)
    assert {"pick_pointer_long", "place_pointer_long"} <= figures.keys()
    assert all(torch.isfinite(p.grad).all() for p in task.model.parameters() if p.grad is not None)


def test_an_answer_points_at_what_it_is_about(writer):
    bowl = SceneObject("bowl", "green", "", (0.5, 0.2, 0.015), (0.06, 0.06, 0.015), 0.0, "bowl", (89, 169, 78))
    inside = SceneObject("block", "red", "small", (0.5, 0.2, 0.024), (0.02, 0.02, 0.02), 0.0, "box", (255, 87, 89))
    apart = SceneObject("block", "blue", "small", (0.4, -0.3, 0.02), (0.02, 0.02, 0.02), 0.0, "box", (78, 121, 167))
    scene, rng = Scene((bowl, inside, apart)), np.random.default_rng(0)
    contents = {draw_question(scene, rng, weights={"contents": 1.0}) for _ in range(40)} - {None}
    assert {(q.answer, q.pointed) for q in contents} == {("the small red block", (0, 1))}
    colors = {draw_question(scene, rng, weights={"color": 1.0}) for _ in range(60)} - {None}
    assert {(q.answer, q.pointed[0]) for q in colors} <= {("green", 0), ("red", 1), ("blue", 2)}
    assert all(
        q.pointed == (None, None) for q in (draw_question(scene, rng, weights={"more": 1.0}) for _ in range(9)) if q
    )
    special, slots = writer.model.grammar.special, [7, 8, 9]
    text = next(filter(None, (writer.question(scene, slots, rng) for _ in range(50))))
    assert text.answer[:2] == [special[PICK], special[PLACE]]
    assert text.answer[-1] == special[DONE]
    assert text.steps == [(0, 1)]
    assert all(slot in (*slots, -1) for slot in text.pointers[0])
