"""Documents some at a time are those that count, each once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse import tables
from lakehouse.corpus import current, streamed
from lakehouse.declaration import Dataset
from lakehouse.storage import commits, table_schema
from tests.jobs import notes

DAYS = [notes.DAY + dt.timedelta(days=offset) for offset in range(3)]
REASONS = (
    "",
    "no grade yet",
    "grade 0.2, expected at least 0.5",
    "words 1; no grade yet",
    "degrade",
    "no grade yets",
    "x",
)
rows = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(DAYS)), st.sampled_from(REASONS), min_size=1, max_size=10
)
quick = settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(dataset: Dataset, found: dict[tuple[str, dt.date], str]) -> None:
    table = tables.documents(dataset)
    empty: dict[str, Any] = {"string": "", "long": 0, "double": 0.0, "boolean": False}
    filled = {column.name: empty.get(column.type) for column in table.columns}
    lines = [
        {**filled, "document_id": name, "partition": day, "text": f"{name} {day}", "kept": not why, "reasons": why}
        for (name, day), why in found.items()
    ]
    commits.replace_table(pa.Table.from_pylist(lines, table_schema.arrow_schema(table)), table, {"partition": DAYS})


@pytest.mark.parametrize("delivers", ["changes", "snapshot"])
def test_all_batches_together_are_the_documents_that_count(
    delivers: str, lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = notes.declare(tmp_path / "roots", monkeypatch, of_source={"delivers": delivers})
    assert list(streamed.batches(dataset, DAYS[0], ("text",))) == []

    @quick
    @given(rows, st.sampled_from(DAYS), st.sets(st.sampled_from(DAYS)))
    def same(found: dict[tuple[str, dt.date], str], as_of: dt.date, days: set[dt.date]) -> None:
        write(dataset, found)
        columns = ("text", "partition", "reasons")
        every = current.read(dataset, as_of, columns).to_pylist()

        def read(**arguments: Any) -> list[dict[str, Any]]:
            batches = list(streamed.batches(dataset, as_of, columns, rows=2, **arguments))
            assert all(0 < len(batch) <= 2 for batch in batches)
            return sorted((row for batch in batches for row in batch.to_pylist()), key=lambda row: row["text"])

        kept = [row for row in every if not row["reasons"]]
        assert read() == kept == current.read(dataset, as_of, columns, kept=True).to_pylist()
        assert read(days=days) == [row for row in kept if row["partition"] in days]
        graded = [row for row in every if row["reasons"] in REASONS[:3]]
        assert read(where=streamed.BUT_FOR_GRADE) == graded

    same()
