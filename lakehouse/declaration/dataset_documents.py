"""Where a dataset's documents come from, and which of them are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from lakehouse.declaration.dataset_check import Limits
from lakehouse.declaration.section import Name, Section

TextKind = Literal["markdown", "html", "plain"]
# Such as en or pt, as ISO 639-1 has it.
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]

# What is measured on a document, each a column of its table and a field of ``filter``.
MEASURES = (
    "characters", "words", "language_share", "quality", "mean_word_length", "alphabetic_words", "symbols_per_word", "bullet_lines",
    "ellipsis_lines", "repeated_lines", "repeated_ngrams", "common_words", "pii", "grade",
)  # fmt: skip
# Those of them that a good text has within bounds: what ``quality`` is made of.
HEURISTICS = (
    "words", "mean_word_length", "alphabetic_words", "symbols_per_word", "bullet_lines", "ellipsis_lines", "repeated_lines",
    "repeated_ngrams", "common_words",
)  # fmt: skip


class KindColumn(Section):
    """The column that says of which kind a row's text is: each of its values with the kind that it stands for.

    A value that is not listed is ``otherwise``; without that, such a document is rejected.
    """

    column: Name
    values: dict[str, TextKind] = Field(min_length=1)
    otherwise: TextKind | None = None


class Documents(Section):
    """The documents of a dataset: the rows of a shared source.

    Attributes:
        source: its name.
        id: the column that identifies a document: the source's whole key.
        text: the column that has the text.
        format: of which kind the text is: markdown, html, plain, or a column that says it.
        title: columns of the same source, each left out where there is none: ``url`` and ``licence`` likewise.
        together: columns whose equal values keep documents on one side of the split, such as the thread of a mail.
        deleted: a true or false column: true takes the document out of the next version.
        pii: ``redact`` puts <EMAIL> and the like in the place of what was found; ``keep`` leaves it.
    """

    source: Name
    id: Name
    text: Name
    format: TextKind | KindColumn = "plain"
    title: Name | None = None
    url: Name | None = None
    licence: Name | None = None
    together: tuple[Name, ...] = ()
    deleted: Name | None = None
    pii: Literal["redact", "keep"] = "redact"

    @property
    def columns(self) -> Iterator[tuple[str, str]]:
        """The field and the column for each column that is named."""
        for field in ("id", "text", "title", "url", "licence", "deleted"):
            if (name := getattr(self, field)) is not None:
                yield field, name
        if isinstance(self.format, KindColumn):
            yield "format.column", self.format.column
        for name in self.together:
            yield "together", name


class Heuristics(Section):
    """Bounds within which a good text lies (those of Gopher, Rae et al., 2021, table A1); ``quality`` is the share of them that
    a text keeps.

    Attributes:
        words: how many it has.
        mean_word_length: in characters.
        alphabetic_words: the share of words with a letter.
        symbols_per_word: ``#`` and ellipses, by words.
        bullet_lines: the share of lines that begin with a bullet.
        ellipsis_lines: the share of lines that end with an ellipsis.
        repeated_lines: the share of characters in lines that stood before.
        repeated_ngrams: the share of runs of five words that stood before.
        common_words: how many of the most common words of its language it has; of a language without a list it is kept.
    """

    words: Limits | None = Field(default_factory=lambda: Limits(least=50, most=100_000))
    mean_word_length: Limits | None = Field(default_factory=lambda: Limits(least=3, most=10))
    alphabetic_words: Limits | None = Field(default_factory=lambda: Limits(least=0.8))
    symbols_per_word: Limits | None = Field(default_factory=lambda: Limits(most=0.1))
    bullet_lines: Limits | None = Field(default_factory=lambda: Limits(most=0.9))
    ellipsis_lines: Limits | None = Field(default_factory=lambda: Limits(most=0.3))
    repeated_lines: Limits | None = Field(default_factory=lambda: Limits(most=0.2))
    repeated_ngrams: Limits | None = Field(default_factory=lambda: Limits(most=0.2))
    common_words: Limits | None = Field(default_factory=lambda: Limits(least=2))

    def limits(self) -> Iterator[tuple[str, Limits]]:
        """Those that are declared."""
        for name in HEURISTICS:
            found = getattr(self, name)
            if found is not None:
                yield name, found


class Filter(Section):
    """Limits of what is measured on a document; one that breaks any is not kept, and its row says which.

    Attributes:
        languages: those that are kept; empty: all.
        licences: those that are kept, as the source writes them; empty: all. A document without one is then rejected.
        language_share: how sure the language is, from 0 to 1.
        quality: the share of the heuristics that it keeps, from 0 to 1.
        pii: how many e-mail addresses, telephone numbers and the like it has, before they are redacted.
        grade: what the teacher gives it, from 0 to 1; needs ``grade``.
    """

    characters: Limits | None = None
    words: Limits | None = None
    language_share: Limits | None = None
    quality: Limits | None = None
    mean_word_length: Limits | None = None
    alphabetic_words: Limits | None = None
    symbols_per_word: Limits | None = None
    bullet_lines: Limits | None = None
    ellipsis_lines: Limits | None = None
    repeated_lines: Limits | None = None
    repeated_ngrams: Limits | None = None
    common_words: Limits | None = None
    pii: Limits | None = None
    grade: Limits | None = None
    languages: tuple[Language, ...] = ()
    licences: tuple[str, ...] = ()

    def limits(self) -> Iterator[tuple[str, Limits]]:
        """The measures that have limits."""
        for name in MEASURES:
            found = getattr(self, name)
            if found is not None:
                yield name, found


class Near(Section):
    """Which documents are nearly the same, by their runs of ``ngram`` words.

    Two are when so much of all runs is common to both (``jaccard``), or so much of the shorter one's is in the other
    (``containment``). All that hang together are a cluster, which stays on one side of the split. ``keep``: ``all`` of one, or
    only the longest (``one``).
    """

    ngram: int = Field(default=5, ge=1, le=20)
    jaccard: float = Field(default=0.7, ge=0.3, le=1)
    containment: float = Field(default=0.8, ge=0.3, le=1)
    keep: Literal["all", "one"] = "all"
