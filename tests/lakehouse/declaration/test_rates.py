"""A rate card says what is paid since when, and nothing else; a budget says when somebody is told."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lakehouse.declaration import rates
from lakehouse.declaration.dataset_budget import MICROS
from lakehouse.declaration.rates import GB, DatedRates, RateCard, Rates
from lakehouse.declaration.run_budget import RunBudget
from lakehouse.errors import DeclarationError

AMOUNTS = st.decimals(0, 10**6, places=6)


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.floats(0, 1e7), st.integers(0, 2**45), st.floats(0, 1e6), st.integers(0, 2**45))
def test_money_is_the_sum_of_what_was_used_at_its_rates_to_a_millionth(
    core: Decimal, memory: Decimal, written: Decimal, seconds: float, most: int, wall: float, size: int
) -> None:
    card = Rates(processor_hour=core, memory_gb_hour=memory, written_gb=written)
    whole = card.micros(seconds, most, wall, size)
    expected = (
        float(core) * seconds / 3600 + float(memory) * most / GB * wall / 3600 + float(written) * size / GB
    ) * MICROS
    assert whole == pytest.approx(expected, rel=1e-9, abs=1)


@given(st.lists(st.dates(), min_size=1, max_size=8, unique=True), st.dates())
def test_a_day_has_the_newest_rates_that_began_by_then(days: list[dt.date], day: dt.date) -> None:
    card = RateCard(currency="EUR", rates=tuple(DatedRates(since=since) for since in days))
    found = card.on(day)
    earlier = [since for since in days if since <= day]
    assert (found.since if found else None) == max(earlier, default=None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("currency: EUR\n", "rates: is missing"),
        ("currency: EUR\nrates: []\n", "rates"),
        ("currency: eur\nrates: [{from: 2024-01-01}]\n", "currency"),
        ("currency: EUR\nrates: [{processor_hour: 1}]\n", "rates.0.from: is missing"),
        ("currency: EUR\nrates: [{from: 2024-01-01, cpu: 1}]\n", "rates.0.cpu: is not a field"),
        ("currency: EUR\nrates: [{from: 2024-01-01, processor_hour: -1}]\n", "rates.0.processor_hour"),
        ("currency: EUR\nrates: [{from: 2024-01-01}, {from: 2024-01-01}]\n", "declared twice: 2024-01-01"),
        ("currency: EUR\nrates: [{from: 2024}]\n", "rates.0.from: a day such as"),
    ],
)
def test_what_is_wrong_in_a_card_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "rates.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError) as error:
        rates.load((tmp_path,))
    assert said in str(error.value) and "rates.yaml" in str(error.value)


def test_a_wrong_line_is_told_once_and_a_long_value_in_part(tmp_path: Path) -> None:
    (tmp_path / "rates.yaml").write_text("currency: EUR\nrates: [{from: 2024-01-01, run: -1}]\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"found -1$"):
        rates.load((tmp_path,))
    (tmp_path / "rates.yaml").write_text(f"currency: {'E' * 5000}\nrates: []\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"currency: .*EEE\.\.\.; rates: .*at least 1 item") as error:
        rates.load((tmp_path,))
    assert len(str(error.value)) < 1000


def test_no_card_is_none_and_two_are_one_too_many(tmp_path: Path) -> None:
    roots = tmp_path / "a", tmp_path / "b"
    for root in roots:
        root.mkdir()
    assert rates.load(roots) is None
    for root in roots:
        (root / "rates.yaml").write_text("currency: EUR\nrates: [{from: 2024-01-01}]\n", encoding="utf-8")
    assert rates.load(roots[:1]) is not None
    with pytest.raises(DeclarationError, match="expected one"):
        rates.load(roots)


@pytest.mark.parametrize(
    ("said", "problem"),
    [({}, "neither"), ({"per_month": 0}, "greater than 0"), ({"per_night": 1, "tell_at": [80, 80]}, "twice")],
)
def test_a_budget_that_says_nothing_is_refused(said: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        RunBudget.model_validate(said)


def test_a_budget_counts_in_millionths_and_tells_in_order() -> None:
    found = RunBudget.model_validate({"per_month": "40.5", "tell_at": [120, 50]})
    assert found.micros == {"month": 40_500_000}
    assert found.tell_at == (50, 120)
