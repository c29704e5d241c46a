"""The plain text of a document, of whichever kind it is."""

from __future__ import annotations

from jobs.documents.html_text import html_text
from jobs.documents.markdown_text import markdown_text
from jobs.documents.normalised import normalised, seen
from lakehouse.declaration.dataset_documents import TextKind


def text_of(value: str, kind: TextKind) -> str:
    """The plain, normalised text of a value, whatever is in it.

    Args:
        value: Markdown, HTML or a plain text.
        kind: which of them.
    """
    if kind == "plain":
        return normalised(value)
    # First, since a parser's work may grow with marks on one letter, and it knows no other line ends.
    return normalised(markdown_text(seen(value)) if kind == "markdown" else html_text(seen(value)))
