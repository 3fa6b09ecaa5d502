"""The language side on a tiny random LLM: packing equals reading alone, decoding equals teacher forcing."""

from copy import deepcopy

import pytest
import torch

from moe3d_ros.model.answering import generate_answer, generate_answers
from moe3d_ros.model.base_llm import load_base
from moe3d_ros.model.grammar import CANNOT, DONE, PICK, STEP, PlanGrammar, parse_step
from moe3d_ros.model.language import SceneLanguageModel, generate_plan, question_prompt, task_prompt
from moe3d_ros.model.moe import convert_to_moe
from moe3d_ros.model.objects import ObjectSet
from moe3d_ros.model.tiny import write_tiny_base
from training.packing import Text, instruction_states, pack, pointer_states, step_states

STEPS = ["pick the small red block, place it in the red bowl", "pick the big blue block, place it on the left side"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    llm, tokenizer, _ = load_base(write_tiny_base(tmp_path_factory.mktemp("base") / "llm"))
    convert_to_moe(llm, 2, 1, rank=2)
    for seed in range(100):  # the first random model whose plan has a step
        torch.manual_seed(seed)
        language = SceneLanguageModel(llm, tokenizer, 24, 2, 1).eval()
        with torch.no_grad():
            language.special.normal_(std=0.05)
        if generate_plan(language, objects(), "put it there", max_steps=2)[0]:
            return language
    raise AssertionError("no random model of 100 writes a step")


def objects(n=3, batch=1):
    torch.manual_seed(1)
    return ObjectSet(
        torch.rand(batch, n, 4).softmax(-1), torch.rand(batch, n, 11).softmax(-1), torch.rand(batch, n, 3),
        torch.rand(batch, n, 3), torch.rand(batch, n), torch.ones(batch, n, dtype=torch.bool), torch.ones(batch, n),
    )  # fmt: skip


def plan_text(model, steps, prompt="put it there", pointers=None):
    answer = model.grammar.tokens(steps)
    spans = model.grammar.spans(answer)
    pointers = pointers or [(0, 1)] * len(spans)
    return Text(model.encode(task_prompt(prompt)), answer, model.grammar.walk(answer), spans, pointers)


SLOT = torch.arange(3)[None]


def test_the_grammar_accepts_plans_and_nothing_else(model):
    grammar: PlanGrammar = model.grammar
    tokens = grammar.tokens(STEPS)
    assert len(grammar.walk(tokens)) == len(tokens) and tokens[-1] == grammar.special[DONE]
    assert grammar.walk(grammar.tokens([], cannot=True)) and grammar.special[CANNOT] in grammar.walk(tokens)[0]
    (first, last), (second, _) = grammar.spans(tokens)
    assert first == 0 and second == last + 1 and tokens[last] == grammar.special[STEP]
    assert grammar.special[CANNOT] not in grammar.walk(tokens)[second], "a plan that has begun can only end"
    assert all(len(allowed) == 1 for token, allowed in zip(tokens, grammar.walk(tokens)) if token in grammar.special[PICK:])
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
    mask = objects().mask

    def states(packed_texts):
        packed = pack(model, tokens, mask, SLOT, [packed_texts])
        hidden, penultimate, _ = model.run(packed.inputs, packed.mask, packed.positions)
        places = packed.choice_at
        return hidden[places[:, 0], places[:, 1]], step_states(penultimate, packed)

    together, together_steps = states(texts)
    alone, alone_steps = zip(*(states([text]) for text in texts))
    assert torch.allclose(together, torch.cat(alone), atol=1e-4)
    assert torch.allclose(together_steps, torch.cat(alone_steps), atol=1e-4)


@torch.no_grad()
def test_decoding_agrees_with_reading_the_same_plan(model):
    """What generation hands to Pose-DiT is what training trained on: same states, same probabilities."""
    scene = objects()
    steps, end, _ = generate_plan(model, scene, "put it there", max_steps=2)
    assert steps and end in ("done", "max_steps")
    pointers = [step.state.chosen for step in steps]
    text = plan_text(model, [step.text for step in steps], pointers=pointers)
    _, tokens = model.objects(scene)
    packed = pack(model, tokens, scene.mask, SLOT, [[text]])
    hidden, penultimate, _ = model.run(packed.inputs, packed.mask, packed.positions)
    read = step_states(penultimate, packed)
    for number, step in enumerate(steps):
        assert torch.allclose(step.state.state, read[number], atol=1e-4)
        for which in (0, 1):
            state = pointer_states(penultimate, packed, which)[number : number + 1]
            features, _ = model.objects(scene)
            words = [value[number : number + 1] for value in instruction_states(penultimate, packed)]
            expected = model.pointer(state, *words, features, scene.mask)[0, which]
            assert torch.allclose(step.state.pointer[which], expected, atol=1e-4)
    logits = model.allowed_logits(hidden[packed.choice_at[:, 0], packed.choice_at[:, 1]], packed.choice_allowed)
    chances = logits.masked_fill(~packed.choice_mask, -1e4).softmax(-1)
    assert (chances.argmax(-1)[: -1 if end == "max_steps" else None] == 0).all(), "greedy choices come first"


def test_a_plan_can_say_that_nothing_is_left(model):
    packed_text = plan_text(model, [])
    assert packed_text.answer == [model.grammar.special[DONE]] and packed_text.steps == []


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
    # Greedy decoding without a cache, a padding or a batch.
    for question, answer in zip(questions, together):
        prefix, _, _ = model.prefix(scene)
        tokens = []
        for _ in range(12):
            read = torch.cat([prefix, model.embed(torch.tensor(model.encode(question_prompt(question)) + tokens))])
            token = int(model.logits(model.run(read[None])[0][:, -1]).argmax())
            if token >= model.vocabulary or token == model.tokenizer.eos_token_id:
                break
            tokens.append(token)
        assert model.tokenizer.decode(tokens).strip() == answer
