"""A condition on the values of a column, none among them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
import pytest

from jobs.ingest import job as ingest
from jobs.ingest.arguments import IngestArguments
from lakehouse.ops import deliveries
from lakehouse.settings import PROJECT_ROOT
from lakehouse.storage import arrow_dataset
from tests.use_cases import bakery

DAYS = [dt.date(2024, 1, 1), dt.date(2024, 1, 2), None]
ROWS = pa.table({"day": pa.array(DAYS, pa.date32()), "name": ["a", "b", None]})


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([], []),
        (set(), []),
        (pa.array([], pa.string()), []),
        (["a"], ["a"]),
        ({"b", "x"}, ["b"]),
        (pa.array(["a", "b"]), ["a", "b"]),
    ],
)
def test_rows_among_the_values_are_found_and_none_among_no_values(values: Any, found: list[str]) -> None:
    rows = pyarrow.dataset.dataset(ROWS)
    assert rows.to_table(filter=arrow_dataset.among("name", values)).column("name").to_pylist() == found
    both = arrow_dataset.among("name", values) & (pc.field("day") > dt.date(2023, 1, 1))
    assert rows.to_table(filter=both).column("name").to_pylist() == found


def test_the_ledger_is_asked_for_no_source(
    lakehouse_root: Path, landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USE_CASE_ROOTS", str(PROJECT_ROOT / "tests" / "use_cases"))
    day = dt.date(2024, 3, 1)
    bakery.deliver(landing_root, day, day)
    ingest.run(IngestArguments(source="bakery_plan", partition=day))
    assert len(deliveries.arrived(["bakery_plan"], None, day)) == 1
    assert deliveries.arrived([], None, day) == {}
