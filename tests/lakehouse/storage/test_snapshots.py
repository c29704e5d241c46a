"""A table that a process has opened is opened again when it has changed, and what was handed out stays as it was."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from lakehouse.storage import arrow_dataset, commits, delta_log, log_tail, snapshots
from lakehouse.tables import Table
from lakehouse.tables.table import col

DAY = dt.date(2024, 6, 10)
COUNTS = Table(
    "gold",
    "counts",
    (col("row", "long", "of a test"), col("partition", "date", "of a test")),
    ("row",),
    ("partition",),
    "Rows of a test.",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path))


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """The versions that a log was read for, None the newest."""
    found: list[int | None] = []
    open_anew = delta_log.open_anew

    def counted(place: str, at_version: int | None = None) -> DeltaTable:
        found.append(at_version)
        return open_anew(place, at_version)

    monkeypatch.setattr(delta_log, "open_anew", counted)
    return found


def write(*rows: int) -> None:
    commits.replace_rows(COUNTS, [{"row": row, "partition": DAY} for row in rows], "true")


def rows_of(opened: DeltaTable) -> list[int]:
    dataset = arrow_dataset.open_dataset(opened, delta_log.location(COUNTS))
    return sorted(dataset.to_table(columns=["row"]).column("row").to_pylist())


def test_a_log_that_has_not_changed_is_read_once(openings: list[int | None]) -> None:
    write(1, 2)
    snapshots._KEPT.clear()
    openings.clear()
    assert [delta_log.version(COUNTS) for _ in range(3)] == [delta_log.version(COUNTS)] * 3
    assert delta_log.rows_by_day(COUNTS) == {DAY: 2}
    assert arrow_dataset.read(COUNTS).num_rows == 2
    assert rows_of(delta_log.opened(COUNTS, delta_log.version(COUNTS))) == [1, 2]
    assert openings == [None]


def test_another_process_commit_is_seen_and_what_was_read_before_stays(openings: list[int | None]) -> None:
    write(1)
    before = delta_log.opened(COUNTS)
    began = before.version()
    other = before.to_pyarrow_table().slice(0, 1)
    write_deltalake(delta_log.location(COUNTS), pa.concat_tables([other] * 3), mode="overwrite")
    openings.clear()
    assert rows_of(delta_log.opened(COUNTS)) == [1, 1, 1]
    assert (before.version(), rows_of(before)) == (began, [1])
    assert rows_of(delta_log.opened(COUNTS, began)) == [1]
    assert openings == [None, began]


def test_what_a_commit_has_made_is_known_without_another_look_at_its_log(openings: list[int | None]) -> None:
    write(1)
    before = delta_log.opened(COUNTS)
    openings.clear()
    write(2, 3)
    # The commit's own.
    assert openings == [None]
    assert rows_of(delta_log.opened(COUNTS)) == arrow_dataset.read(COUNTS).column("row").to_pylist() == [2, 3]
    assert (openings, rows_of(before)) == ([None], [1])


def test_arrow_is_told_the_files_of_a_table_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    made = DeltaTable.to_pyarrow_dataset

    def counted(self: DeltaTable, **options: Any) -> Any:
        told.append(self.version())
        return made(self, **options)

    monkeypatch.setattr(DeltaTable, "to_pyarrow_dataset", counted)
    write(1, 2)
    now = delta_log.version(COUNTS)
    for value in (1, 2, 1):
        rows = arrow_dataset.read(COUNTS, pc.field("row") == value, now)
        assert rows.column("row").to_pylist() == [value]
    assert told == [now]
    write(3)
    assert arrow_dataset.read(COUNTS).column("row").to_pylist() == [3]
    # A version that is not the newest is opened, and told, at each question.
    assert sorted(arrow_dataset.read(COUNTS, at_version=now).column("row").to_pylist()) == [1, 2]
    assert told == [now, now + 1, now]


def test_a_table_of_many_files_is_told_at_each_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MOST_FILES", 0)
    snapshots._KEPT.clear()
    write(1)
    assert arrow_dataset.read(COUNTS).num_rows == 1
    assert [kept.rows for kept in snapshots._KEPT.values()] == [None]


def test_who_changes_a_table_changes_no_reader_s(openings: list[int | None]) -> None:
    write(1)
    reader = delta_log.opened(COUNTS)
    writer = delta_log.open_anew(delta_log.location(COUNTS))
    writer.delete("row = 1")
    assert (rows_of(reader), rows_of(writer), rows_of(delta_log.opened(COUNTS))) == ([1], [], [])


def test_a_table_that_was_removed_is_not_there(openings: list[int | None]) -> None:
    write(1)
    assert delta_log.exists(COUNTS) and delta_log.version(COUNTS) >= 0
    shutil.rmtree(delta_log.location(COUNTS))
    assert not delta_log.exists(COUNTS)
    assert delta_log.version(COUNTS) == -1
    with pytest.raises(DeltaError):
        delta_log.opened(COUNTS)


def test_a_look_that_fails_is_no_answer_and_the_opening_has_it(
    monkeypatch: pytest.MonkeyPatch, openings: list[int | None]
) -> None:
    write(1)
    delta_log.opened(COUNTS)

    def refused(*_: object) -> bool:
        raise OSError("access denied: no response body")

    for name in ("is_newest", "is_there", "mark"):
        monkeypatch.setattr(log_tail, name, refused)
    openings.clear()
    assert delta_log.exists(COUNTS) and rows_of(delta_log.opened(COUNTS)) == [1]
    shutil.rmtree(delta_log.location(COUNTS))
    with pytest.raises(DeltaError):
        delta_log.opened(COUNTS)
    assert openings == [None, None]


STEPS = st.lists(st.sampled_from(["write", "write too", "remove", "checkpoint", "clean"]), max_size=12)


@drawn(max_examples=30, deadline=None)
@given(steps=STEPS)
def test_whatever_becomes_of_a_table_it_is_read_as_it_is(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("drawn")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LAKEHOUSE_ROOT", str(place))
        write(0)
        held: list[tuple[DeltaTable, int, list[int]]] = []
        for number, step in enumerate(steps, 1):
            happen(step, number)
            now = DeltaTable(delta_log.location(COUNTS))
            assert delta_log.version(COUNTS) == now.version()
            assert rows_of(delta_log.opened(COUNTS)) == rows_of(now)
            assert all(one.version() == version for one, version, _ in held)
            held.append((delta_log.opened(COUNTS), now.version(), rows_of(now)))


def happen(step: str, number: int) -> None:
    location = delta_log.location(COUNTS)
    if step.startswith("write"):
        write(*range(number if step == "write" else 1))
    elif step == "remove":
        shutil.rmtree(location)
        write(number)
        # As long ago as another table's that has as many versions: only the time of writing tells them apart.
        entry = Path(location) / "_delta_log" / f"{0:020d}.json"
        os.utime(entry, ns=(number, number))
    elif step == "checkpoint":
        delta_log.open_anew(location).create_checkpoint()
    else:
        opened = delta_log.open_anew(location)
        opened.create_checkpoint()
        # As a purge does: what the checkpoint has told goes, and the newest version's entry stays.
        for entry in sorted((Path(location) / "_delta_log").glob("*.json"))[:-1]:
            entry.unlink()


def test_so_many_tables_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch, openings: list[int | None]) -> None:
    monkeypatch.setattr(snapshots, "MOST_KEPT", 2)
    tables = [replace(COUNTS, name=f"counts_{number}") for number in range(3)]
    for table in tables:
        commits.replace_rows(table, [{"row": 1, "partition": DAY}], "true")
    snapshots._KEPT.clear()
    openings.clear()
    for table in [*tables, *tables]:
        delta_log.opened(table)
    assert len(openings) == 6
    assert len(snapshots._KEPT) == 2
