"""METEOR with exact and stem matches: the formula of METEOR 1.5 without its word lists, so without Java.

The reference implementation (Denkowski and Lavie 2014) also matches WordNet synonyms and paraphrases, and weighs a
list of function words less. None of that is here: where a right answer is said in other words, figures are lower than
those of its jar. On the words of table scenes, which have no synonyms, a corpus differs from the jar's by 0.001.
"""

from __future__ import annotations

from collections.abc import Sequence

from training.evaluation.metrics.stem import stem

ALPHA, BETA, GAMMA = 0.85, 0.2, 0.6  # METEOR 1.5's parameters for English
EXACT, STEM = 1.0, 0.6  # weights of the two kinds of matches
Tokens = Sequence[str]


def meteor(answers: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> float:
    """Corpus METEOR: matches, lengths and chunks of all questions are added up before the formula is applied.

    Of several references the one counts with which the answer alone scores best.
    """
    totals = [0.0] * 5
    for answer, own in zip(answers, references, strict=True):
        best = max((statistics(answer, reference) for reference in own), key=lambda s: combine(*s))
        totals = [a + b for a, b in zip(totals, best)]
    return combine(*totals)


def sentence_meteor(answer: Tokens, references: Sequence[Tokens]) -> float:
    """METEOR of one answer against the best of its references."""
    return max(combine(*statistics(answer, reference)) for reference in references)


def combine(weighted: float, matched: float, length: float, reference_length: float, chunks: float) -> float:
    """The formula: a mean of precision and recall, less a penalty for matches in many pieces."""
    if not weighted or not length or not reference_length:
        return 0.0
    precision, recall = weighted / length, weighted / reference_length
    mean = precision * recall / (ALPHA * precision + (1 - ALPHA) * recall)
    return mean * (1 - GAMMA * (chunks / matched) ** BETA)


def statistics(answer: Tokens, reference: Tokens) -> tuple[float, int, int, int, int]:
    """Weighted matches, matches, both lengths, and chunks of the best alignment of two texts.

    Two texts that match as a whole and in order have no chunks: there is nothing fragmented to be penalised.
    """
    pairs = align(answer, reference)
    weighted = sum(weight for _, _, weight in pairs)
    chunks, previous = 0, (-2, -2)
    for i, j, _ in pairs:
        chunks += (i - 1, j - 1) != previous
        previous = (i, j)
    if chunks == 1 and len(pairs) == len(answer) == len(reference):
        chunks = 0
    return weighted, len(pairs), len(answer), len(reference), chunks


def align(answer: Tokens, reference: Tokens, beam: int = 40) -> list[tuple[int, int, float]]:
    """One-to-one matches (place in the answer, place in the reference, weight), in the answer's order.

    Found by a beam search that prefers, in this order, more weight, fewer chunks, smaller distance between the places.
    """
    stems, other_stems = [stem(word) for word in answer], [stem(word) for word in reference]
    # A state: rank to be minimised (-weight, chunks, distance), last match, used places, matches.
    states: list[tuple] = [((0.0, 0, 0), (-2, -2), frozenset(), ())]
    for i, word in enumerate(answer):
        following: dict[tuple, tuple] = {}
        for rank, last, used, pairs in states:
            options = [(rank, last, used, pairs)]
            for j, other in enumerate(reference):
                weight = EXACT if word == other else STEM if stems[i] == other_stems[j] else 0.0
                if weight and j not in used:
                    new_rank = (rank[0] - weight, rank[1] + ((i - 1, j - 1) != last), rank[2] + abs(i - j))
                    options.append((new_rank, (i, j), used | {j}, (*pairs, (i, j, weight))))
            for option in options:
                key = (option[1], option[2])
                if key not in following or option[0] < following[key][0]:
                    following[key] = option
        states = sorted(following.values(), key=lambda state: state[0])[:beam]
    return list(states[0][3])
