"""The answers about one document, each measured by itself: what it is like, and which limits it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lakehouse import language
from lakehouse.declaration.dataset_check import Check
from lakehouse.ops.call import ANSWERED
from lakehouse.teacher.quality.measures import Measures, measure

# A language is told from another one where both texts are this sure, and the answer has so many words.
SURE, LEAST_WORDS = 0.9, 10
# What the detection takes for no language at all, such as code and addresses, is in no other one.
NONE = "zxx"


@dataclass(frozen=True)
class Candidate:
    """An answer to one variant: the outcome of its call, and its text."""

    variant: str
    state: str
    text: str


@dataclass(frozen=True)
class Text:
    """The text of a document, with its language as it was detected, and how sure that is; an empty one is not known."""

    text: str
    language: str = ""
    language_share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A candidate with its measures, its language, and the reasons against it so far. Without an answer there are no measures.

    Attributes:
        candidate: what was measured.
        measures: of its text.
        language: of its text, as detected; None without an answer.
        mark: the judge's; None where there is none.
        reasons: why it is not kept.
    """

    candidate: Candidate
    measures: Measures | None
    language: str | None
    mark: float | None = None
    reasons: tuple[str, ...]

    @property
    def variant(self) -> str:
        """The declared variant."""
        return self.candidate.variant

    @property
    def kept(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons

    def against(self, *reasons: str) -> Measured:
        """The same with more reasons."""
        return replace(self, reasons=(*self.reasons, *reasons))


def measured(candidates: Sequence[Candidate], document: Text, check: Check, same_language: bool) -> list[Measured]:
    """Measure each answer about a document. A call without an answer gives none: its outcome is the reason.

    Args:
        candidates: one a variant.
        document: what they are about.
        check: the limits.
        same_language: whether one that is surely in another language breaks a limit.
    """
    return [_measured(one, document, check, same_language) for one in candidates]


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


def _measured(candidate: Candidate, document: Text, check: Check, same_language: bool) -> Measured:
    if candidate.state != ANSWERED:
        return Measured(candidate=candidate, measures=None, language=None, reasons=(candidate.state,))
    found = measure(candidate.text, document.text, check)
    code, share = language.detect(candidate.text)
    reasons = list(broken(found, check))
    if same_language and _is_another(document, code, share, found.words):
        reasons.append(f"language {code}, expected that of the document, {document.language}")
    return Measured(candidate=candidate, measures=found, language=code, reasons=tuple(reasons))


def _is_another(document: Text, code: str, share: float, count: int) -> bool:
    sure = min(share, document.language_share) >= SURE and count >= LEAST_WORDS
    return sure and not {code, document.language} & {"", NONE} and code != document.language
