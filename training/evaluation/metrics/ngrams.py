"""BLEU, ROUGE-L and CIDEr as the COCO caption evaluation defines them, which every paper of this field reports.

All three take token lists: ``answers`` of N questions, and for each question its ``references`` (one or more). They
agree with pycocoevalcap on the same tokens. That package first splits texts with the Penn Treebank tokenizer in Java;
here the caller splits cleaned texts at spaces.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

Tokens = Sequence[str]


def ngrams(tokens: Tokens, n: int) -> Counter:
    """Counts of the n-grams."""
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def bleu(answers: Sequence[Tokens], references: Sequence[Sequence[Tokens]], highest: int = 4) -> list[float]:
    """Corpus BLEU-1 to BLEU-``highest``: geometric mean of clipped precisions, times the brevity penalty.

    The reference length is that of the reference closest in length (the shorter one of two as close). A count of zero
    is smoothed to nearly nothing, as in the COCO code, so that an order without a match gives about 0 and no error.
    """
    right, total = [0] * highest, [0] * highest
    length = reference_length = 0
    for answer, own in zip(answers, references, strict=True):
        length += len(answer)
        reference_length += min((abs(len(r) - len(answer)), len(r)) for r in own)[1]
        for n in range(1, highest + 1):
            most: Counter = Counter()
            for reference in own:
                most |= ngrams(reference, n)
            right[n - 1] += (ngrams(answer, n) & most).total()
            total[n - 1] += max(len(answer) - n + 1, 0)
    tiny, small = 1e-15, 1e-9
    ratio = (length + tiny) / (reference_length + small)
    brevity = math.exp(1 - 1 / ratio) if ratio < 1 and length else float(length > 0)
    product, scores = 1.0, []
    for n in range(highest):
        product *= (right[n] + tiny) / (total[n] + small)
        scores.append(brevity * product ** (1 / (n + 1)))
    return scores


def rouge_l(answers: Sequence[Tokens], references: Sequence[Sequence[Tokens]], beta: float = 1.2) -> list[float]:
    """ROUGE-L of each question: F-measure over the longest common subsequence.

    Recall counts ``beta`` times as much as precision. As in the COCO code, precision and recall are each the best
    over the references.
    """
    scores = []
    for answer, own in zip(answers, references, strict=True):
        common = [longest_common_subsequence(answer, reference) for reference in own]
        precision = max(c / len(answer) for c in common) if answer else 0.0
        recall = max(c / len(r) if r else 0.0 for c, r in zip(common, own))
        both = recall + beta**2 * precision
        scores.append((1 + beta**2) * precision * recall / both if precision and recall else 0.0)
    return scores


def longest_common_subsequence(a: Tokens, b: Tokens) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for word in a:
        before = row
        row = [0]
        for j, other in enumerate(b):
            row.append(before[j] + 1 if word == other else max(before[j + 1], row[j]))
    return row[-1]


def cider(answers: Sequence[Tokens], references: Sequence[Sequence[Tokens]], sigma: float = 6.0) -> list[float]:
    """CIDEr of each question: similarity of tf-idf weighted 1- to 4-grams with the references, times 10.

    This is CIDEr-D (clipped counts, a Gaussian penalty on the difference in length), which the COCO code calls CIDEr.
    An n-gram's document frequency is the number of questions whose references hold it; N is the number of questions, so
    that a corpus of one question scores 0. Words are not stemmed. A right answer of one word scores at most 2.5.
    """
    frequency: Counter = Counter()
    for own in references:
        frequency.update({gram for reference in own for n in range(1, 5) for gram in ngrams(reference, n)})
    log_count = math.log(max(len(references), 1))

    def weigh(tokens: Tokens):
        vectors = [
            {gram: count * (log_count - math.log(max(frequency[gram], 1))) for gram, count in ngrams(tokens, n).items()}
            for n in range(1, 5)
        ]
        return vectors, [math.sqrt(sum(v * v for v in vector.values())) for vector in vectors], max(len(tokens) - 1, 0)

    scores = []
    for answer, own in zip(answers, references, strict=True):
        vectors, norms, length = weigh(answer)
        similarity = 0.0
        for reference in own:
            others, other_norms, other_length = weigh(reference)
            penalty = math.exp(-((length - other_length) ** 2) / (2 * sigma**2))
            for vector, other, norm, other_norm in zip(vectors, others, norms, other_norms):
                dot = sum(min(value, other.get(gram, 0.0)) * other.get(gram, 0.0) for gram, value in vector.items())
                similarity += penalty * dot / (norm * other_norm) if norm and other_norm else 0.0
        scores.append(10 * similarity / 4 / len(own))
    return scores
