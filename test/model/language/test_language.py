"""The language side on a tiny random LLM: packing equals reading alone, decoding equals teacher forcing."""

from copy import deepcopy

import pytest
import torch
from base_families import FAMILIES

from moe3d_ros.model.experts.moe import convert_to_moe, moe_layers
from moe3d_ros.model.experts.token_places import TokenPlaces, join_places, object_places, text_places
from moe3d_ros.model.language.answering import generate_answer, generate_answers
from moe3d_ros.model.language.base_llm import load_base
from moe3d_ros.model.language.grammar import CANNOT, DONE, PICK, STEP, PlanGrammar, parse_step
from moe3d_ros.model.language.lora import trained_tensors
from moe3d_ros.model.language.packing import (
    choice_logits,
    end_pointer,
    instruction_states,
    pack,
    pointer_states,
    step_states,
)
from moe3d_ros.model.language.scene_language import SceneLanguageModel, question_prompt, task_prompt
from moe3d_ros.model.language.text_layout import Text
from moe3d_ros.model.language.writing import generate_plan
from moe3d_ros.model.perception.objects import ObjectSet
from moe3d_ros.model.tiny import write_tiny_base

STEPS = ["pick the small red block, place it in the red bowl", "pick the big blue block, place it on the left side"]


@pytest.fixture(scope="module", params=[*FAMILIES, "llama routed by state and place"])
def model(tmp_path_factory, request):
    family, _, more = request.param.partition(" ")
    folder = tmp_path_factory.mktemp("base") / "llm"
    llm, tokenizer, _ = load_base(write_tiny_base(folder, family=family, **FAMILIES[family]))
    sees = bool(more)
    convert_to_moe(llm, 4, 2, rank=2, router_modality=sees, router_geometry=sees)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():  # as after training: experts that differ, routers that care for what they see
        for parameter in trained_tensors(llm).values():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    for seed in range(100):  # the first random model whose plan has a step
        torch.manual_seed(seed)
        language = SceneLanguageModel(llm, tokenizer, 24, 2, 1).eval()
        with torch.no_grad():
            language.special.normal_(std=0.05)
        if generate_plan(language, objects(), "put it there", max_steps=2)[0]:
            return language
    raise AssertionError("no random model of 100 writes a step")


@pytest.fixture
def pointing_at_the_table(model):
    """Random models seldom put anything on the table itself: this one's pointer does."""
    with torch.no_grad():
        before = model.pointer.none[1].clone()
        query = model.pointer.query.bias.view(2, -1)[1]
        kept = query.clone()
        query.fill_(1.0)
        model.pointer.none[1].fill_(100.0)
        yield model
        query.copy_(kept)
        model.pointer.none[1].copy_(before)


def objects(n=3, batch=1):
    torch.manual_seed(1)
    return ObjectSet(
        torch.rand(batch, n, 4).softmax(-1),
        torch.rand(batch, n, 11).softmax(-1),
        torch.rand(batch, n, 3),
        torch.rand(batch, n, 3),
        torch.rand(batch, n),
        torch.ones(batch, n, dtype=torch.bool),
        torch.ones(batch, n),
    )


def plan_text(model, steps, prompt="put it there", pointers=None):
    answer = model.grammar.tokens(steps)
    spans = model.grammar.spans(answer)
    pointers = pointers or [(0, 1)] * len(spans)
    return Text(model.encode(task_prompt(prompt)), answer, model.grammar.walk(answer), spans, pointers)


SLOT = torch.arange(3)[None]


def test_the_grammar_accepts_plans_and_nothing_else(model):
    grammar: PlanGrammar = model.grammar
    tokens = grammar.tokens(STEPS)
    assert len(grammar.walk(tokens)) == len(tokens)
    assert tokens[-1] == grammar.special[DONE]
    assert grammar.walk(grammar.tokens([], cannot=True))
    assert grammar.special[CANNOT] in grammar.walk(tokens)[0]
    (first, last), (second, _) = grammar.spans(tokens)
    assert first == 0
    assert second == last + 1
    assert tokens[last] == grammar.special[STEP]
    assert grammar.special[CANNOT] not in grammar.walk(tokens)[second], "a plan that has begun can only end"
    assert all(
        len(allowed) == 1 for token, allowed in zip(tokens, grammar.walk(tokens)) if token in grammar.special[PICK:]
    )
    with pytest.raises(KeyError):
        grammar.walk(grammar.tokens(["pick the red bowl, place it in the red bowl"]))


def test_parse_step():
    assert parse_step(STEPS[0]) == ("small red block", "in the red bowl")
    with pytest.raises(ValueError, match="not a step"):
        parse_step("open the door")


@torch.no_grad()
def test_packed_texts_are_read_as_if_alone(model):
    texts = [plan_text(model, STEPS[:1]), plan_text(model, STEPS, "do both of these things"), plan_text(model, [])]
    _, tokens = model.objects(objects())

    def states(packed_texts):
        packed = pack(model, tokens, objects(), SLOT, [packed_texts])
        hidden, penultimate, _ = model.run(packed.inputs, packed.mask, packed.positions, places=packed.places)
        places = packed.choice_at
        return hidden[places[:, 0], places[:, 1]], step_states(penultimate, packed)

    together, together_steps = states(texts)
    alone, alone_steps = zip(*(states([text]) for text in texts))
    assert torch.allclose(together, torch.cat(alone), atol=1e-4)
    assert torch.allclose(together_steps, torch.cat(alone_steps), atol=1e-4)


@torch.no_grad()
def test_a_step_to_a_spot_on_the_table_does_not_depend_on_what_else_is_named(pointing_at_the_table):
    """Only the words of the step and what is picked count: not the instruction that led to it."""
    model, states = pointing_at_the_table, {}
    for instruction in ("put it there", "all of them, please", *(f"from the left side to spot {n}" for n in range(20))):
        for step in generate_plan(model, objects(), instruction, max_steps=2)[0]:
            assert step.state.chosen[1] == 3
            states.setdefault((step.text, step.state.chosen), []).append(step.state.state)
    assert max(map(len, states.values())) > 1
    for same in states.values():
        assert all(torch.allclose(state, same[0], atol=1e-5) for state in same)


@torch.no_grad()
def test_decoding_agrees_with_reading_the_same_plan(model):
    """What generation hands to Pose-DiT is what training trained on: same states, same probabilities.

    A step to a spot on the table is read with its own words for instruction, so that no other place comes into its state.
    """
    scene = objects()
    steps, end, _ = generate_plan(model, scene, "put it there", max_steps=2)
    assert steps
    assert end in ("done", "max_steps")
    pointers = [step.state.chosen for step in steps]
    text = plan_text(model, [step.text for step in steps], pointers=pointers)
    _, tokens = model.objects(scene)
    packed = pack(model, tokens, scene, SLOT, [[text]])
    hidden, penultimate, _ = model.run(packed.inputs, packed.mask, packed.positions, places=packed.places)
    read = step_states(penultimate, packed)
    for number, step in enumerate(steps):
        expected = read[number]
        if step.state.chosen[1] == len(tokens[0]):
            alone = pack(model, tokens, scene, SLOT, [[plan_text(model, [step.text], step.text, [step.state.chosen])]])
            _, behind, _ = model.run(alone.inputs, alone.mask, alone.positions, places=alone.places)
            expected = step_states(behind, alone)[0]
        assert torch.allclose(step.state.state, expected, atol=1e-4)
        for which in (0, 1):
            state = pointer_states(penultimate, packed, which)[number : number + 1]
            features, _ = model.objects(scene)
            words = instruction_states(penultimate, packed.step_row, packed.prompt_span)
            words = [value[number : number + 1] for value in words]
            expected = model.pointer(state, *words, features, scene.mask)[0, which]
            first = step.state.chosen[0]
            if which == 1 and first < len(expected) - 1:
                assert step.state.chosen[1] != first  # nothing is placed on itself
                expected[first] = step.state.pointer[1, first]
            assert torch.allclose(step.state.pointer[which], expected, atol=1e-4)
    ends = end_pointer(model, packed, penultimate, features, scene.mask)
    assert len(ends) == len(steps) + 1  # before each step, and at the end
    chances = choice_logits(model, packed, hidden, ends).softmax(-1)
    assert (chances.argmax(-1)[: -1 if end == "max_steps" else None] == 0).all(), "greedy choices come first"


def test_a_plan_ends_where_the_pointer_finds_nothing_to_pick(model):
    special = model.grammar.special
    allowed = torch.tensor([[special[DONE], special[CANNOT], 5], [5, 6, special[STEP]]])
    sure = torch.tensor([[-9.0, -9.0, 9.0], [9.0, -9.0, -9.0]])
    bonus = model.end_bonus(allowed, model.log_odds_of_none(sure))
    assert (bonus[0] > 10).tolist() == [True, True, False]
    assert not bonus[1].any()


def test_a_plan_can_say_that_nothing_is_left(model):
    packed_text = plan_text(model, [])
    assert packed_text.answer == [model.grammar.special[DONE]]
    assert packed_text.steps == []


@torch.no_grad()
def test_places_reach_routers_that_look_at_them(model):
    """What a plan's tokens are: the scene's objects and those that were pointed at, each where it is."""
    scene = objects()
    _, tokens = model.objects(scene)
    packed = pack(model, tokens, scene, SLOT, [[plan_text(model, STEPS, pointers=[(0, 1), (2, -1)])]])
    start = len(model.encode_scene_prompt())
    expected = list(range(start, start + 3)) + sorted(packed.marker_at.flatten().tolist()[:3])
    assert packed.places.is_object[0].nonzero().flatten().tolist() == expected
    torch.testing.assert_close(packed.places.position[0, expected], scene.center[0, [0, 1, 2, 0, 1, 2]])
    looking = any(layer.looks_at_places for layer in moe_layers(model.llm).values())
    arguments = packed.inputs, packed.mask, packed.positions
    if not looking:
        model.run(*arguments)
        return
    with pytest.raises(ValueError, match="give `places`"):
        model.run(*arguments)
    moved = TokenPlaces(packed.places.is_object, packed.places.position + 0.2)
    here, there = (model.run(*arguments, places=told)[0] for told in (packed.places, moved))
    assert (here - there).abs().max() > 1e-3
    generate_answer(model, scene, "what is there?")


def test_questions_asked_together_are_answered_as_if_alone(model):
    questions = ["is it red?", "how many blocks are there, from left to right?", "what?", "describe the scene"]
    scene = objects()
    model = deepcopy(model)  # with a head of its own: tied embeddings repeat the last token for ever
    for seed in range(100):  # the first random head whose answers differ, and one of which ends
        torch.manual_seed(seed)
        model.llm.set_output_embeddings(torch.nn.Linear(model.width, model.vocabulary, bias=False))
        model.special.data.normal_(std=0.15)
        together, longer = (generate_answers(model, scene, questions, max_tokens=n) for n in (12, 13))
        if len(set(together)) == len(questions) and any(a == b for a, b in zip(together, longer)):
            break
    else:
        raise AssertionError("no random head of 100 answers as wanted")
    assert together == [generate_answer(model, scene, question, max_tokens=12) for question in questions]
    assert generate_answers(model, scene, []) == []
    # Greedy decoding without a cache, a padding or a batch, after pointing twice.
    prefix, tokens, features = model.prefix(scene)
    before = model.prefix_places(scene)
    everything = torch.ones(1, len(tokens), dtype=torch.bool)
    for question, answer in zip(questions, together):
        prompt = model.encode(question_prompt(question))
        read = torch.cat([prefix, model.embed(torch.tensor(prompt))])
        places = join_places(before, text_places(1, len(prompt), "cpu"))
        for which, marker in enumerate(model.grammar.special[PICK:]):
            _, states, _ = model.run(read[None], places=places)
            words = states[:, len(prefix) : len(prefix) + len(prompt)]
            state = torch.cat([states[0, -1], words[0].mean(0)])[None]
            logits = model.pointer(state, words, torch.ones(1, len(prompt), dtype=torch.bool), features, everything)
            index = int(logits[0, which].argmax())
            marked = model.embed(torch.tensor([marker]))
            pointed = text_places(1, 1, "cpu")
            if index < len(tokens):
                marked = marked + tokens[index]
                pointed = object_places(scene.center[:1, index : index + 1])
            read, places = torch.cat([read, marked]), join_places(places, pointed)
        said = []
        for _ in range(12):
            token = int(model.logits(model.run(read[None], places=places)[0][:, -1]).argmax())
            if token >= model.vocabulary or token == model.tokenizer.eos_token_id:
                break
            said.append(token)
            read = torch.cat([read, model.embed(torch.tensor([token]))])
            places = join_places(places, text_places(1, 1, "cpu"))
        assert model.tokenizer.decode(said).strip() == answer


def test_a_model_that_nobody_holds_is_freed_at_once(model):
    """Not when the garbage collector comes round: a planner that is deactivated gives its memory back."""
    import copy
    import gc
    import weakref

    gc.collect()
    gc.disable()
    try:
        other = copy.deepcopy(model)
        there = weakref.ref(other)
        del other
        assert there() is None
    finally:
        gc.enable()
