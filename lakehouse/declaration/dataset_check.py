"""What an answer has to be like to be kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from lakehouse.declaration.section import Section, refuse

# The measures of an answer, each a field of the section.
MEASURES = (
    "words", "compression", "copied", "rouge_1", "rouge_2", "rouge_l", "repetition", "new_numbers", "new_names",
)  # fmt: skip


class Limits(Section):
    """From ``least`` to ``most``, both included."""

    least: float | None = None
    most: float | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Limits:
        refuse(self._problems())
        return self

    def _problems(self) -> Iterator[str]:
        if self.least is None and self.most is None:
            yield "expected least, most or both"
        if self.least is not None and self.most is not None and self.least > self.most:
            yield f"least ({self.least:g}) must not be above most ({self.most:g}): nothing would pass"


class Check(Section):
    """Limits of what is measured on an answer; a measure without limits is measured and refuses nothing.

    Attributes:
        words: how many words it has.
        compression: its length by that of the document, in characters.
        copied: the share of its words that stand in a run of ``copied_run`` words or more that the document has too.
        rouge_1: ROUGE-1 F against the document; ``rouge_2`` and ``rouge_l`` likewise.
        repetition: the share of it that repeats itself.
        new_numbers: how many numbers it has that the document has not.
        new_names: how many names it has that the document has not.
        copied_run: how many words in a row are a copy.
        alike: of two variants of a document whose ROUGE-L F with each other is at least this, one is kept. None: both are.
        keep: ``all`` that pass, or the ``best`` one of a document.
        language: ``same``: an answer that is surely in another language than its document is refused; ``any``: none is. None:
            ``same`` for a service, ``any`` for the built-in summariser, which says nothing of its own.
    """

    words: Limits | None = None
    compression: Limits | None = None
    copied: Limits | None = None
    rouge_1: Limits | None = None
    rouge_2: Limits | None = None
    rouge_l: Limits | None = None
    repetition: Limits | None = None
    new_numbers: Limits | None = None
    new_names: Limits | None = None
    copied_run: int = Field(default=8, ge=2, le=50)
    alike: float | None = Field(default=None, gt=0, le=1)
    keep: Literal["all", "best"] = "all"
    language: Literal["same", "any"] | None = None

    def limits(self) -> Iterator[tuple[str, Limits]]:
        """The measures that have limits."""
        for name in MEASURES:
            found = getattr(self, name)
            if found is not None:
                yield name, found
