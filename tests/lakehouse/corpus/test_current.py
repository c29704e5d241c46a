"""Which row of a document counts on a day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse import tables
from lakehouse.corpus import current
from lakehouse.storage import commits, table_schema
from tests.jobs import notes

SECOND = notes.DAY + dt.timedelta(days=3)


def rows(dataset: Any, *found: tuple[str, dt.date, str, bool]) -> None:
    """Documents with an id, a day, a text, and whether they are kept."""
    table = tables.documents(dataset)
    schema = table_schema.arrow_schema(table)
    empty: dict[str, Any] = {"string": "", "long": 0, "double": 0.0, "boolean": False}
    filled = {column.name: empty.get(column.type) for column in table.columns}
    lines = [
        {**filled, "document_id": name, "partition": day, "text": text, "kept": kept} for name, day, text, kept in found
    ]
    commits.replace_table(
        pa.Table.from_pylist(lines, schema), table, {"partition": sorted({day for _, day, _, _ in found})}
    )


def test_the_newest_row_of_a_document_counts(
    lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = notes.declare(tmp_path / "roots", monkeypatch)
    rows(
        dataset,
        ("b", notes.DAY, "b1", True),
        ("a", notes.DAY, "a1", True),
        ("a", SECOND, "a2", False),
        ("c", SECOND, "c1", True),
    )
    assert current.read(dataset, notes.DAY, ("text",))["text"].to_pylist() == ["a1", "b1"]
    assert current.read(dataset, SECOND, ("text",))["text"].to_pylist() == ["a2", "b1", "c1"]
    # A row that does not pass hides the older one that did.
    assert current.read(dataset, SECOND, ("text",), kept=True)["text"].to_pylist() == ["b1", "c1"]


def test_of_snapshots_the_newest_delivery_counts(
    lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = notes.declare(tmp_path / "roots", monkeypatch, of_source={"delivers": "snapshot"})
    rows(dataset, ("a", notes.DAY, "a1", True), ("b", notes.DAY, "b1", True), ("b", SECOND, "b2", True))
    assert current.read(dataset, SECOND, ("text",))["text"].to_pylist() == ["b2"]
