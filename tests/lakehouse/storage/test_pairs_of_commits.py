"""Every pair of commits at once, where no lock keeps them apart: the second comes while the first is made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from lakehouse.errors import WriteConflict
from lakehouse.storage import (
    commit_lock,
    commit_retry,
    commits,
    delta_log,
    file_layout,
    partition_files,
    rewriting,
    small_tables,
    table_schema,
    table_shape,
)
from lakehouse.tables.table import PARTITION, Table, col

DAY, OTHER = dt.date(2024, 3, 1), dt.date(2024, 3, 2)
KEYS = ("a", "b")
# By day and key who wrote the row: 0 what was there, 1 the first writer, 2 the second.
Rows = dict[tuple[dt.date, str], int]


def table() -> Table:
    return Table(
        layer="gold",
        name="pairs",
        columns=(PARTITION, col("key", "string"), col("writer", "long")),
        key=("partition", "key"),
        partition_by=("partition",),
        description="two rows a day",
    )


def rows(day: dt.date, writer: int) -> pa.Table:
    lines = [{"partition": day, "key": key, "writer": writer} for key in KEYS]
    return pa.Table.from_pylist(lines, table_schema.arrow_schema(table()))


def replace_day(day: dt.date, writer: int) -> None:
    commits.replace_table(rows(day, writer), table(), {"partition": [day]})


def replace_row(day: dt.date, writer: int) -> None:
    commits.replace_rows(table(), rows(day, writer).to_pylist()[:1], f"partition = DATE '{day}' AND key = 'a'")


def replace_by_files(day: dt.date, writer: int) -> None:
    table_shape.ensure(table())
    files = partition_files.TableFiles.of(table())()
    written = [*files.write(rows(day, writer)), *files.close()]
    commits.replace_by_files(written, table(), {"partition": [day]})


def add_day(day: dt.date, writer: int) -> None:
    commits.add_days(table(), rows(day, writer))


def amend(day: dt.date, writer: int) -> None:
    def change(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row | {"writer": writer} for row in found] or rows(day, writer).to_pylist()

    commits.amend_rows(table(), pc.field("partition") == day, f"partition = DATE '{day}'", change)


def rewrite(day: dt.date, writer: int) -> None:
    def change(found: pa.Table) -> pa.Table:
        return found.set_column(2, "writer", pa.array([writer] * len(found), pa.int64()))

    rewriting.rewrite(table(), ["partition"], lambda found: pc.equal(found["partition"], pa.scalar(day)), change)


def rebuild(day: dt.date, writer: int) -> None:
    table_shape.rebuild(table(), [rows(DAY, writer), rows(OTHER, writer)])


def compact(day: dt.date, writer: int) -> None:
    file_layout.compact(table())


# What each makes of the rows that are there.
def _day(before: Rows, day: dt.date, writer: int) -> Rows:
    return before | {(day, key): writer for key in KEYS}


MAKES: dict[Callable[[dt.date, int], None], Callable[[Rows, dt.date, int], Rows]] = {
    replace_day: _day,
    replace_row: lambda before, day, writer: before | {(day, "a"): writer},
    replace_by_files: _day,
    add_day: lambda before, day, writer: before if any(one == day for one, _ in before) else _day(before, day, writer),
    amend: lambda before, day, writer: (
        before | {key: writer for key in before if key[0] == day}
        if any(one == day for one, _ in before)
        else _day(before, day, writer)
    ),
    rewrite: lambda before, day, writer: before | {key: writer for key in before if key[0] == day},
    rebuild: lambda before, day, writer: _day(_day({}, DAY, writer), OTHER, writer),
    compact: lambda before, day, writer: before,
}


@pytest.fixture(autouse=True)
def no_locks(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(commit_lock, "_lock", lambda *_, **__: nullcontext())
    # The waits are for other processes.
    monkeypatch.setattr("time.sleep", lambda _: None)
    yield


def found() -> Rows:
    read = small_tables.read(table())
    by_key = {(row["partition"], row["key"]): row["writer"] for row in read}
    assert len(by_key) == len(read), f"rows more than once: {read}"
    return by_key


@pytest.mark.parametrize("make", MAKES)
def test_what_a_commit_leaves_for_readers_is_what_its_log_says(make: Callable[[dt.date, int], None]) -> None:
    table_shape.create(table())
    for day in (DAY, OTHER):
        replace_day(day, 0)
    make(DAY, 1)
    known, read = delta_log.opened(table()), delta_log.open_anew(delta_log.location(table()))
    assert (known.version(), known.schema(), known.metadata()) == (read.version(), read.schema(), read.metadata())
    said, is_so = (
        sorted(pa.table(one.get_add_actions(flatten=True)).to_pylist(), key=lambda file: str(file["path"]))
        for one in (known, read)
    )
    assert said == is_so


@pytest.mark.parametrize("second", MAKES)
@pytest.mark.parametrize("first", MAKES)
@pytest.mark.parametrize("there", [True, False])
def test_of_two_commits_at_once_each_holds_as_if_it_came_alone(
    there: bool,
    first: Callable[[dt.date, int], None],
    second: Callable[[dt.date, int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table_shape.create(table())
    before: Rows = {}
    if there:
        for day in (DAY, OTHER):
            replace_day(day, 0)
            # A day in two files, for those that make one of them.
            replace_row(day, 0)
            before = _day(before, day, 0)
    opened: list[int] = []

    def open_table(location: str) -> DeltaTable:
        """What a commit opens; behind the back of the first the second commits."""
        made = DeltaTable(location)
        opened.append(made.version())
        if len(opened) == 1:
            second(DAY, 2)
        return made

    monkeypatch.setattr(commit_retry, "delta_log", SimpleNamespace(location=delta_log.location, open_anew=open_table))
    after_second = MAKES[second](before, DAY, 2)
    try:
        first(DAY, 1)
    except WriteConflict:
        # It read what it replaces before the second came, and says so rather than take that back.
        assert first is rebuild
        assert found() == after_second
        return
    one_by_one = [MAKES[first](after_second, DAY, 1)]
    if DeltaTable(delta_log.location(table())).version() == opened[0] + 1:
        # The first found nothing to commit, and so came before the second or behind it.
        one_by_one.append(MAKES[second](MAKES[first](before, DAY, 1), DAY, 2))
    assert found() in one_by_one
