from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jobs.deliver.delivery import Delivery
from jobs.deliver.sql_day import SqlDay
from lakehouse.declaration import UseCase
from lakehouse.errors import NightjarError, TargetRefused, TargetUnavailable
from lakehouse.ops import exports
from tests.jobs.deliver.scored import (
    DAY,
    assert_books_are_right,
    books,
    by_shop,
    declare,
    deliver,
    score,
    there,
)
from tests.postgres_server import PASSWORD, QUOTED, USER, Postgres

TARGET: dict[str, Any] = {"name": "office", "sql": {"connection": "office", "table": "Loaves"}}
NEXT = DAY + dt.timedelta(days=1)


@pytest.fixture
def use_case(root: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> UseCase:
    """The loaves, delivered to a table."""
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", postgres.url)
    return declare(root, TARGET)


def test_what_was_scored_is_there_once_and_corrected(use_case: UseCase, postgres: Postgres) -> None:
    score(use_case, {"canal": 0.7, "market": 0.1 + 0.2})
    deliver(use_case)
    assert there(use_case)[1]["score"] == 0.1 + 0.2
    assert there(use_case)[0]["scored_at"] == dt.datetime(2024, 3, 4, 23, 0, 0, 123457, tzinfo=dt.UTC)
    score(use_case, {"canal": 0.8, "station": 0.4}, version=2)
    deliver(use_case)
    assert by_shop(use_case) == {"canal": 0.8, "station": 0.4}
    assert_books_are_right(use_case)
    types = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'Loaves'"
    assert dict(postgres.query(types)) == {
        "shop": "text",
        "bread": "text",
        "partition": "date",
        "score": "double precision",
        "decision": "boolean",
        "threshold": "double precision",
        "model_version": "integer",
        "prediction_time": "timestamp with time zone",
        "scored_at": "timestamp with time zone",
    }


def test_what_others_keep_beside_the_rows_stays_and_goes_with_its_row(use_case: UseCase, postgres: Postgres) -> None:
    score(use_case, {"canal": 0.7, "market": 0.2})
    deliver(use_case)
    postgres.query('ALTER TABLE "Loaves" ADD COLUMN seen_by text')
    postgres.query('UPDATE "Loaves" SET seen_by = shop')
    score(use_case, {"canal": 0.8, "station": 0.4})
    deliver(use_case)
    assert postgres.query('SELECT shop, score, seen_by FROM "Loaves" ORDER BY shop') == [
        ("canal", 0.8, "canal"),
        ("station", 0.4, None),
    ]


def test_a_table_without_the_key_gets_its_rows_once_too(use_case: UseCase, postgres: Postgres) -> None:
    postgres.query(
        'CREATE TABLE "Loaves" (shop varchar(20), bread text, partition date, score float8, decision bool, threshold float8, '
        "model_version smallint, prediction_time timestamptz, scored_at timestamptz, loaded timestamptz default now())"
    )
    for scores in ({"canal": 0.7, "market": 0.2}, {"canal": 0.8}):
        score(use_case, scores)
        deliver(use_case)
        assert by_shop(use_case) == scores
    assert_books_are_right(use_case)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ("score float4", "column score: expected double, found real"),
        ("score numeric(5,2)", r"column score: expected double, found numeric\(5, 2\)"),
        (
            "scored_at timestamp",
            "column scored_at: expected timestamp with time zone, found timestamp without time zone",
        ),
        ("partition text", "column partition: expected date, found text"),
        ("decision int", "column decision: expected boolean, found integer"),
        ("shop char(10)", r"column shop: expected text, found char\(10\)"),
    ],
)
def test_a_table_that_would_change_a_value_is_refused_with_the_column(
    use_case: UseCase, postgres: Postgres, columns: str, found: str
) -> None:
    postgres.query(f'CREATE TABLE "Loaves" ({columns})')
    score(use_case, {"canal": 0.7})
    with pytest.raises(TargetRefused, match=found):
        deliver(use_case)
    assert postgres.query('SELECT count(*) FROM "Loaves"') == [(0,)]


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        ('ALTER TABLE "Loaves" ADD CHECK (score < 0.8)', "violates check constraint"),
        ('ALTER TABLE "Loaves" ALTER shop TYPE varchar(6)', "value too long"),
        (
            "CREATE FUNCTION drop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
            'CREATE TRIGGER t BEFORE INSERT ON "Loaves" FOR EACH ROW EXECUTE FUNCTION drop()',
            "expected 2 rows of 2024-03-05 after they were sent, found 1",
        ),
    ],
)
def test_rows_that_the_table_does_not_take_leave_it_as_it_was(
    use_case: UseCase, postgres: Postgres, spoil: str, found: str
) -> None:
    score(use_case, {"canal": 0.7})
    deliver(use_case)
    postgres.query(spoil)
    score(use_case, {"canal": 0.9, "a-long-name": 0.2})
    with pytest.raises(TargetRefused, match=found) as refused:
        deliver(use_case)
    assert by_shop(use_case) == {"canal": 0.7}
    assert books(use_case).state == exports.SENDING
    assert "a-long-name" not in str(refused.value)


def test_a_text_that_postgresql_has_no_sign_for_is_refused(use_case: UseCase) -> None:
    score(use_case, {"nul\0": 0.7})
    with pytest.raises(TargetRefused, match="NUL"):
        deliver(use_case)


@pytest.mark.parametrize(
    ("was", "now", "found"),
    [
        (QUOTED, "wrong", "password authentication failed"),
        ("/test", "/nowhere", 'database "nowhere" does not exist'),
    ],
)
def test_a_login_that_is_refused_is_named_without_the_password(
    use_case: UseCase, monkeypatch: pytest.MonkeyPatch, was: str, now: str, found: str
) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", os.environ["NIGHTJAR_CONNECTION_OFFICE"].replace(was, now))
    score(use_case, {"canal": 0.7})
    with pytest.raises(TargetRefused, match=found) as refused:
        deliver(use_case)
    assert PASSWORD not in str(refused.value) and "wrong" not in str(refused.value)


def test_a_login_without_rights_is_named(
    use_case: UseCase, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.query("DROP ROLE IF EXISTS guest")
    postgres.query("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    address = f"postgresql://guest:guest@127.0.0.1:{postgres.port}/test"
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", address)
    score(use_case, {"canal": 0.7})
    with pytest.raises(TargetRefused, match="permission denied for schema public"):
        deliver(use_case)


def test_a_schema_of_its_own_and_one_that_is_missing(root: Path, use_case: UseCase, postgres: Postgres) -> None:
    use_case = declare(root, {**TARGET, "sql": {**TARGET["sql"], "schema": "desk"}})
    score(use_case, {"canal": 0.7})
    with pytest.raises(TargetRefused, match='schema "desk" does not exist'):
        deliver(use_case)
    postgres.query("CREATE SCHEMA desk")
    deliver(use_case)
    assert postgres.query('SELECT score FROM desk."Loaves"') == [(0.7,)]
    assert postgres.query("SELECT table_name, rows FROM desk.nightjar_exports") == [("loaves", 1)]


def test_two_use_cases_never_share_a_table_whatever_their_connections_are_called(
    root: Path, use_case: UseCase, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_DESK", postgres.url)
    score(use_case, {"canal": 0.7})
    deliver(use_case)
    other = declare(root, {**TARGET, "sql": {**TARGET["sql"], "connection": "desk"}}, name="rolls")
    score(other, {"canal": 0.1})
    with pytest.raises(TargetRefused, match="found one that loaves delivers to as office"):
        deliver(other)
    assert by_shop(use_case) == {"canal": 0.7}


@contextmanager
def in_the_middle(monkeypatch: pytest.MonkeyPatch, happen: Any) -> Iterator[None]:
    """``happen`` once, after rows were sent and before the day is finished."""
    put, left = SqlDay.put, [happen]

    def then(self: SqlDay, rows: pa.RecordBatch) -> None:
        put(self, rows)
        if left:
            left.pop()()

    with monkeypatch.context() as patch:
        patch.setattr(SqlDay, "put", then)
        yield


def test_a_server_that_goes_away_in_the_middle_has_what_it_had_and_a_retry_completes_it(
    use_case: UseCase, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    score(use_case, {"canal": 0.7})
    deliver(use_case)
    score(use_case, {"canal": 0.9})
    with in_the_middle(monkeypatch, postgres.lose), pytest.raises(TargetUnavailable) as lost:
        deliver(use_case)
    assert lost.value.retryable
    with pytest.raises(TargetUnavailable, match=r"expected an answer from the database, found: .*refused"):
        deliver(use_case)
    postgres.start()
    assert by_shop(use_case) == {"canal": 0.7}
    assert books(use_case).state == exports.SENDING
    deliver(use_case)
    assert by_shop(use_case) == {"canal": 0.9}
    assert_books_are_right(use_case)


def test_a_run_that_read_older_scores_never_replaces_newer_ones(
    use_case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs at once, of two machines that share no lock: the database alone keeps them apart."""
    monkeypatch.setattr(Delivery, "_alone", lambda _: nullcontext())
    score(use_case, {"canal": 0.7, "market": 0.2})
    second = threading.Thread(target=deliver, args=(use_case,), kwargs={"actor": "second"})

    def meanwhile() -> None:
        score(use_case, {"canal": 0.9, "station": 0.4}, version=2)
        second.start()
        second.join(1)
        assert second.is_alive(), "the second run waits for the first"

    with in_the_middle(monkeypatch, meanwhile):
        deliver(use_case, actor="first")
        second.join(60)
    assert by_shop(use_case) == {"canal": 0.9, "station": 0.4}
    assert (books(use_case).actor, books(use_case).model_versions) == ("second", [2])
    assert_books_are_right(use_case)


def test_many_runs_at_once_of_a_table_that_is_not_there_yet_leave_each_day_once(
    use_case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Delivery, "_alone", lambda _: nullcontext())
    score(use_case, {"canal": 0.7})
    score(use_case, {"canal": 0.8}, NEXT)
    failed: list[NightjarError] = []

    def one(day: dt.date) -> None:
        try:
            deliver(use_case, day, force=True)
        except NightjarError as error:
            failed.append(error)

    runs = [threading.Thread(target=one, args=(day,)) for day in (DAY, DAY, NEXT, NEXT)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(120)
    assert not failed
    assert (by_shop(use_case), by_shop(use_case, NEXT)) == ({"canal": 0.7}, {"canal": 0.8})
    assert_books_are_right(use_case)


def test_a_lakehouse_that_was_restored_from_a_backup_replaces_newer_rows_only_on_request(
    use_case: UseCase, postgres: Postgres
) -> None:
    score(use_case, {"canal": 0.7})
    deliver(use_case)
    postgres.query("UPDATE nightjar_exports SET scores_version = 50, fingerprint = 'another'")
    score(use_case, {"canal": 0.8})
    with pytest.raises(TargetRefused, match="restored from a backup, or made again"):
        deliver(use_case)
    with suppress(NightjarError):
        deliver(use_case)
    assert by_shop(use_case) == {"canal": 0.7}
    deliver(use_case, force=True)
    assert by_shop(use_case) == {"canal": 0.8}
    assert USER in postgres.url
