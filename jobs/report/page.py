"""The drift page of a night: one HTML file without scripts. Whatever data and declarations say is text in it, never markup."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from jobs.report import findings, head, quality, slices, timeline, words
from jobs.report.night import Night


def content(night: Night) -> dict[str, Any]:
    """All that the page says, as texts and numbers."""
    links = night.links
    named = {
        "The night before": links.before, "The night after": links.after,
        "The version": links.model, "Its training": links.training, "All nights": links.all,
    }  # fmt: skip
    return {
        "head": head.content(night),
        "nights": timeline.nights(night),
        "facts": findings.facts(night),
        "no_profile": night.no_profile,
        "drifted": findings.cards(night),
        "scores": findings.scores(night),
        "timeline": timeline.statistics(night),
        "chance_words": _by_chance(night),
        "quality": quality.content(night),
        "slices": slices.content(night),
        "addresses": [(name, address) for name, address in named.items() if address],
    }


def html(made: dict[str, Any]) -> str:
    """The page."""
    return _environment().get_template("drift_page.html.jinja").render(made)


def numbers(made: dict[str, Any]) -> str:
    """What the page says, as JSON."""
    return json.dumps(made, default=_plain, ensure_ascii=False)


def _by_chance(night: Night) -> str:
    if not night.measured:
        return ""
    return (
        f"Each is violated when chance alone shows as much once in {night.use_case.drift.false_alarm_days} nights or more seldom, "
        "and it is great enough to matter; the limit is the value that would, where it has one."
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=words.number, share=words.share)
    return environment


def _plain(value: Any) -> Any:
    return vars(value) if hasattr(value, "__dict__") else str(value)
