"""What a partition was built from, and what has changed since, in words."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from lakehouse import delta, lineage, rows
from lakehouse.tables import BUILDS, Table

DAY = dt.date(2024, 5, 1)
TABLE = Table("gold", "t", (), (), (), "a table")


def test_inputs_come_back_by_the_fingerprint_that_the_rows_carry(lakehouse_root: Path) -> None:
    first = lineage.record(TABLE, {DAY: {"s 2024-05-01": "a"}})
    second = lineage.record(TABLE, {DAY: {"s 2024-05-01": "a,b"}})
    assert lineage.of_days(TABLE, first) == {DAY: {"s 2024-05-01": "a"}}
    assert lineage.of_days(TABLE, second) == {DAY: {"s 2024-05-01": "a,b"}}
    assert lineage.of_days(TABLE, {DAY: "never built"}) == {}


def test_recording_the_same_again_makes_no_commit(lakehouse_root: Path) -> None:
    lineage.record(TABLE, {DAY: {"x": "1"}})
    before = delta.version(BUILDS)
    assert lineage.record(TABLE, {DAY: {"x": "1"}}) == {DAY: lineage.fingerprint({"x": "1"})}
    assert (delta.version(BUILDS), len(rows.read(BUILDS))) == (before, 1)


def test_the_order_of_inputs_does_not_matter() -> None:
    assert lineage.fingerprint({"a": "1", "b": "2"}) == lineage.fingerprint({"b": "2", "a": "1"})


def test_changes_are_told_in_words() -> None:
    before = {"s 2024-05-01": "a", "w 2024-05-01": "", "model version": "1", "p 2024-01-01": "z"}
    now = {"s 2024-05-01": "a,b", "w 2024-05-01": "c", "model version": "2"}
    assert lineage.changes(before, now) == [
        "model version changed from 1 to 2",
        "p 2024-01-01 is not read any more",
        "s 2024-05-01 was corrected",
        "w 2024-05-01 has arrived since",
    ]
    assert lineage.changes(None, now) == ["what it was built from is not recorded"]
