"""Rows are changed wherever they are, and after a purge nothing on the disk has what they were."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from lakehouse.storage import arrow_dataset, commits, delta_log, file_layout, purging, rewriting
from lakehouse.tables.table import PARTITION, Table, col
from tests.jobs import traces

DAYS = tuple(dt.date(2024, 1, day) for day in (1, 2, 3))
GONE, NOW = "zebra-4711", dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
TABLE = Table(
    layer="gold",
    name="letters",
    columns=(col("name", "string"), col("text", "string", nullable=True), PARTITION),
    key=("name", "partition"),
    partition_by=("partition",),
    description="letters",
    indexed=("name",),
)


def affected(rows: pa.Table) -> pa.ChunkedArray:
    return pc.equal(rows["name"], GONE)


def put(day: dt.date, *names: str) -> None:
    rows = [{"name": name, "text": f"text of {name}", "partition": day} for name in names]
    commits.replace_table(pa.Table.from_pylist(rows), TABLE, {"partition": {day}})


def names() -> list[tuple[str, dt.date]]:
    rows = arrow_dataset.read(TABLE)
    return sorted(zip(rows["name"].to_pylist(), rows["partition"].to_pylist(), strict=True))


@pytest.fixture
def letters(lakehouse_root: Path) -> Path:
    put(DAYS[0], "a", GONE)
    put(DAYS[1], GONE)
    put(DAYS[2], "a", "b")
    return lakehouse_root


def without(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.invert(affected(rows)))


def test_rows_are_taken_out_of_every_day_in_one_commit_and_no_other_file_is_written_again(letters: Path) -> None:
    before = delta_log.files_by_day(TABLE)
    assert rewriting.rewrite(TABLE, ["name"], affected, without)
    assert names() == [("a", DAYS[0]), ("a", DAYS[2]), ("b", DAYS[2])]
    assert delta_log.version(TABLE) == 4
    assert delta_log.files_by_day(TABLE)[DAYS[2]] == before[DAYS[2]]
    assert not rewriting.rewrite(TABLE, ["name"], affected, without)
    assert delta_log.version(TABLE) == 4


def test_rows_can_be_changed_instead(letters: Path) -> None:
    def changed(rows: pa.Table) -> pa.Table:
        new = pc.if_else(affected(rows), pa.scalar("nobody"), rows["name"])
        return rows.set_column(0, rows.schema.field(0), new)

    assert rewriting.rewrite(TABLE, ["name"], affected, changed)
    assert [name for name, _ in names()] == ["a", "a", "b", "nobody", "nobody"]


def test_after_a_purge_no_byte_of_it_is_left_and_the_table_goes_on(letters: Path) -> None:
    assert traces.of(letters, GONE)
    rewriting.rewrite(TABLE, ["name"], affected, without)
    assert traces.of(letters, GONE)
    assert purging.purge(TABLE, ["name"], affected, NOW) == []
    assert not traces.of(letters, GONE)
    assert names() == [("a", DAYS[0]), ("a", DAYS[2]), ("b", DAYS[2])]
    put(DAYS[1], "c")
    assert ("c", DAYS[1]) in names()
    assert purging.purge(TABLE, ["name"], affected, NOW) == []
    with pytest.raises(Exception, match="log segment"):
        DeltaTable(delta_log.location(TABLE), version=1)


@pytest.mark.parametrize("content", ["row", "half"])
def test_a_file_that_may_be_committed_soon_is_left_and_named_until_it_is_old(letters: Path, content: str) -> None:
    rewriting.rewrite(TABLE, ["name"], affected, without)
    folder = letters / "gold" / "letters" / f"partition={DAYS[0]}"
    (old,) = (file for file in folder.glob("*.parquet") if GONE.encode() in file.read_bytes())
    stray = folder / "part-stray.parquet"
    whole = old.read_bytes()
    stray.write_bytes(whole if content == "row" else whole[: len(whole) // 2])
    moment = dt.datetime.fromtimestamp(stray.stat().st_mtime, dt.UTC)
    assert purging.purge(TABLE, ["name"], affected, moment) == [str(stray)]
    os.utime(stray, (0, 0))
    assert purging.purge(TABLE, ["name"], affected, moment) == []
    assert not stray.exists() and not traces.of(letters, GONE)


HALF_WRITTEN = [
    f"partition={DAYS[0]}/part-00000-c000.snappy.parquet#1",
    # Of a commit that another writer's came before, and of one that nobody has made yet.
    "_delta_log/{version:020d}.json#1",
    "_delta_log/{next:020d}.json#2",
    "_delta_log/.{version:020d}.json.6f1c.tmp",
    "_delta_log/_commit_6f1c.json.tmp",
]


@pytest.mark.parametrize("name", HALF_WRITTEN)
def test_what_a_killed_writer_has_left_half_written_goes(letters: Path, name: str) -> None:
    rewriting.rewrite(TABLE, ["name"], affected, without)
    version = delta_log.version(TABLE)
    left = letters / "gold" / "letters" / name.format(version=version, next=version + 1)
    left.write_text(f'PAR1 half a file with {GONE}, "minValues":{{"name":"{GONE}"}}')
    assert purging.purge(TABLE, ["name"], affected, dt.datetime.now(dt.UTC)) == []
    assert traces.of(letters, GONE) == [] and not left.exists()
    put(DAYS[1], "c")
    assert names() == [("a", DAYS[0]), ("a", DAYS[2]), ("b", DAYS[2]), ("c", DAYS[1])]


@pytest.mark.parametrize("name", HALF_WRITTEN)
def test_a_table_that_is_tidied_up_keeps_no_half_of_a_file_of_yesterday_and_one_that_is_being_written(
    letters: Path, name: str
) -> None:
    version, rows = delta_log.version(TABLE), names()
    left = letters / "gold" / "letters" / name.format(version=version, next=version + 1)
    left.write_text("half a file")
    file_layout.vacuum(TABLE)
    assert left.exists()
    os.utime(left, (0, 0))
    file_layout.vacuum(TABLE)
    assert not left.exists() and names() == rows


def test_a_file_on_its_way_without_such_rows_is_left_alone(letters: Path) -> None:
    rewriting.rewrite(TABLE, ["name"], affected, without)
    folder = letters / "gold" / "letters" / f"partition={DAYS[2]}"
    (other,) = folder.glob("*.parquet")
    stray = folder / "part-stray.parquet"
    stray.write_bytes(other.read_bytes())
    assert purging.purge(TABLE, ["name"], affected, NOW) == []
    assert stray.exists()


def test_a_table_that_does_not_exist_has_nothing_to_take_out(lakehouse_root: Path) -> None:
    assert not rewriting.rewrite(TABLE, ["name"], affected, without)
    assert purging.purge(TABLE, ["name"], affected, NOW) == []
