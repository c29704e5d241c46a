"""A contract types what it can, and gives every reason for what it can't."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from jobs.ingest import contract_checks, current_rows, row_counts
from lakehouse import tables
from lakehouse.declaration import Source
from lakehouse.storage import table_schema

DAY = dt.date(2024, 3, 1)
SOURCE = Source.model_validate(
    {
        "name": "loaves",
        "key": ["shop"],
        "columns": [
            {"name": "shop", "type": "string", "pattern": "[a-z]+"},
            {"name": "bread", "type": "string", "allowed": ["rye", "wheat"]},
            {"name": "baked", "type": "int", "minimum": 0, "maximum": 100},
            {"name": "price", "type": "double", "nullable": True},
            {"name": "day", "type": "date", "nullable": True},
        ],
        "row_rules": [{"name": "no_free_rye", "expression": "bread <> 'rye' OR price > 0"}],
    }
)


ZONE = ZoneInfo("Europe/Paris")


def delivered(*rows: tuple[str | None, ...], delivery: str = "d1", hour: int = 1) -> pa.Table:
    names = ("shop", "bread", "baked", "price", "day")
    kept = {"raw": "raw", "extra": None, "malformed": None, "delivery_id": delivery, "delivered_file": None}
    arrived = {"ingested_at": dt.datetime(2024, 3, 2, hour, tzinfo=dt.UTC), "partition": DAY}
    lines = [
        {**dict(zip(names, row, strict=True)), **kept, **arrived, "line": number} for number, row in enumerate(rows, 2)
    ]
    return pa.Table.from_pylist(lines, table_schema.arrow_schema(tables.bronze(SOURCE)))


def check(rows: pa.Table) -> list[dict[str, Any]]:
    return list(contract_checks.check(rows, SOURCE, ZONE).to_pylist())


def mark(*rows: pa.Table) -> pa.Table:
    return current_rows.mark(contract_checks.check(pa.concat_tables(rows), SOURCE, ZONE), SOURCE)


def test_a_good_row_is_typed_and_has_no_reasons() -> None:
    (row,) = check(delivered(("canal", "rye", "7", "2.5", "2024-02-29")))
    assert (row["shop"], row["baked"], row["price"], row["day"]) == ("canal", 7, 2.5, dt.date(2024, 2, 29))
    assert row["_reasons"] is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("Canal", "rye", "7", "1", None), "shop: expected the form [a-z]+, found 'Canal'"),
        (("canal", "oats", "7", "1", None), "bread: expected one of rye, wheat, found 'oats'"),
        (("canal", "rye", "7.5", "1", None), "baked: expected an int, found '7.5'"),
        (("canal", "rye", "-1", "1", None), "baked: expected at least 0, found '-1'"),
        (("canal", "rye", "101", "1", None), "baked: expected at most 100, found '101'"),
        (("canal", "rye", None, "1", None), "baked: expected a value, found none"),
        (("canal", "wheat", "7", "NaN", None), "price: expected a finite number, found 'NaN'"),
        (("canal", "wheat", "7", "1e400", None), "price: expected a finite number, found '1e400'"),
        (
            ("canal", "wheat", "7", "1", "2013-02-30"),
            "day: expected a date, or the instant that begins it in Europe/Paris, found '2013-02-30'",
        ),
        (("canal", "rye", "7", "0", None), "no_free_rye: expected bread <> 'rye' OR price > 0"),
    ],
)
def test_a_broken_rule_is_named_with_what_was_expected_and_found(row: tuple[str | None, ...], reason: str) -> None:
    assert check(delivered(row))[0]["_reasons"] == [reason]


def test_a_row_that_breaks_several_rules_keeps_every_reason() -> None:
    reasons = check(delivered(("Canal", "oats", "x", "1", None)))[0]["_reasons"]
    assert [reason.split(":")[0] for reason in reasons] == ["shop", "bread", "baked"]


def test_the_books_add_up_and_the_last_line_of_a_repeated_key_counts() -> None:
    given = delivered(
        ("canal", "rye", "1", "1", None), ("canal", "rye", "2", "1", None), ("MARKET", "rye", "3", "1", None)
    )
    marked = mark(given)
    count = row_counts.count(marked, given.column("extra"))["d1"]
    assert (count.delivered, count.accepted, count.rejected, count.duplicates) == (3, 1, 1, 1)
    assert current_rows.silver_rows(marked, SOURCE).column("baked").to_pylist() == [2]
    assert current_rows.reject_rows(marked, SOURCE).column("line").to_pylist() == [4]


def test_a_correction_supersedes_the_earlier_delivery_of_the_same_key_only() -> None:
    first = delivered(("canal", "rye", "1", "1", None), ("market", "rye", "5", "1", None))
    later = delivered(("canal", "rye", "9", "1", None), delivery="d2", hour=2)
    rows = current_rows.silver_rows(mark(later, first), SOURCE).to_pylist()
    assert {row["shop"]: row["baked"] for row in rows} == {"canal": 9, "market": 5}
