"""Which answers about one document are kept, and why not the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakehouse.declaration.dataset_check import Check
from lakehouse.ops.call import ANSWERED
from lakehouse.teacher.quality import overlap
from lakehouse.teacher.quality.measures import Measures, measure
from lakehouse.teacher.quality.words import words


@dataclass(frozen=True)
class Candidate:
    """An answer to one variant: the outcome of its call, and its text."""

    variant: str
    state: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A candidate with its measures; kept when there is no reason against it. Without an answer there are no measures."""

    variant: str
    measures: Measures | None
    reasons: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """Whether it is kept."""
        return not self.reasons


def judge(candidates: Sequence[Candidate], document: str, check: Check) -> list[Judged]:
    """Judge the answers about a document with this text, in their order.

    A call without an answer gives none: its outcome is the reason. Of two that are nearly equal the better one is kept. The
    better: with fewer numbers and names that the document does not have; then more like the others that pass, which is the answer
    that the teacher gives most surely; then the earlier one.
    """
    measured = [measure(one.text, document, check) if one.state == ANSWERED else None for one in candidates]
    reasons = [
        [one.state] if found is None else list(broken(found, check))
        for one, found in zip(candidates, measured, strict=True)
    ]
    passing = [at for at, why in enumerate(reasons) if not why]
    texts = {at: words(candidates[at].text) for at in passing}
    order = sorted(passing, key=lambda at: (_invented(measured[at]), -_agreement(at, texts), at))
    kept: list[int] = []
    for at in order:
        if (twin := _twin(at, kept, texts, check)) is not None:
            reasons[at].append(f"nearly equal to {candidates[twin].variant}")
        elif kept and check.keep == "best":
            reasons[at].append(f"{candidates[kept[0]].variant} is better")
        else:
            kept.append(at)
    return [
        Judged(variant=one.variant, measures=found, reasons=tuple(why))
        for one, found, why in zip(candidates, measured, reasons, strict=True)
    ]


def broken(found: Measures, check: Check) -> Iterator[str]:
    """The limits that an answer breaks, each in words with the value."""
    for name, limits in check.limits():
        value = getattr(found, name)
        shown = f"{name} {value:g}"
        if name in ("new_numbers", "new_names") and value:
            shown += f" ({', '.join((found.numbers if name == 'new_numbers' else found.names)[:5])})"
        if limits.least is not None and value < limits.least:
            yield f"{shown}, expected at least {limits.least:g}"
        if limits.most is not None and value > limits.most:
            yield f"{shown}, expected at most {limits.most:g}"


def _invented(found: Measures | None) -> int:
    assert found is not None
    return found.new_numbers + found.new_names


def _agreement(at: int, texts: dict[int, tuple[str, ...]]) -> float:
    """How like the others it is, by ROUGE-L F: the choice of least expected loss among samples (Kumar and Byrne, 2004)."""
    others = [text for other, text in texts.items() if other != at]
    return round(sum(overlap.rouge_l(texts[at], text).f for text in others), 9)


def _twin(at: int, kept: Sequence[int], texts: dict[int, tuple[str, ...]], check: Check) -> int | None:
    if check.alike is None:
        return None
    return next((one for one in kept if overlap.rouge_l(texts[at], texts[one]).f >= check.alike), None)
