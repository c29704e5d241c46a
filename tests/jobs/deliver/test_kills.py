"""Whatever is killed: no day is half there, the next run completes it, and the books are right."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from lakehouse.declaration import UseCase
from lakehouse.ops import exports
from tests.jobs.deliver.scored import DAY, assert_books_are_right, books, by_shop, declare, deliver, score
from tests.jobs.killed import KilledJobs
from tests.mongo_server import Server
from tests.postgres_server import Postgres

BEFORE = {"canal": 0.7, "market": 0.2, "castle": 0.4}
AFTER = {"canal": 0.9, "market": 0.2, "station": 0.6}

SQL_MOMENTS = (
    "before INSERT INTO loaves",
    "after INSERT INTO loaves",
    "after UPDATE nightjar_exports",
    "before the books",
)


def kill_at(killed_jobs: KilledJobs, use_case: UseCase, *moments: str, at_once: bool = True) -> None:
    """Restate as many days, kill the delivery of each at another moment, and deliver again."""
    days = [DAY + dt.timedelta(days=offset) for offset in range(len(moments))]
    for day in days:
        score(use_case, BEFORE, day)
    deliver(use_case, None)
    for day in days:
        score(use_case, AFTER, day, version=2)
    for day, moment in zip(days, moments, strict=True):
        arguments = ("deliver", f"--use-case={use_case.name}", f"--partition={day}")
        assert killed_jobs.run(moment, *arguments) == -9, moment
    found = [by_shop(use_case, day) for day in days]
    if at_once:
        assert found == [BEFORE] * (len(days) - 1) + [AFTER]
    assert all(value in (BEFORE.get(shop), AFTER.get(shop)) for scores in found for shop, value in scores.items())
    assert [books(use_case, day).state for day in days] == [exports.SENDING] * len(days)
    statuses = [one.status for one in deliver(use_case, None).days]
    # The last was sent whole, and is not sent again where the target itself says so.
    assert statuses == ["sent"] * (len(days) - 1) + ["sent" if use_case.deliver[0].files else "completed"]
    assert [by_shop(use_case, day) for day in days] == [AFTER] * len(days)
    for day in days:
        assert_books_are_right(use_case, day)
        assert [line["rows"] for line in books(use_case, day).earlier] == [len(BEFORE)]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_file_is_whole_whenever_the_job_is_killed(
    killed_jobs: KilledJobs, root: Path, tmp_path: Path, format: str
) -> None:
    target = {"name": "office", "files": {"folder": str(tmp_path / "out"), "format": format}}
    kill_at(killed_jobs, declare(root, target), "os.rename", "before the books")
    assert not list((tmp_path / "out").glob(".*.part"))


def test_a_table_of_sqlite_is_whole_whenever_the_job_is_killed(
    killed_jobs: KilledJobs, root: Path, office: Path
) -> None:
    kill_at(
        killed_jobs, declare(root, {"name": "office", "sql": {"connection": "office", "table": "loaves"}}), *SQL_MOMENTS
    )


def test_a_table_of_postgresql_is_whole_whenever_the_job_is_killed(
    killed_jobs: KilledJobs, root: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", postgres.url)
    kill_at(
        killed_jobs, declare(root, {"name": "office", "sql": {"connection": "office", "table": "loaves"}}), *SQL_MOMENTS
    )


def test_a_collection_is_completed_after_the_job_was_killed(
    killed_jobs: KilledJobs, root: Path, mongo: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGO_URI", mongo.uri)
    target: dict[str, Any] = {"name": "office", "mongo": {"database": "bakery", "collection": "loaves"}}
    kill_at(
        killed_jobs,
        declare(root, target),
        "after update",
        "before delete",
        "after delete",
        "before the books",
        at_once=False,
    )
