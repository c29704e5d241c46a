"""Tables are found, described and counted, from their logs where these know."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse.analyst import listing
from lakehouse.errors import NoLakehouse
from tests.lakehouse.analyst.small_lakehouse import answered, ask_for_deletion_vectors, edit_log


def test_tables_are_found_by_layer_and_name(root: str) -> None:
    (Path(root) / "gold" / "not_a_table").mkdir()

    names = [table.full_name for table in listing.find(root)]

    assert names == ["bronze.weather", "silver.weather", "gold.demo_scores", "ops.model_events"]


def test_a_lakehouse_may_be_an_address(root: str) -> None:
    assert [table.full_name for table in listing.find(f"file://{root}")] == [
        table.full_name for table in listing.find(root)
    ]
    assert answered(f"file://{root}", "select count(*) from gold.demo_scores") == [(6,)]


def test_a_table_is_described_from_its_log_without_its_data(root: str) -> None:
    before = datetime.now(UTC)
    for data in (Path(root) / "gold" / "demo_scores").rglob("*.parquet"):
        data.unlink()

    state = listing.state(listing.FoundTable("gold", "demo_scores", f"{root}/gold/demo_scores"))

    assert (state.rows, state.files, state.version, state.newest_partition) == (6, 3, 2, date(2013, 6, 3))
    assert state.last_commit is not None
    assert timedelta(0) <= before - state.last_commit < timedelta(minutes=5)


def test_rows_are_counted_in_the_data_where_the_log_does_not_know(root: str) -> None:
    table = Path(root) / "gold" / "demo_scores"
    edit_log(table, lambda action: action.get("add", {}).pop("stats", None), version=1)

    assert listing.state(listing.FoundTable("gold", "demo_scores", str(table))).rows == 6


def test_rows_are_counted_in_the_data_where_deletion_vectors_may_hide_some(root: str) -> None:
    table = Path(root) / "silver" / "weather"
    edit_log(table, ask_for_deletion_vectors)

    def claim_100_rows(action: dict[str, Any]) -> None:
        if "add" in action:
            action["add"]["stats"] = json.dumps({"numRecords": 100})

    edit_log(table, claim_100_rows)

    assert listing.state(listing.FoundTable("silver", "weather", str(table))).rows == 1


def test_no_lakehouse_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoLakehouse, match=r"`make demo` makes some, or set LAKEHOUSE_ROOT"):
        listing.find(str(tmp_path / "nowhere"))
