"""One score explained, as the page shows it: the same object that the command line prints, with its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.status_page import signed_bars
from include.status_page.signed_bars import Bar
from lakehouse.analyst import text_report
from lakehouse.analyst.explanation import Explanation
from lakehouse.declaration import UseCase
from lakehouse.evaluation.shap_values import OTHERS

WINDOWS = ("train", "validation", "holdout")


@dataclass(frozen=True)
class Reason:
    """A line of the picture: what, its value, which way it moves the score, by how much, and its bar."""

    feature: str
    value: str
    description: str
    effect: str
    amount: str
    bar: Bar


@dataclass(frozen=True)
class ExplainView:
    """What the page shows of one score.

    Attributes:
        outcome: the score and what was decided.
        deciders: which version, and what decided beside it.
        beside: scores of other roles.
        origin: of the reasons: stored, or computed now.
        unit: of the contributions.
        start: where every row starts, and what the reasons make of it.
        reasons: the greatest first.
        windows: the days of the training's windows, in their order.
        features: name, value and description of every feature.
        built_from: what the features were built from.
        history: the version's events.
        missing: what can't be told, and why.
    """

    outcome: str
    deciders: tuple[str, ...]
    beside: tuple[str, ...]
    origin: str
    unit: str
    start: str
    reasons: tuple[Reason, ...]
    windows: tuple[tuple[str, str], ...]
    features: tuple[tuple[str, str, str], ...]
    built_from: tuple[str, ...]
    history: tuple[tuple[str, str, str, str], ...]
    missing: tuple[str, ...]


def of(use_case: UseCase, explanation: Explanation) -> ExplainView:
    """From the object that the command line prints."""
    described, reasoned = text_report.descriptions(use_case), explanation.reasoned
    windows = explanation.model.get("windows") or {}
    return ExplainView(
        outcome=text_report.outcome(use_case, explanation.score),
        deciders=tuple(text_report.deciders(explanation)),
        beside=tuple(text_report.beside(use_case, explanation)),
        origin="" if reasoned is None else "stored with the score" if reasoned.stored else "computed now",
        unit=use_case.model.objective.unit,
        start="" if reasoned is None else " ".join(text_report.start(use_case, explanation)),
        reasons=() if reasoned is None else tuple(_reasons(use_case, explanation)),
        windows=tuple((name, windows[name]) for name in WINDOWS if name in windows),
        features=tuple(
            (name, text_report.number(value), described.get(name, "")) for name, value in explanation.features.items()
        ),
        built_from=tuple(text_report.sources(explanation)),
        history=tuple(
            (text_report.instant(one.happened_at), one.event, one.actor, one.reason) for one in explanation.history
        ),
        missing=explanation.missing,
    )


def _reasons(use_case: UseCase, explanation: Explanation) -> Sequence[Reason]:
    assert explanation.reasoned is not None
    found, described = explanation.reasoned.reasons, text_report.descriptions(use_case)
    drawn = signed_bars.bars([one.contribution for one in found])
    return [
        Reason(
            feature="all others together" if one.feature == OTHERS else one.feature,
            value="" if one.feature == OTHERS else text_report.number(one.value),
            description=described.get(one.feature, ""),
            effect=text_report.effect(use_case, one),
            amount=f"{one.contribution:+.3f}",
            bar=bar,
        )
        for one, bar in zip(found, drawn, strict=True)
    ]
