"""What is measured on an answer, beside its document."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.declaration.dataset_check import Check
from lakehouse.teacher.quality import overlap
from lakehouse.teacher.quality.invented import new_names, new_numbers
from lakehouse.teacher.quality.repetition import repetition
from lakehouse.teacher.quality.words import words

# A ratio is kept to so many digits: what is compared is what is shown.
DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class Measures:
    """The measures of an answer; those that have a limit are named as in `lakehouse.declaration.dataset_check`.

    Attributes:
        words: how many words it has.
        compression: its characters by those of the document.
        copied: the share of its words that are copied in long runs.
        rouge_1: ROUGE-1 F against the document, without stemming; ``rouge_2`` and ``rouge_l`` likewise.
        repetition: the share of it that repeats itself.
        numbers: those that the document does not have.
        names: those that the document does not have.
    """

    words: int
    compression: float
    copied: float
    rouge_1: float
    rouge_2: float
    rouge_l: float
    repetition: float
    numbers: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def new_numbers(self) -> int:
        """How many numbers the document does not have."""
        return len(self.numbers)

    @property
    def new_names(self) -> int:
        """How many names the document does not have."""
        return len(self.names)


def measure(answer: str, document: str, check: Check) -> Measures:
    """Measure an answer against the text of its document."""
    said, told = words(answer), words(document)
    whole = len(document.strip())
    return Measures(
        words=len(said),
        compression=round(len(answer.strip()) / whole, DIGITS) if whole else 0.0,
        copied=round(overlap.copied(said, told, check.copied_run), DIGITS),
        rouge_1=round(overlap.rouge_n(said, told, 1).f, DIGITS),
        rouge_2=round(overlap.rouge_n(said, told, 2).f, DIGITS),
        rouge_l=round(overlap.rouge_l(said, told).f, DIGITS),
        repetition=round(repetition(answer, said), DIGITS),
        numbers=tuple(new_numbers(answer, document)),
        names=tuple(new_names(answer, document)),
    )
