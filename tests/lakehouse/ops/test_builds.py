"""What a partition was built from, and what has changed since, in words."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from lakehouse.ops import builds
from lakehouse.storage import delta_log, small_tables
from lakehouse.tables import BUILDS, Table

DAY = dt.date(2024, 5, 1)
TABLE = Table("gold", "t", (), (), (), "a table")


def test_inputs_come_back_by_the_fingerprint_that_the_rows_carry(lakehouse_root: Path) -> None:
    first = builds.record(TABLE, {DAY: {"s 2024-05-01": "a"}})
    second = builds.record(TABLE, {DAY: {"s 2024-05-01": "a,b"}})
    assert builds.inputs_behind(TABLE, first) == {DAY: {"s 2024-05-01": "a"}}
    assert builds.inputs_behind(TABLE, second) == {DAY: {"s 2024-05-01": "a,b"}}
    assert builds.inputs_behind(TABLE, {DAY: "never built"}) == {}


def test_recording_the_same_again_makes_no_commit(lakehouse_root: Path) -> None:
    builds.record(TABLE, {DAY: {"x": "1"}})
    before = delta_log.version(BUILDS)
    assert builds.record(TABLE, {DAY: {"x": "1"}}) == {DAY: builds.fingerprint({"x": "1"})}
    assert (delta_log.version(BUILDS), len(small_tables.read(BUILDS))) == (before, 1)


def test_the_order_of_inputs_does_not_matter() -> None:
    assert builds.fingerprint({"a": "1", "b": "2"}) == builds.fingerprint({"b": "2", "a": "1"})


def test_changes_are_told_in_words() -> None:
    before = {"s 2024-05-01": "a", "w 2024-05-01": "", "model version": "1", "p 2024-01-01": "z"}
    now = {"s 2024-05-01": "a,b", "w 2024-05-01": "c", "model version": "2"}
    assert builds.changes(before, now) == [
        "model version changed from 1 to 2",
        "p 2024-01-01 is not read any more",
        "s 2024-05-01 was corrected",
        "w 2024-05-01 has arrived since",
    ]
    assert builds.changes(None, now) == ["what it was built from is not recorded"]
