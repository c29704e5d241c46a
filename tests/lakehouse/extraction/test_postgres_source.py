"""A table of a real PostgreSQL lands: every type as the one grammar writes it, one instant's rows, whole or not at all."""

from __future__ import annotations

import datetime as dt
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse import value_text
from lakehouse.errors import SourceRefused, SourceUnavailable
from lakehouse.extraction import from_sql, landing_file
from lakehouse.settings import PROJECT_ROOT
from tests.lakehouse.extraction.sql_source import landed, read, rows, source
from tests.lakehouse.extraction.test_sqlite_source import NAMES
from tests.postgres_server import PASSWORD, QUOTED, Postgres

MEMORY_MB = 60


@pytest.fixture
def office(lakehouse_root: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", postgres.url)
    monkeypatch.setattr(from_sql, "wait_random_exponential", lambda **_: lambda state: 0.01)
    postgres.query("CREATE TABLE shops (shop text, ovens int, changed timestamptz)")
    return postgres


def fill(office: Postgres, count: int, first: int = 0) -> None:
    office.query(
        "INSERT INTO shops SELECT 'shop' || i, i, timestamptz '2024-03-04 12:00Z' - i * interval '1 second' "
        "FROM generate_series(%s, %s) i",
        first,
        first + count - 1,
    )


# As PostgreSQL writes a value of a type, and the text that lands.
TYPES = [
    ("smallint", "-5", "-5"),
    ("int", "2147483647", "2147483647"),
    ("bigint", "9223372036854775807", "9223372036854775807"),
    ("numeric", "1.10", "1.10"),
    ("numeric", "12345678901234567890.0123456789", "12345678901234567890.0123456789"),
    ("numeric", "1e20", "100000000000000000000"),
    ("numeric", "NaN", "NaN"),
    ("numeric", "Infinity", "Infinity"),
    ("real", "0.1", "0.1"),
    ("double precision", "0.1", "0.1"),
    ("double precision", "1e300", "1e+300"),
    ("double precision", "-Infinity", "-Infinity"),
    ("double precision", "NaN", "NaN"),
    ("boolean", "t", "true"),
    ("text", 'Ä "quoted"\n\\line', 'Ä "quoted"\n\\line'),
    ("text", "", ""),
    ("varchar(5)", "ab", "ab"),
    ("char(3)", "ab", "ab "),
    ("date", "2024-02-29", "2024-02-29"),
    ("date", "infinity", "infinity"),
    ("date", "0044-03-15 BC", "0044-03-15 BC"),
    ("date", "12024-01-01", "12024-01-01"),
    ("time", "24:00", "24:00:00"),
    ("time", "07:30:00.5", "07:30:00.5"),
    ("timetz", "07:30+02", "07:30:00+02"),
    ("timestamp", "2024-03-01 12:30", "2024-03-01T12:30:00"),
    ("timestamp", "2024-03-01 12:30:00.123456", "2024-03-01T12:30:00.123456"),
    ("timestamp", "-infinity", "-infinity"),
    ("timestamptz", "2024-03-01 12:30+02", "2024-03-01T10:30:00Z"),
    ("timestamptz", "2024-03-01 12:30:00.5+05:30", "2024-03-01T07:00:00.5Z"),
    ("timestamptz", "infinity", "infinity"),
    ("timestamptz", "1850-01-01 00:00+00", "1850-01-01T00:00:00Z"),
    ("interval", "1 day 02:03:04.5", "93784.5"),
    ("interval", "-90 minutes", "-5400.0"),
    ("interval", "1 month", "1 mon"),
    ("bytea", "\\x00ff", "AP8="),
    ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("json", '{"a": 1.10, "b":[1,null]}', '{"a": 1.10, "b":[1,null]}'),
    ("jsonb", '{"b": 1.10, "a": true}', '{"a": true, "b": 1.10}'),
    ("int[]", "{1,NULL,3}", "[1,null,3]"),
    ("int[]", "{{1,2},{3,4}}", "[[1,2],[3,4]]"),
    ("text[]", '{a,"b,c",NULL}', '["a","b,c",null]'),
    ("numeric[]", "{1.10}", '["1.10"]'),
    ("double precision[]", "{0.5,NaN}", '[0.5,"NaN"]'),
    ("boolean[]", "{t,f}", "[true,false]"),
    ("date[]", "{2024-02-29,infinity}", '["2024-02-29","infinity"]'),
    ("timestamptz[]", '{"2024-03-01 12:30+02"}', '["2024-03-01T10:30:00Z"]'),
    ("jsonb[]", '{"{\\"a\\": 1}"}', '["{\\"a\\": 1}"]'),
    ("int4range", "[1,5)", "[1,5)"),
    ("numrange", "empty", "empty"),
    ("daterange", "[2024-01-01,2024-02-01)", "[2024-01-01,2024-02-01)"),
    ("tstzrange", '["2024-03-01 12:30+02",)', '["2024-03-01 10:30:00+00",)'),
    ("int4multirange", "{[1,3),[5,8)}", "{[1,3),[5,8)}"),
    ("inet", "10.0.0.1/8", "10.0.0.1/8"),
    ("macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:03"),
    ("money", "1234.5", "$1,234.50"),
    ("bit(3)", "101", "101"),
    ("point", "(1,2.5)", "(1,2.5)"),
    ("xml", "<a/>", "<a/>"),
    ("tsvector", "fat cat", "'cat' 'fat'"),
    ("mood", "glad", "glad"),
    ("mood[]", "{glad,sad}", "{glad,sad}"),
    ("pair", "(1,x)", "(1,x)"),
]


def test_a_value_of_every_type_lands_as_the_text_that_its_type_is_written_as(office: Postgres) -> None:
    office.query("CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TYPE pair AS (a int, b text)")
    columns = ", ".join(f'"c{number}" {kind}' for number, (kind, _, _) in enumerate(TYPES))
    office.query(f"CREATE TABLE typed (shop text, {columns}, changed date)")
    values = [written for _, written, _ in TYPES]
    kinds = ", ".join(f"%s::{kind}" for kind, _, _ in TYPES)
    office.query(f"INSERT INTO typed VALUES ('canal', {kinds}, '2024-03-04')", *values)
    office.query("INSERT INTO typed (shop, changed) VALUES ('empty', '2024-03-04')")
    one = source([{"name": "shop", "type": "string"}], table="typed", updated_at="changed")
    canal, empty = landed(one)
    found = [(kind, written, canal[f"c{number}"]) for number, (kind, written, _) in enumerate(TYPES)]
    assert found == TYPES
    assert {empty[f"c{number}"] for number in range(len(TYPES))} == {None}


@pytest.mark.parametrize(
    ("kind", "grammar"),
    [
        ("bigint", value_text.WHOLE),
        ("real", value_text.DECIMAL),
        ("double precision", value_text.DECIMAL),
        ("date", value_text.DAY),
        ("timestamp", value_text.INSTANT),
        ("timestamptz", value_text.INSTANT_WITH_ZONE),
    ],
)
def test_what_the_database_draws_by_chance_is_written_as_its_type_is(office: Postgres, kind: str, grammar: str) -> None:
    drawn = {
        "date": "date '0001-01-01' + (random() * 3650000)::int",
        "timestamp": "timestamp '0001-01-01' + random() * interval '3650000 days'",
        "timestamptz": "timestamptz '0001-01-02 00:00+00' + random() * interval '3650000 days'",
        "bigint": "((random() - 0.5) * 1.8e19)::bigint",
    }.get(kind, f"((random() - 0.5) * power(10, (random() * 60 - 30)::int))::{kind}")
    office.query(f"CREATE TABLE drawn AS SELECT i::text AS shop, {drawn} AS ovens FROM generate_series(1, 300) i")
    found = landed(source(table="drawn", delivers="snapshot"))
    assert len(found) == 300
    assert [row["ovens"] for row in found if not re.fullmatch(grammar, row["ovens"])] == []


@pytest.mark.parametrize(
    ("kind", "zone", "inside", "outside"),
    [
        # The window is from 2024-03-04 to 2024-03-05, of Paris.
        (
            "timestamptz",
            "UTC",
            ["2024-03-03 23:00Z", "2024-03-04 22:59:59.999999Z"],
            ["2024-03-03 22:59Z", "2024-03-04 23:00Z"],
        ),
        ("timestamp", "UTC", ["2024-03-03 23:00", "2024-03-04 22:59"], ["2024-03-03 22:59", "2024-03-04 23:00"]),
        (
            "timestamp",
            "Europe/Paris",
            ["2024-03-04 00:00", "2024-03-04 23:59"],
            ["2024-03-03 23:59", "2024-03-05 00:00"],
        ),
        ("date", "UTC", ["2024-03-04"], ["2024-03-03", "2024-03-05"]),
    ],
)
def test_a_day_and_a_window_are_the_same_rows_for_every_type_that_has_instants(
    office: Postgres, kind: str, zone: str, inside: list[str], outside: list[str]
) -> None:
    office.query(f"CREATE TABLE dated (shop text, ovens int, day {kind})")
    for number, value in enumerate([*inside, *outside, "infinity", "-infinity", None]):
        office.query(
            f"INSERT INTO dated VALUES (%s, %s, %s::{kind})", "in" if value in inside else "out", number, value
        )
    result = read(
        source(table="dated", partition_column="day", timezone=zone),
        dt.date(2024, 3, 4),
        now=dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
    )
    assert [row["shop"] for row in rows(result["file"])] == ["in"] * len(inside)
    assert result["undated_documents"] == 3
    changed = source(table="dated", updated_at="day", timezone=zone)
    # From the beginning: those before the window too, and those that no window will ever have.
    assert len(landed(changed, dt.date(2024, 3, 5))) == len(inside) + 1 + 3


def test_a_column_without_instants_and_columns_of_one_name_are_refused(office: Postgres) -> None:
    with pytest.raises(
        SourceRefused, match=r"ovens: expected a column of dates or timestamps .* another type \(integer\)"
    ):
        read(source(updated_at="ovens"))
    with pytest.raises(SourceRefused, match="found twice: shop; name them by AS"):
        read(source(query="SELECT a.*, b.shop FROM shops a JOIN shops b ON true", updated_at="changed"))


def test_a_query_with_casts_percents_and_comments_is_read_like_a_table_of_another_schema(office: Postgres) -> None:
    office.query('CREATE SCHEMA "Sales"; CREATE TABLE "Sales"."Shop List" ("Shop Name" text, "select" int, at date)')
    office.query("INSERT INTO \"Sales\".\"Shop List\" VALUES ('canal 50%', 3, '2024-03-04')")
    columns = [{"name": "shop", "type": "string", "field": "Shop Name"}]
    by_table = source(columns, table="Shop List", schema="Sales", updated_at="at")
    query = """SELECT "Shop Name", "select"::int, at::timestamp AS at FROM "Sales"."Shop List"
        WHERE "Shop Name" LIKE '%50%%' -- ;"""
    assert [row["Shop Name"] for row in landed(by_table)] == ["canal 50%"]
    assert landed(source(columns, query=query, updated_at="at")) == [
        {"Shop Name": "canal 50%", "select": "3", "at": "2024-03-04T00:00:00"}
    ]


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM shops RETURNING *) SELECT * FROM gone",
        "SELECT shop, ovens, changed FROM wiped()",
        "SELECT shop, ovens, changed FROM shops FOR UPDATE",
    ],
)
def test_a_query_that_writes_is_refused_by_the_read_only_transaction(office: Postgres, query: str) -> None:
    fill(office, 3)
    office.query("CREATE FUNCTION wiped() RETURNS SETOF shops LANGUAGE sql AS $$ DELETE FROM shops RETURNING * $$")
    with pytest.raises(SourceRefused, match="nothing has landed"):
        read(source(query=query, updated_at="changed"))
    assert office.query("SELECT count(*) FROM shops") == [(3,)]


def test_a_wrong_login_a_missing_table_and_a_missing_right_are_named_without_the_password(
    office: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = []
    with pytest.raises(SourceRefused, match=r'relation "stores" does not exist; there are the tables shops') as caught:
        read(source(table="stores", updated_at="changed"))
    wrong.append(caught.value)
    office.query("CREATE ROLE reader LOGIN PASSWORD 'hush-hush'")
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", f"postgresql://reader:hush-hush@127.0.0.1:{office.port}/test")
    try:
        with pytest.raises(SourceRefused, match="permission denied for table shops") as caught:
            read(source(updated_at="changed"))
    finally:
        office.query("DROP ROLE reader")
    wrong.append(caught.value)
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", office.url.replace(QUOTED, "hush-hush"))
    with pytest.raises(SourceRefused, match="password authentication failed") as caught:
        read(source(updated_at="changed"))
    wrong.append(caught.value)
    for error in wrong:
        told: BaseException | None = error
        while told is not None:
            assert not any(secret in f"{told!r} {told}" for secret in (PASSWORD, QUOTED, "hush-hush"))
            told = told.__cause__ or told.__context__


def test_the_rows_are_of_one_instant_whatever_is_written_while_they_are_read(
    office: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(office, 200)
    office.query("INSERT INTO shops VALUES ('undated', 0, NULL)")
    whole = landing_file.write

    def meanwhile(file: Path, origin: str, lines: Any) -> int:
        first = next(lines)
        office.query("UPDATE shops SET ovens = -1, changed = changed - interval '1 day'")
        office.query("DELETE FROM shops WHERE shop LIKE '%%7'")
        fill(office, 50, 1000)
        return whole(file, origin, iter([first, *lines]))

    one = source(updated_at="changed", batch_rows=20)
    with monkeypatch.context() as patch:
        patch.setattr(landing_file, "write", meanwhile)
        found = landed(one)
    assert sorted(int(row["ovens"]) for row in found) == sorted([0, *range(200)])
    assert len(landed(one)) == 201 - 20 + 50


def test_the_same_rows_give_the_same_bytes_in_whatever_order_they_lie(office: Postgres) -> None:
    # A json column has no order of its own.
    office.query("ALTER TABLE shops ADD COLUMN note json")
    files = []
    for direction in ("ASC", "DESC"):
        office.query("TRUNCATE shops")
        office.query(
            "INSERT INTO shops SELECT 'same', i % 5, CASE WHEN i % 3 > 0 THEN timestamptz '2024-03-04 12:00Z' END, "
            f"json_build_object('n', i) FROM generate_series(1, 50) i ORDER BY i {direction}"
        )
        files.append(Path(read(source(updated_at="changed"))["file"]).read_bytes())
    assert files[0] == files[1]


class Reading:
    """Hands the lines on, and does something once, in the middle."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after: int, then: Any) -> None:
        whole, self.calls = landing_file.write, 0

        def write(file: Path, origin: str, lines: Any) -> int:
            self.calls += 1

            def some() -> Any:
                for number, line in enumerate(lines):
                    if self.calls == 1 and number == after:
                        then()
                    yield line

            return whole(file, origin, some())

        monkeypatch.setattr(landing_file, "write", write)


def test_a_connection_that_breaks_in_mid_read_is_made_again_and_all_is_read_again(
    office: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(office, 500)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nightjar'"
    reading = Reading(monkeypatch, 100, lambda: (office.query(others), fill(office, 5, 1000)))
    found = landed(source(updated_at="changed", batch_rows=20))
    assert reading.calls == 2
    assert len(found) == len({row["shop"] for row in found}) == 505


def test_a_server_that_goes_away_in_mid_read_lands_nothing_and_the_rerun_is_complete(
    office: Postgres, landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(office, 500)
    # Its files are written to the disk, or the server that comes again would know nothing of them.
    office.query("CHECKPOINT")
    with monkeypatch.context() as patch:
        Reading(patch, 100, office.lose)
        with pytest.raises(
            SourceUnavailable, match=r"expected an answer from the database, found: .*; nothing has landed"
        ):
            read(source(updated_at="changed", batch_rows=20))
    assert list((landing_root / "sql_shops").iterdir()) == []
    office.start()
    assert len(landed(source(updated_at="changed"))) == 500


# Reads the source in a process of its own, which says how many MB it grew by.
CHILD = """
import resource, sys
from tests.lakehouse.extraction.sql_source import read, source
one = source(updated_at="changed", batch_rows=2000)
read(source(query="SELECT * FROM shops LIMIT 100", updated_at="changed"))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
print("reading", flush=True)
result = read(one)
print(result["documents"], peak() - before)
"""


def child() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT, env=os.environ.copy()
    )


def test_200_000_rows_are_read_in_bounded_memory_and_a_kill_in_the_middle_leaves_no_delivery(
    office: Postgres, landing_root: Path
) -> None:
    office.query(
        "INSERT INTO shops SELECT md5(i::text), i, timestamptz '2024-03-01 12:00Z' + i * interval '1 second' "
        "FROM generate_series(1, 200000) i"
    )
    folder = landing_root / "sql_shops"
    killed = child()
    assert killed.stdout is not None
    killed.stdout.readline()
    partial = folder / ".2024-03-05.jsonl.gz.partial"
    while not (partial.is_file() and partial.stat().st_size > 20_000):
        assert killed.poll() is None
        threading.Event().wait(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    # What the child landed before, of a hundred rows, is there as it was.
    assert len(rows(folder / "2024-03-05.jsonl.gz")) == 100
    whole = child()
    said = whole.communicate(timeout=120)[0].splitlines()[-1]
    documents, grown = map(int, said.split())
    assert documents == len(rows(folder / "2024-03-05.jsonl.gz")) == 200_000
    assert grown < MEMORY_MB
    assert not partial.exists()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, min_size=4, max_size=4, unique_by=str.lower))
def test_a_table_and_columns_of_any_name_are_read(office: Postgres, names: list[str]) -> None:
    table, shop, ovens, changed = names
    quoted = ['"' + name.replace('"', '""').replace("%", "%%") + '"' for name in names]
    office.query(
        f"CREATE TABLE {quoted[0]} ({quoted[1]}, {quoted[2]}, {quoted[3]}) AS SELECT 'canal', %s, date '2024-03-04'", 3
    )
    columns = [
        {"name": "shop", "type": "string", "field": shop},
        {"name": "ovens", "type": "int", "field": ovens},
    ]
    try:
        found = landed(source(columns, table=table, updated_at=changed))
    finally:
        office.query(f"DROP TABLE {quoted[0]} -- %s", 1)
    assert found == [{shop: "canal", ovens: "3", changed: "2024-03-04"}]
