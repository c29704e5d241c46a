"""The watch sees work that is written into Airflow's database, and not that a component lives."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.orchestration.database_watch import DatabaseWatch

TABLES = """
CREATE TABLE job (latest_heartbeat TIMESTAMP);
CREATE TABLE dag_run (state VARCHAR(50));
CREATE TABLE asset_dag_run_queue (asset_id INTEGER);
CREATE TABLE asset_partition_dag_run (created_dag_run_id INTEGER);
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database like Airflow's, with a write-ahead log."""
    with sqlite3.connect(tmp_path / "airflow.db", isolation_level=None) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.executescript(TABLES)
        yield opened
    opened.close()


@pytest.fixture
def watch(database: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DatabaseWatch:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{tmp_path}/airflow.db?timeout=60")
    made = DatabaseWatch.of_airflow()
    made.look()
    return made


def test_while_nobody_writes_nothing_came(watch: DatabaseWatch, database: sqlite3.Connection) -> None:
    database.execute("SELECT * FROM dag_run").fetchall()
    assert not watch.work_came()


def test_a_heartbeat_is_no_work(watch: DatabaseWatch, database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO job VALUES ('2026-01-01')")
    assert not watch.work_came()


@pytest.mark.parametrize(
    "work",
    [
        "INSERT INTO dag_run VALUES ('queued')",
        "INSERT INTO dag_run VALUES ('running')",
        "INSERT INTO asset_dag_run_queue VALUES (1)",
        "INSERT INTO asset_partition_dag_run VALUES (NULL)",
    ],
)
def test_a_run_or_an_updated_asset_is_work_until_it_has_been_looked_at(
    watch: DatabaseWatch, database: sqlite3.Connection, work: str
) -> None:
    database.execute(work)
    assert watch.work_came()
    watch.look()
    assert not watch.work_came()


def test_what_has_ended_is_no_work(watch: DatabaseWatch, database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO dag_run VALUES ('success'), ('failed')")
    database.execute("INSERT INTO asset_partition_dag_run VALUES (7)")
    assert not watch.work_came()


def test_tables_that_are_not_known_are_left_to_the_scheduler(
    watch: DatabaseWatch, database: sqlite3.Connection
) -> None:
    database.execute("DROP TABLE asset_dag_run_queue")
    assert watch.work_came()


def test_of_a_database_that_is_no_file_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql+psycopg2://airflow:x@localhost/airflow")
    watch = DatabaseWatch.of_airflow()
    assert watch.files == ()
    assert not watch.work_came()
