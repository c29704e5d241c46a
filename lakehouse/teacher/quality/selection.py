"""Which answers about one document are kept, and why not the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lakehouse.declaration.dataset_check import Check
from lakehouse.teacher.quality import overlap
from lakehouse.teacher.quality.limits import Candidate, Measured, Text, measured
from lakehouse.teacher.quality.words import words

# What a judge says of an answer that passes: the answer with its mark, or with a reason against it.
Judging = Callable[[Measured], Measured]


def judge(
    candidates: Sequence[Candidate],
    document: str | Text,
    check: Check,
    same_language: bool = False,
    judging: Judging | None = None,
) -> list[Measured]:
    """Judge the answers about a document, in their order.

    A call without an answer gives none: its outcome is the reason. A judge sees what passes the limits. Of two that are nearly
    equal the better one is kept. The better: with fewer numbers and names that the document does not have; then with the higher
    mark; then more like the others that pass, which is the answer that the teacher gives most surely; then the earlier one.

    Args:
        candidates: one a variant.
        document: its text.
        check: the limits.
        same_language: whether an answer has to be in the document's language.
        judging: what a judge says; None: there is none.
    """
    text = Text(document) if isinstance(document, str) else document
    found = measured(candidates, text, check, same_language)
    if judging is not None:
        found = [judging(one) if one.kept else one for one in found]
    return chosen(found, check)


def chosen(found: Sequence[Measured], check: Check) -> list[Measured]:
    """Of the answers that pass so far those that are kept; the others get a reason."""
    after = list(found)
    texts = {at: words(one.candidate.text) for at, one in enumerate(found) if one.kept}
    order = sorted(texts, key=lambda at: (_invented(found[at]), -(found[at].mark or 0.0), -_agreement(at, texts), at))
    kept: list[int] = []
    for at in order:
        if (twin := _twin(at, kept, texts, check)) is not None:
            after[at] = found[at].against(f"nearly equal to {found[twin].variant}")
        elif kept and check.keep == "best":
            after[at] = found[at].against(f"{found[kept[0]].variant} is better")
        else:
            kept.append(at)
    return after


def _invented(found: Measured) -> int:
    assert found.measures is not None
    return found.measures.new_numbers + found.measures.new_names


def _agreement(at: int, texts: dict[int, tuple[str, ...]]) -> float:
    """How like the others it is, by ROUGE-L F: the choice of least expected loss among samples (Kumar and Byrne, 2004)."""
    others = [text for other, text in texts.items() if other != at]
    return round(sum(overlap.rouge_l(texts[at], text).f for text in others), 9)


def _twin(at: int, kept: Sequence[int], texts: dict[int, tuple[str, ...]], check: Check) -> int | None:
    if check.alike is None:
        return None
    return next((one for one in kept if overlap.rouge_l(texts[at], texts[one]).f >= check.alike), None)
