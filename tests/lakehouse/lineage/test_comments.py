"""What tables and columns mean is in their logs, for anyone who reads them: of every declared table and every column."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.analyst import query
from lakehouse.lineage import declared
from lakehouse.storage import delta_log, table_shape
from tests.use_cases import grouped_bakery


@pytest.mark.parametrize("which", ["shipped", "grouped"])
def test_every_table_and_column_has_a_comment_in_the_log_and_in_sql(
    which: str, lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if which == "grouped":
        monkeypatch.setenv("USE_CASE_ROOTS", str(grouped_bakery.declare(tmp_path / "roots", publish={"to": "delta"})))
    all_declared = declared.load().tables
    for one in all_declared.values():
        table_shape.create(one.table)
        opened = delta_log.opened(one.table)
        assert opened.metadata().description == one.table.description
        comments = {field.name: field.metadata.get("comment") for field in opened.schema().fields}
        assert comments == {column.name: column.description for column in one.table.columns}
        assert all(comments.values()), one.table.full_name
    asked = query.ask(
        str(lakehouse_root),
        "select schema_name || '.' || table_name, column_name, comment from duckdb_columns()",
    )
    found = {(table, column): comment for table, column, comment in asked.rows}
    for name, one in all_declared.items():
        assert {column.name: found[name, column.name] for column in one.table.columns} == {
            column.name: column.description for column in one.table.columns
        }
    views = dict(
        query.ask(str(lakehouse_root), "select view_name, comment from duckdb_views() where not internal").rows
    )
    assert views["deliveries"] == all_declared["ops.deliveries"].table.description
