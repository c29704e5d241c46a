"""What decisions were worth, and what decided: from rows that monitoring itself measures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jobs.monitor import performance
from jobs.monitor.performance import WorthOfDay
from jobs.monitor.scored_rows import ScoredRows
from jobs.report import deciders, page, words, worth
from jobs.report.night import Night
from lakehouse.declaration.rules import Rule
from lakehouse.declaration.worth import Worth
from lakehouse.evaluation.realised_worth import RealisedWorth
from tests.jobs.report import made_nights
from tests.jobs.report.reading import Page

ROWS = 60
AMOUNTS = Worth(currency="EUR", true_positive=5.0, false_positive=-1.0, true_negative=0.0, false_negative=-4.0)
RULE = Rule(name="desk", when="score > 0.9", block=True)


@pytest.fixture(scope="module")
def ruled() -> tuple[Night, list[ScoredRows]]:
    """A night of a use case with worth and a rule, with drawn decisions; the rows as they were decided."""
    night = made_nights.of_world(None, "declared")
    use_case = night.use_case.model_copy(update={"worth": AMOUNTS, "rules": (RULE,)})
    dice, lines, decided = np.random.default_rng(4), list[dict[str, Any]](), list[ScoredRows]()
    for day in night.days[:-1]:
        score, label = dice.random(ROWS), (dice.random(ROWS) < 0.3).astype(float)
        model = ScoredRows(day, "champion", 1, score, (score > 0.6).astype(np.int64), label, {})
        kinds = dice.choice(np.array(["model", "rule", "fallback"], dtype=object), ROWS, p=[0.7, 0.2, 0.1])
        by_rule = np.where(kinds == "rule", 1, model.decision)
        final = replace(model, decision=by_rule, deciders=kinds, withheld=dice.random(ROWS) < 0.05)
        of_day = WorthOfDay(RealisedWorth.of(use_case), (0.3,))  # type: ignore[arg-type]
        for rows in (model, final):
            lines += performance.of_rows(rows, "classification", worth=of_day)
        decided.append(final)
    return replace(night, use_case=use_case, performance=lines), decided


def test_the_worth_is_that_of_the_matured_window_beside_simple_ways(ruled: tuple[Night, list[ScoredRows]]) -> None:
    night, decided = ruled
    made = worth.content(night)
    assert made is not None and made["currency"] == "EUR"
    gained, everybody, rows = 0.0, 0.0, 0
    for one in decided:
        if one.day in night.matured_window():
            assert one.withheld is not None
            stands = ~one.withheld
            table = np.array([[0.0, -1.0], [-4.0, 5.0]])
            gained += table[one.label[stands].astype(int), one.decision[stands]].sum()
            everybody += table[one.label.astype(int), 1].sum()
            rows += ROWS
    ways = dict(made["ways"])
    assert made["total"] == words.number(float(gained))
    assert ways["deciding everybody"] == words.number(everybody / rows)
    assert {"the model's decisions", "what was decided, by rules and fallbacks too", "deciding nobody"} <= set(ways)
    values = [float(value) for _, value in made["ways"]]
    assert values == sorted(values, reverse=True)


def test_the_shares_that_rules_and_fallbacks_decided_are_those_of_each_day(
    ruled: tuple[Night, list[ScoredRows]],
) -> None:
    night, decided = ruled
    made = deciders.content(night)
    assert made is not None and [one["name"] for one in made["lines"]] == ["rule", "fallback", "withheld"]
    last = decided[-1]
    assert last.deciders is not None
    share = float(np.mean(last.deciders == "rule"))
    assert made["lines"][0]["told"] == f"{words.share(share)} on {last.day}"
    text = Page(page.html(page.content(night))).text
    assert "Decided by rules and fallbacks" in text and "in EUR" in text


def test_where_neither_is_declared_the_page_says_nothing_of_them(ruled: tuple[Night, list[ScoredRows]]) -> None:
    plain = ruled[0].use_case.model_copy(update={"worth": None, "rules": ()})
    night = replace(ruled[0], use_case=plain)
    assert worth.content(night) is None and deciders.content(night) is None
