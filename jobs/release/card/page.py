"""The dataset card as Markdown. Whatever is declared, delivered or answered is text here, never markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from jobs.release.card import content, front_matter
from jobs.release.gate import Finding
from jobs.release.gathering import Version

TEMPLATE = "card.md.jinja"
# Characters that Markdown, or the HTML in it, takes for markup.
MARKS = re.compile(r"([\\`*_{}\[\]<>|#~!$&])")


class _Plain(str):
    """What stands in code, where nothing is markup: its pattern is declared, and has no sign that ends the code."""


def page(made: Version, findings: Sequence[Finding]) -> str:
    """The card of a version: front matter and text."""
    head = front_matter.text(made.dataset, made.scan.rows, made.scan.languages)
    return f"{head}\n{_environment().get_template(TEMPLATE).render(content.of(made, findings))}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        # Markdown has no autoescape of its own: every value passes here.
        autoescape=False,
        finalize=_as_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(counted=_counted, words=_words, plain=_Plain, amount=_amount)
    return environment


def _counted(counts: Any) -> str:
    pairs = counts.items() if isinstance(counts, dict) else counts
    return ", ".join(f"{name} ({count:,})" for name, count in pairs)


def _amount(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _as_text(value: Any) -> str:
    if isinstance(value, _Plain):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return MARKS.sub(r"\\\1", " ".join(str(value).split()))
