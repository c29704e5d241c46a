"""The model card as HTML and as Markdown. Whatever a use case declares is text here, never markup."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from jobs.train.card import content
from jobs.train.card.content import Trained
from jobs.train.tracking.mlflow_run import Run

HTML = "card/model_card.html"
MARKDOWN = "card/model_card.md"

# What Markdown, or the HTML in it, would take for markup.
MARKS = re.compile(r"([\\`*\[\]<>|#~!$&])")


def log(run: Run, trained: Trained) -> None:
    """Log both to the run."""
    card = content.gather(trained)
    run.file(HTML, lambda file: file.write_text(html(card), encoding="utf-8"))
    run.file(MARKDOWN, lambda file: file.write_text(markdown(card), encoding="utf-8"))


def html(card: Mapping[str, Any]) -> str:
    """A page that needs nothing else: style and pictures are in it, scripts there are none."""
    return _environment(autoescape=True).get_template("model_card.html.jinja").render(card)


def markdown(card: Mapping[str, Any]) -> str:
    """The same for readers of text; its pictures are those of the run's folder ``plots``."""
    return _environment(autoescape=False).get_template("model_card.md.jinja").render(card)


def _environment(autoescape: bool) -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=autoescape,
        # Markdown has no autoescape of its own: every value that is put in passes here.
        finalize=None if autoescape else _as_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(number=number, share=share, words=words)
    return made


def number(value: Any) -> str:
    """A number with four digits that count; a dash for none; other values as they are."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def share(value: float | None) -> str:
    """A share in percent."""
    return number(None) if value is None else f"{100 * value:.1f} %"


def words(name: str) -> str:
    """A name as words: ``log_loss`` is ``log loss``."""
    return name.replace("_", " ")


def _as_text(value: Any) -> str:
    return MARKS.sub(r"\\\1", " ".join(str(value).split()))
