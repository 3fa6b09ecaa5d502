"""Marks of writing that say nothing about what is asked: brackets and quotes around words, roles of a chat, bullets."""

from __future__ import annotations

import re

import numpy as np

from moe3d_ros.world.vocabulary import COLOR_NAMES, KIND, SIZE_NAMES

MARKED = 0.14  # share of the sentences
_NOUNS = "|".join(
    sorted((word for kind in KIND.values() for word in (*kind.words, *kind.plurals)), key=len, reverse=True)
)
_NAMED = re.compile(rf"\b({'|'.join((*COLOR_NAMES, *SIZE_NAMES))}) ({_NOUNS})\b")
_BEHIND = (
    "{noun} ({word})",
    "{noun} ({word})",
    "({word}) {noun}",
    "{noun} [{word}]",
    "{noun}, {word},",
    "{noun} - {word} -",
)
_AROUND = (
    '"{word} {noun}"',
    "'{word} {noun}'",
    "**{word} {noun}**",
    "[{word} {noun}]",
    "<{word} {noun}>",
    "`{word} {noun}`",
)
_FRAMES = (
    "User: {text}", "User: {text} Assistant:", "User: {text}\nAssistant:", "Human: {text}", "Human: {text}\nRobot:", "me: {text}",
    "Instruction: {text}", "Command: {text}", "Task: {text}", "task = {text}", "> {text}", "- {text}", "* {text}", "# {text}", '"{text}"',
    "({text})", "[{text}]", "{text} :)", "{text} (thanks)", "{text} (please)", "{text} //", "TODO: {text}", "Q: {text}", "Goal - {text}",
    "<task>{text}</task>", "{text} [end]", "1. {text}", "{text}\n", "operator: {text}", "Prompt: {text}",
)  # fmt: skip


def marked(text: str, rng: np.random.Generator) -> str:
    """The sentence, in a share of MARKED, with marks around a thing that it names or around all of it."""
    if rng.random() >= MARKED:
        return text
    found = list(_NAMED.finditer(text))
    if found and rng.random() < 0.6:
        one = found[int(rng.integers(len(found)))]
        ways = _BEHIND if rng.random() < 0.7 else _AROUND
        put = ways[int(rng.integers(len(ways)))].format(word=one[1], noun=one[2])
        return text[: one.start()] + put + text[one.end() :]
    return _FRAMES[int(rng.integers(len(_FRAMES)))].format(text=text)
