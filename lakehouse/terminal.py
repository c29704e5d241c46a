"""Texts for logs and terminals."""

from __future__ import annotations


def one_line(text: str) -> str:
    """A text as one line of a log, and nothing that a terminal obeys: a value that was delivered may be part of it."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
