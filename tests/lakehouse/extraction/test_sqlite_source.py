"""A table of SQLite, or a query, lands window by window. What only a server has is in test_postgres_source.py."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.errors import BadArguments, ConnectionWrong, SourceRefused, SourceUnavailable, WindowOpen
from lakehouse.extraction import from_sql, landing_file
from lakehouse.ops.deliveries import REFUSED
from tests.lakehouse.extraction.sql_source import DAY, landed, read, rows, source, taken_in


@pytest.fixture
def office(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A database with the table of the source."""
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", f"sqlite:///{tmp_path}/office.db")
    with closing(sqlite3.connect(tmp_path / "office.db", isolation_level=None)) as made:
        made.execute("CREATE TABLE shops (shop TEXT, ovens INTEGER, changed TEXT)")
        yield made


def fill(office: sqlite3.Connection, *values: tuple[object, ...]) -> None:
    office.executemany("INSERT INTO shops VALUES (?, ?, ?)", values)


def test_rows_that_changed_in_the_window_land_and_those_without_an_instant_land_first(
    office: sqlite3.Connection,
) -> None:
    fill(
        office,
        ("late", 1, "2024-03-05 00:00:00"),
        ("in", 2, "2024-03-04T22:59:59.999999Z"),
        # The window ends at 23:00 UTC, the midnight of Paris.
        ("on the edge", 3, "2024-03-04 23:00"),
        ("other zone", 4, "2024-03-05 02:00:00+05:00"),
        ("a day", 5, "2024-03-04"),
        ("never", None, None),
        ("words", 6, "yesterday"),
    )
    result = read(source(updated_at="changed"))
    assert [row["shop"] for row in rows(result["file"])] == ["never", "words", "a day", "other zone", "in"]
    assert (result["documents"], result["undated_documents"]) == (5, 2)
    assert result["origin"] == "sql office shops changed from the beginning until 2024-03-04T23:00:00Z"
    assert rows(result["file"])[0] == {"shop": "never", "ovens": None, "changed": None}


def test_a_window_begins_where_the_ledger_ends_and_one_that_was_refused_is_read_again(
    office: sqlite3.Connection,
) -> None:
    one = source(updated_at="changed")
    fill(
        office,
        ("old", 1, "2024-03-02 12:00:00"),
        ("refused", 2, "2024-03-03 12:00:00"),
        ("new", 3, "2024-03-04 12:00:00"),
    )
    taken_in(DAY - dt.timedelta(days=2), "sql office shops changed from the beginning until 2024-03-02T23:00:00Z")
    taken_in(
        DAY - dt.timedelta(days=1),
        "sql office shops changed from 2024-03-02T23:00:00Z until 2024-03-03T23:00:00Z",
        REFUSED,
    )
    assert [row["shop"] for row in landed(one)] == ["refused", "new"]


def test_a_window_behind_one_that_was_refused_does_not_hide_it(office: sqlite3.Connection) -> None:
    # A range of a daily source lands a window a day, and the first of them was refused.
    one = source(updated_at="changed", cadence="daily")
    fill(office, ("refused", 2, "2024-03-02 12:00:00"), ("new", 3, "2024-03-03 12:00:00"))
    taken_in(
        DAY - dt.timedelta(days=1), "sql office shops changed from 2024-03-02T23:00:00Z until 2024-03-03T23:00:00Z"
    )
    assert [row["shop"] for row in landed(one)] == ["refused", "new"]


def test_a_range_of_a_daily_source_is_a_delivery_a_day_and_of_another_one_of_its_last_day(
    office: sqlite3.Connection,
) -> None:
    fill(office, ("a", 1, "2024-03-04 12:00:00"), ("b", 2, "2024-03-05 12:00:00"))
    after = DAY + dt.timedelta(days=1)
    daily = read(source(updated_at="changed", cadence="daily"), DAY, after)
    assert [[row["shop"] for row in rows(file)] for file in daily["files"]] == [["a"], ["b"]]
    assert daily["documents"] == 2
    once = read(source(updated_at="changed"), DAY, after)
    assert [Path(file).name for file in once["files"]] == [f"{after}.jsonl.gz"]
    assert len(rows(once["file"])) == 2


@pytest.mark.parametrize("day", [dt.date(2024, 3, 31), dt.date(2024, 10, 27)])
def test_the_rows_of_a_day_are_those_between_its_midnights_also_when_the_clocks_change(
    office: sqlite3.Connection, day: dt.date
) -> None:
    # Paris: 23 hours, then 25.
    hours = {dt.date(2024, 3, 31): 23, dt.date(2024, 10, 27): 25}[day]
    first = dt.datetime.combine(day, dt.time(), dt.UTC) - dt.timedelta(hours=2)
    fill(
        office,
        *((f"{number:02}", number, f"{first + dt.timedelta(hours=number):%Y-%m-%d %H:%M:%S}") for number in range(30)),
    )
    fill(office, ("none", 0, None))
    one = source(partition_column="changed", cadence="daily")
    result = read(one, day, now=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    assert len(rows(result["file"])) == hours
    assert result["origin"] == f"sql office shops changed on {day}"
    assert result["undated_documents"] == 1


def test_each_day_of_a_range_gets_its_own_rows_and_a_day_without_rows_no_file(office: sqlite3.Connection) -> None:
    fill(office, ("a", 1, "2024-03-05"), ("b", 2, "2024-03-07"), ("c", 3, "2024-03-08"))
    result = read(source(partition_column="changed", cadence="daily"), DAY, DAY + dt.timedelta(days=2))
    assert [Path(file).name for file in result["files"]] == ["2024-03-05.jsonl.gz", "2024-03-07.jsonl.gz"]
    assert [row["shop"] for file in result["files"] for row in rows(file)] == ["a", "b"]


def test_a_snapshot_is_the_whole_table_and_no_day_that_is_past(office: sqlite3.Connection) -> None:
    fill(office, ("b", 1, None), ("a", 2, None))
    one = source(delivers="snapshot")
    result = read(one)
    assert [row["shop"] for row in rows(result["file"])] == ["a", "b"]
    assert result["origin"] == "sql office shops all rows by 2024-03-04T23:00:00Z"
    taken_in(DAY, result["origin"])
    assert read(one)["status"] == "extracted"
    with pytest.raises(
        BadArguments, match=r"expected a day that is not past.*found 2024-03-04, and 2024-03-05 has been ingested"
    ):
        read(one, DAY - dt.timedelta(days=1))


def test_a_window_that_is_not_over_is_not_read(office: sqlite3.Connection) -> None:
    for one in (source(updated_at="changed"), source(partition_column="changed"), source(delivers="snapshot")):
        with pytest.raises(WindowOpen, match="run again after that"):
            read(one, now=dt.datetime(2024, 3, 4, 22, tzinfo=dt.UTC))


def test_instants_without_a_zone_are_the_clock_of_the_declared_time_zone(office: sqlite3.Connection) -> None:
    columns = [{"name": "shop", "type": "string"}, {"name": "changed", "type": "timestamp", "nullable": True}]
    # New York is five hours behind UTC; the window ends at 18:00 there.
    fill(office, ("in", 1, "2024-03-04 17:59:59"), ("out", 2, "2024-03-04 18:00:00"))
    one = source(columns, updated_at="changed", timezone="America/New_York")
    assert landed(one) == [{"shop": "in", "ovens": "1", "changed": "2024-03-04T22:59:59Z"}]


def test_the_same_rows_give_the_same_bytes_in_whatever_order_they_lie(office: sqlite3.Connection) -> None:
    values = [("a", number, "2024-03-04") for number in (3, 1, 2)] + [("b", None, None), ("a", None, None)]
    files = []
    for some in (values, values[::-1]):
        office.execute("DELETE FROM shops")
        fill(office, *some)
        files.append(Path(read(source(updated_at="changed"))["file"]).read_bytes())
    assert files[0] == files[1]
    assert [row["ovens"] for row in landed(source(updated_at="changed"))] == [None, None, "1", "2", "3"]


def test_an_empty_window_lands_nothing_and_says_so(office: sqlite3.Connection, landing_root: Path) -> None:
    result = read(source(updated_at="changed"))
    assert (result["status"], result["documents"]) == ("none", 0)
    assert result["message"] == "no row in sql office shops changed from the beginning until 2024-03-04T23:00:00Z"
    assert list((landing_root / "sql_shops").iterdir()) == []
    fill(office, ("dayless", 1, None))
    assert read(source(partition_column="changed"))["message"].endswith("; 1 have no day and so belong to no delivery")


def test_names_with_capitals_blanks_and_signs_are_taken_as_they_are(office: sqlite3.Connection) -> None:
    office.execute('CREATE TABLE "Shop List" ("Shop Name" TEXT, "OVENS %" INTEGER, "select" TEXT, "On:Day" TEXT)')
    office.execute("INSERT INTO \"Shop List\" VALUES ('canal', 3, 'x', '2024-03-04')")
    columns = [
        {"name": "shop", "type": "string", "field": "Shop Name"},
        {"name": "ovens", "type": "int", "field": "OVENS %"},
    ]
    one = source(columns, table="Shop List", updated_at="On:Day")
    assert landed(one) == [{"Shop Name": "canal", "OVENS %": "3", "select": "x", "On:Day": "2024-03-04"}]


def test_a_query_is_read_like_a_table_whatever_signs_it_has(office: sqlite3.Connection) -> None:
    fill(office, ("canal", 3, "2024-03-04"), ("market", 4, "2024-03-04"))
    query = """
        -- a comment; with a semicolon
        SELECT shop, ovens, changed, ' :x; 100% -- (' AS note FROM shops WHERE shop LIKE 'ca%' /* ; */ ;
        -- the end"""
    assert landed(source(query=query, updated_at="changed")) == [
        {"shop": "canal", "ovens": "3", "changed": "2024-03-04", "note": " :x; 100% -- ("}
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("DELETE FROM shops", "one SELECT is expected, found 'DELETE'"),
        ("SELECT 1; DROP TABLE shops", "several statements"),
        ("SELECT 1) AS x; DROP TABLE shops --", "several statements"),
        ("SELECT 1) UNION (SELECT 2", "parentheses that do not match"),
        ("SELECT (1", "parentheses that do not match"),
        ("-- nothing", "found 'nothing'"),
        ("SELECT 'x", "can't be read"),
        ("", "found 'nothing'"),
    ],
)
def test_what_is_no_single_select_is_refused_when_it_is_declared(query: str, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        source(query=query, updated_at="changed")


@pytest.mark.parametrize(
    ("section", "found"),
    [
        ({"table": None, "updated_at": "x"}, "exactly one of table and query, found neither"),
        ({"query": "SELECT 1", "table": "x", "updated_at": "x"}, "exactly one of table and query, found both"),
        ({"updated_at": "x", "partition_column": "y"}, "at most one of updated_at and partition_column"),
        ({}, "sql: without updated_at or partition_column every delivery has all rows"),
        ({"updated_at": "x", "delivers": "snapshot"}, "sql.updated_at: reads what has changed, which is no snapshot"),
        ({"table": "sales.shops", "updated_at": "x"}, "write schema: sales and table: shops"),
        ({"query": "SELECT 1", "schema": "sales", "updated_at": "x"}, "schema: belongs to a table"),
        ({"updated_at": "x", "timezone": "Paris"}, "an IANA time zone"),
    ],
)
def test_a_section_that_does_not_say_once_what_is_read_is_refused(section: dict[str, object], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        source(**section)


def test_a_query_that_writes_by_a_way_that_nobody_foresaw_changes_nothing(office: sqlite3.Connection) -> None:
    fill(office, ("canal", 3, "2024-03-04"))
    one = source(updated_at="changed")
    assert one.sql is not None
    sneaky = one.sql.model_copy(update={"table": None, "query": "DELETE FROM shops"})
    with pytest.raises(SourceRefused):
        read(one.model_copy(update={"sql": sneaky}))
    assert office.execute("SELECT count(*) FROM shops").fetchone() == (1,)


def test_what_is_not_there_is_named_with_what_is(office: sqlite3.Connection, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="no such table: stores; there are the tables shops; nothing has landed"):
        read(source(table="stores", updated_at="changed"))
    with pytest.raises(
        SourceRefused, match=r"expected the column\(s\) seen, found shop, ovens, changed; capitals count"
    ):
        read(source(updated_at="seen"))
    columns = [{"name": "shop", "type": "string"}, {"name": "o_vens", "type": "int"}]
    with pytest.raises(SourceRefused, match=r"is o_vens meant by field: ovens\?"):
        read(source(columns, updated_at="changed"))
    office.execute("CREATE TABLE counted (shop TEXT, ovens INTEGER, changed INTEGER)")
    office.execute("INSERT INTO counted VALUES ('canal', 3, 1709550000)")
    with pytest.raises(
        SourceRefused, match=r"found a value of SQLite's type integer.*datetime\(changed, 'unixepoch'\)"
    ):
        read(source(table="counted", updated_at="changed"))


def test_a_file_that_is_not_there_is_named_and_not_made(
    office: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(SourceRefused, match=r"expected an SQLite database in the file .*other.db, found none"):
        read(source(updated_at="changed"))
    assert not (tmp_path / "other.db").exists()
    monkeypatch.delenv("NIGHTJAR_CONNECTION_OFFICE")
    with pytest.raises(ConnectionWrong, match="NIGHTJAR_CONNECTION_OFFICE"):
        read(source(updated_at="changed"))


def test_values_that_sqlite_has_no_types_for_land_as_their_contract_reads_them(office: sqlite3.Connection) -> None:
    office.execute(
        "CREATE TABLE typed (shop TEXT, open BOOLEAN, rent REAL, logo BLOB, note TEXT, ovens INT, changed TEXT)"
    )
    values = ("canal", True, 1e300, b"\x00\xff", "a\0b", 9007199254740993, "2024-03-04")
    office.execute("INSERT INTO typed VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    office.execute("INSERT INTO typed VALUES ('market', 0, 2.0, NULL, CAST(x'ff' AS TEXT), 7, '2024-03-04')")
    columns = [{"name": "shop", "type": "string"}, {"name": "open", "type": "boolean"}]
    canal, market = landed(source(columns, table="typed", updated_at="changed"))
    assert (canal["open"], canal["rent"], canal["logo"]) == ("true", "1e+300", "AP8=")
    assert (canal["note"], canal["ovens"]) == ("a\0b", "9007199254740993")
    # Bytes that are no UTF-8 reach ingest as half a surrogate pair, which it rejects.
    assert (market["open"], market["rent"], market["note"]) == ("false", "2.0", "\udcff")


def test_what_changes_while_it_is_read_is_not_seen(office: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    office.execute("PRAGMA journal_mode = WAL")
    fill(office, ("a", 1, None), *((f"b{number}", number, "2024-03-04") for number in range(50)))
    whole = landing_file.write

    def meanwhile(file, origin, lines):  # type: ignore[no-untyped-def]
        first = next(lines)
        office.execute("UPDATE shops SET ovens = 99, changed = '2024-03-04 12:00:00'")
        office.execute("INSERT INTO shops VALUES ('new', 1, '2024-03-04')")
        return whole(file, origin, iter([first, *lines]))

    monkeypatch.setattr(landing_file, "write", meanwhile)
    found = landed(source(updated_at="changed", batch_rows=5))
    assert len(found) == 51 and "99" not in {row["ovens"] for row in found}


def test_a_database_that_stays_busy_is_tried_again_and_lands_nothing(
    office: sqlite3.Connection, landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.connections.sql.BUSY_SECONDS", 0)
    monkeypatch.setattr(from_sql, "wait_random_exponential", lambda **_: lambda state: 0.0)
    office.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SourceUnavailable, match="found: database is locked; nothing has landed: when it is back"):
        read(source(updated_at="changed"))
    office.execute("ROLLBACK")
    assert not list(landing_root.glob("sql_shops/*"))


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0."), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, min_size=4, max_size=4, unique_by=str.lower))
def test_a_table_and_columns_of_any_name_are_read(office: sqlite3.Connection, names: list[str]) -> None:
    table, shop, ovens, changed = names
    if table.lower().startswith("sqlite_"):
        return
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    office.execute(f"DROP TABLE IF EXISTS {quoted[0]}")
    office.execute(f"CREATE TABLE {quoted[0]} ({', '.join(quoted[1:])})")
    office.execute(f"INSERT INTO {quoted[0]} VALUES ('canal', 3, '2024-03-04')")
    columns = [
        {"name": "shop", "type": "string", "field": shop},
        {"name": "ovens", "type": "int", "field": ovens},
    ]
    try:
        found = landed(source(columns, table=table, updated_at=changed))
    finally:
        office.execute(f"DROP TABLE {quoted[0]}")
    assert found == [{shop: "canal", ovens: "3", changed: "2024-03-04"}]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    first=st.sampled_from([dt.date(2024, 3, 29), dt.date(2024, 10, 25), dt.date(2024, 4, 5)]),
    minutes=st.lists(st.integers(-600, 6 * 1440), max_size=12),
    by=st.sampled_from(["updated_at", "partition_column"]),
)
def test_a_row_lands_in_one_day_and_no_row_between_two(
    office: sqlite3.Connection, zone: str, first: dt.date, minutes: list[int], by: str
) -> None:
    office.execute("DELETE FROM shops")
    start = dt.datetime.combine(first, dt.time())
    fill(
        office,
        *((f"{number:03}", minute, f"{start + dt.timedelta(minutes=minute)}") for number, minute in enumerate(minutes)),
    )
    one = source(cadence="daily", arrives_after_days=1, timezone=zone, **{by: "changed"})
    result = read(one, first, first + dt.timedelta(days=7), dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    found = [row["shop"] for file in result.get("files", []) for row in rows(file)]
    assert len(found) == len(set(found))
    # From the beginning on, what changed; of the days alone, what is theirs: a zone is at most a day away.
    sure = [f"{number:03}" for number, minute in enumerate(minutes) if by == "updated_at" or minute >= 1440]
    assert set(sure) <= set(found)
