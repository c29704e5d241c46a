"""Rows in tables of PostgreSQL, in collections of MongoDB and in what serves feature groups: deleted, and the books corrected."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from jobs.erase.delivered import targets
from jobs.erase.wanted_rows import WantedRows
from jobs.publish import server
from lakehouse.declaration import FeatureGroup
from tests.jobs.deliver.scored import DAY, assert_books_are_right, by_shop, declare, deliver, score
from tests.jobs.publish import groups
from tests.mongo_server import Server
from tests.postgres_server import Postgres

GONE = {"shop": "market", "bread": "rye"}


@pytest.fixture
def root(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "declared"
    folder.mkdir()
    monkeypatch.setenv("USE_CASE_ROOTS", str(folder))
    return folder


def delivered(root: Path, place: dict[str, Any]) -> None:
    """Take one of three shops out of a target; the others stay, the books fit, and a delivery changes nothing."""
    use_case = declare(root, {"name": "office", **place})
    score(use_case, {"canal": 0.7, "market": 0.1 + 0.2, "station": 0.4})
    deliver(use_case)
    (one,) = targets.of_use_case(use_case, WantedRows((GONE, {**GONE, "partition": DAY})))
    assert one.found() == {"target office of loaves": 1}
    assert one.take_out() == []
    assert one.found() == {"target office of loaves": 0}
    assert by_shop(use_case) == {"canal": 0.7, "station": 0.4}
    assert_books_are_right(use_case)
    assert one.take_out() == []
    score(use_case, {"canal": 0.7, "station": 0.4})
    deliver(use_case)
    assert_books_are_right(use_case)


def served(group: FeatureGroup) -> None:
    """The same of a serving table."""
    groups.build(group, {("rye", 1): 0.5, ("wheat", 1): 1.5})
    groups.publish()
    (one,) = targets.of_group(group, WantedRows(({"bread": "rye", "oven": 1},)))
    assert list(one.found().values()) == [1]
    assert one.take_out() == []
    place = server.of(group)
    assert place.count() == 1 and not place.rows([("rye", 1)]) and place.rows([("wheat", 1)])
    with place.held() as held:
        assert held.note is not None and held.note.rows == 1
    assert list(one.found().values()) == [0]
    groups.build(group, {("wheat", 1): 1.5})
    groups.publish()
    assert groups.compare().status == "equal"


@pytest.mark.parametrize("way", ["delivered", pytest.param("served", marks=pytest.mark.torture)])
def test_postgresql(root: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", postgres.url)
    place = {"connection": "office", "table": "Loaves"}
    if way == "served":
        served(groups.declare(root, {"to": "sql", **place}))
        return
    delivered(root, {"sql": place})
    vacuumed = "SELECT count(*) FROM pg_stat_user_tables WHERE relname = 'Loaves' AND last_vacuum IS NOT NULL"
    # The server's statistics follow some time later.
    until = time.monotonic() + 30
    while postgres.query(vacuumed) != [(1,)]:
        assert time.monotonic() < until, "the table was not vacuumed"
        time.sleep(0.2)


@pytest.mark.parametrize("way", ["delivered", "served"])
def test_mongodb(root: Path, mongo: Server, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setenv("MONGO_URI", mongo.uri)
    place = {"database": "bakery", "collection": "loaves"}
    if way == "served":
        served(groups.declare(root, {"to": "mongo", **place}))
    else:
        delivered(root, {"mongo": place})


def test_csv_files(root: Path, tmp_path: Path) -> None:
    delivered(root, {"files": {"folder": str(tmp_path / "out"), "format": "csv"}})
