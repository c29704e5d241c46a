"""A population is exactly who is known on the day by the newest row, and satisfies the condition: compared with plain Python."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.populations import population
from lakehouse.storage import commits
from tests.use_cases import buyers

START = buyers.START
DAYS = [START + dt.timedelta(days=number) for number in range(8)]
WHERE = "joined <= partition and segment <> 'closed'"

# What a delivery says of a customer.
told = st.tuples(st.sampled_from(["a", "closed", None]), st.integers(min_value=-3, max_value=9))
# By the number of its day; a delivery may be without rows.
drawn = st.dictionaries(
    st.integers(min_value=0, max_value=7),
    st.dictionaries(st.integers(min_value=1, max_value=4), told, max_size=4),
    max_size=5,
)


def declared(root: Path, rows: str, delivers: str, cadence: str, where: str | None) -> UseCase:
    content = buyers.declaration()
    content["sources"][0] |= {"delivers": delivers, "cadence": cadence}
    daily = {"arrives_after_days": 1} if cadence == "daily" and rows == "known" else {}
    content["sources"][0] |= daily
    entity = {"rows": rows, "where": where}
    read = {"source": "customers", "first": 1, "last": 1} if daily else {"source": "customers"}
    inputs = [read, content["inputs"][1]]
    return buyers.declare(root, sources=content["sources"], entity=entity, inputs=inputs)


def fill(use_case: UseCase, delivered: dict[int, dict[int, tuple[str | None, int]]]) -> None:
    table = tables.silver(use_case.source("customers"))
    rows, lines = [], []
    for number, told in delivered.items():
        day = DAYS[number]
        for customer, (segment, joined) in told.items():
            row: dict[str, Any] = {"customer": customer, "segment": segment, "appetite": float(number), "seen": None}
            rows.append(
                row | {"joined": START + dt.timedelta(days=joined), "delivery_id": "d", "line": 2, "partition": day}
            )
        now = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
        count = len(told)
        lines.append(Delivery("customers", f"d{number}", day, "f", "c", count, count, 0, 0, deliveries.INGESTED, now))
    commits.replace_rows(table, rows, "true")
    deliveries.record(lines)


def naive(
    rows: str,
    delivers: str,
    cadence: str,
    where: str | None,
    delivered: dict[int, dict[int, tuple[str | None, int]]],
    number: int,
) -> dict[int, float]:
    """The customers of a day, each with the number of the delivery that the row came from."""
    known: dict[int, tuple[int, tuple[str | None, int]]] = {}
    back = 1 if cadence == "daily" and rows == "known" else 0
    for when in sorted(delivered):
        if when > number - back or (rows == "of_day" and when != number) or (back and when != number - back):
            continue
        if delivers == "snapshot":
            known = {}
        known |= {customer: (when, told) for customer, told in delivered[when].items()}
    return {
        customer: float(when)
        for customer, (when, (segment, joined)) in known.items()
        if where is None or (joined <= number and segment not in ("closed", None))
    }


@pytest.mark.parametrize("where", [None, WHERE], ids=["everybody", "where"])
@pytest.mark.parametrize(
    ("rows", "delivers", "cadence"),
    [
        ("known", "changes", "occasional"),
        ("known", "snapshot", "occasional"),
        ("known", "snapshot", "daily"),
        ("of_day", "changes", "daily"),
    ],
)
def test_a_population_is_what_plain_python_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: str, delivers: str, cadence: str, where: str | None
) -> None:
    use_case = declared(tmp_path / "root", rows, delivers, cadence, where)

    @settings(max_examples=8, deadline=None)
    @given(delivered=drawn)
    def matches(delivered: dict[int, dict[int, tuple[str | None, int]]]) -> None:
        with tempfile.TemporaryDirectory(dir=tmp_path) as root:
            monkeypatch.setenv("LAKEHOUSE_ROOT", root)
            fill(use_case, delivered)
            found = population.read(use_case, DAYS, ["partition", "appetite", "customer"]).to_pylist()
            expected = [naive(rows, delivers, cadence, where, delivered, number) for number in range(len(DAYS))]
            by_day = [{row["customer"]: row["appetite"] for row in found if row["partition"] == day} for day in DAYS]
            assert by_day == expected
            assert len(found) == sum(map(len, expected))
            most = population.most_by_day(use_case, DAYS)
            assert all(most.get(day, 0) >= len(who) for day, who in zip(DAYS, expected, strict=True))
            alone = [population.read(use_case, [day], ["customer"]).column("customer").to_pylist() for day in DAYS]
            assert [sorted(who) for who in alone] == [sorted(who) for who in expected]

    matches()
