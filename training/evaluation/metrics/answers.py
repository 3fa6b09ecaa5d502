"""Right or wrong: answers in one normal form, exact match (EM) and refined exact match."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

DIGITS = {
    word: str(number)
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
_KEPT = ",'-:"
_ARTICLE = re.compile(r"\b(?:the|an|a) (?=[a-z])")


def clean(answer: str) -> str:
    """The normal form in which answers are compared.

    Lower case, single spaces, no punctuation but for ``, ' - :``, number words as digits, no articles before a word:
    the rules with which LEO (arXiv 2311.12871) cleans ScanQA and SQA3D. LEO also mends some dozens of misspellings of
    those two data sets by name; that list is left out here. Unlike there, letters, marks and digits of every script stay
    (LEO keeps a to z), in one of the forms that Unicode has for them (NFKC), and so does the point within a number.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", answer).casefold())
    text = text.replace("\u2019", "'").replace("\u00e7", "c")
    kept = "".join(c for i, c in enumerate(text) if c in _KEPT or c.isspace() or _letter(c) or _point(text, i))
    kept = re.sub(r"\s+", " ", kept).strip()
    kept = re.sub(r"\b[a-z]+\b", lambda word: DIGITS.get(word[0], word[0]), kept)
    kept = _ARTICLE.sub("", kept).strip()
    if kept:
        return kept
    return "".join(
        c for c in text if unicodedata.category(c)[0] == "S"
    )  # signs alone are told apart: nothing is nothing


def _letter(c: str) -> bool:
    """True for a letter, a mark on one (vowels of Devanagari or Thai are), or a digit."""
    return unicodedata.category(c)[0] in "LMN"


def _point(text: str, index: int) -> bool:
    """True for the point of a number such as 1.5."""
    return text[index] == "." and text[index - 1 : index].isdigit() and text[index + 1 : index + 2].isdigit()


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
