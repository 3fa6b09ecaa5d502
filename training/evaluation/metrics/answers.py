"""Right or wrong: answers in one normal form, exact match (EM) and refined exact match."""

from __future__ import annotations

import re
from collections.abc import Sequence

DIGITS = {
    word: str(number)
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
_UNWANTED = re.compile(r"[^a-z0-9,'\s\-:]+")
_ARTICLE = re.compile(r"\b(?:the|an|a) (?=[a-z])")


def clean(answer: str) -> str:
    """The normal form in which answers are compared.

    Lower case, single spaces, no punctuation but for ``, ' - :``, number words as digits, no articles before a word:
    the rules with which LEO (arXiv 2311.12871) cleans ScanQA and SQA3D. LEO also mends some dozens of misspellings of
    those two data sets by name; that list is left out here.
    """
    text = answer.lower().replace("\u2019", "'").replace("\u00e7", "c")
    text = _UNWANTED.sub("", text)
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"\b[a-z]+\b", lambda word: DIGITS.get(word[0], word[0]), text)
    return _ARTICLE.sub("", text).strip()


def exact_match(answer: str, references: Sequence[str]) -> bool:
    """EM: after cleaning, the answer equals one of the references.

    (ScanQA's own EM@1 compares without cleaning; LEO's program stops at the first reference that contains the answer, so
    that a later, equal one does not count there.) Raises ValueError without a reference.
    """
    return clean(answer) in _cleaned(references)


def refined_match(answer: str, references: Sequence[str]) -> bool:
    """Refined EM of LEO: after cleaning and with all spaces removed, one text contains the other.

    Unlike the published rule, an empty answer is never right (it would be contained in everything).
    """
    own = clean(answer).replace(" ", "")
    if not own:
        return exact_match(answer, references)
    return any(own in other or (other and other in own) for other in (r.replace(" ", "") for r in _cleaned(references)))


def _cleaned(references: Sequence[str]) -> list[str]:
    if isinstance(references, str) or not references:
        raise ValueError(f"references must be a list of at least one text, got {references!r}")
    return [clean(reference) for reference in references]
