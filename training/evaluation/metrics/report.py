"""All text figures of a set of answers, in all and by the type of the question."""

from __future__ import annotations

from collections.abc import Sequence

from training.evaluation.metrics.answers import clean, exact_match, refined_match
from training.evaluation.metrics.meteor import meteor
from training.evaluation.metrics.ngrams import bleu, cider, rouge_l


def score(answers: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """em, em_refined, bleu_1 to bleu_4, meteor, rouge_l, cider and how many questions there are.

    Args:
        answers: N texts as the model gave them.
        references: for each of them one or more right answers.

    Raises:
        ValueError: no answers, numbers that differ, or a question without references.
    """
    return score_by_type(answers, references, ["all"] * len(answers))["all"]


def score_by_type(
    answers: Sequence[str], references: Sequence[Sequence[str]], types: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Figures of ``score`` by type, those of all questions under ``all``.

    CIDEr's document frequencies are those of the whole set in every row, so that the rows' mean, weighted by their
    numbers, is the total; BLEU and METEOR are corpus figures of the row's own questions.
    """
    if not answers or not len(answers) == len(references) == len(types):
        raise ValueError(f"got {len(answers)} answers, {len(references)} sets of references and {len(types)} types")
    right = [float(exact_match(a, r)) for a, r in zip(answers, references)]
    refined = [float(refined_match(a, r)) for a, r in zip(answers, references)]
    tokens = [clean(answer).split() for answer in answers]
    targets = [[clean(reference).split() for reference in own] for own in references]
    similarity, overlap = cider(tokens, targets), rouge_l(tokens, targets)
    rows = {"all": list(range(len(answers)))}
    for index, name in enumerate(types):
        if name != "all":
            rows.setdefault(name, []).append(index)

    def figures(indices: list[int]) -> dict[str, float]:
        own, others = [tokens[i] for i in indices], [targets[i] for i in indices]

        def mean(values):
            return sum(values[i] for i in indices) / len(indices)

        return {
            "em": mean(right),
            "em_refined": mean(refined),
            **{f"bleu_{n}": value for n, value in enumerate(bleu(own, others), start=1)},
            "meteor": meteor(own, others),
            "rouge_l": mean(overlap),
            "cider": mean(similarity),
            "count": len(indices),
        }

    return {name: figures(indices) for name, indices in rows.items()}
