"""Figures of the field: text metrics of 3D question answering and captions, and errors of 6D poses.

Every text is cleaned first (``answers.clean``), as LEO does for ScanQA and SQA3D, and then split at spaces. All text
figures lie in [0, 1] but for CIDEr, which papers print in per cent as well and which has no fixed upper end.
"""

# Libraries that were measured and left out: pycocoevalcap 1.2 gives the same BLEU, ROUGE-L and CIDEr to 1e-15, but is 104 MB,
# mostly Java that its tokenizer and its METEOR need. nltk's METEOR is that of 2005 and looks words up in WordNet, a download;
# its BLEU is 0 where an order has no match; rouge-score weighs precision and recall otherwise. The Porter stemmers of
# snowballstemmer and nltk also cut "is" and "as", and agree on all but 9 of 46 000 words: not worth a dependency for one file.

from training.evaluation.metrics.answers import clean, exact_match, refined_match
from training.evaluation.metrics.meteor import meteor
from training.evaluation.metrics.ngrams import bleu, cider, rouge_l
from training.evaluation.metrics.poses import position_error, rotation_error
from training.evaluation.metrics.report import score, score_by_type

__all__ = [
    "bleu",
    "cider",
    "clean",
    "exact_match",
    "meteor",
    "position_error",
    "refined_match",
    "rotation_error",
    "rouge_l",
    "score",
    "score_by_type",
]
