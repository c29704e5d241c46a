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

# Characters that Markdown, or the HTML in it, takes for markup.
MARKS = re.compile(r"([\\`*\[\]<>|#~!$&])")


def log(run: Run, trained: Trained) -> None:
    """Log both to the run."""
    card = content.gather(trained)
    run.text(HTML, html(card))
    run.text(MARKDOWN, markdown(card))


def html(card: Mapping[str, Any]) -> str:
    """A page that needs no other file: style and pictures are in it, and no script."""
    return _environment(autoescape=True).get_template("model_card.html.jinja").render(card)


def markdown(card: Mapping[str, Any]) -> str:
    """The same as Markdown; it refers to the pictures in the run's folder ``plots``."""
    return _environment(autoescape=False).get_template("model_card.md.jinja").render(card)


def _environment(autoescape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=autoescape,
        # Markdown has no autoescape of its own: every value passes here.
        finalize=None if autoescape else _as_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, share=share, words=words)
    return environment


def number(value: Any) -> str:
    """A number with four significant digits; a dash for none; other values as they are."""
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
