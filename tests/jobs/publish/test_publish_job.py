"""A serving table has each key's newest row, or none that is too old: all at once, whatever is killed, and to the last digit."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import sqlalchemy as sa
from deltalake import DeltaTable
from pymongo import MongoClient

from jobs.features import point_in_time
from lakehouse import tables
from lakehouse.declaration import FeatureGroup
from lakehouse.errors import FeaturesMissing, ParityBroken, TargetRefused
from lakehouse.storage import arrow_dataset, small_tables
from tests.jobs.killed import KilledJobs
from tests.jobs.publish.groups import DAY, KEYS, build, compare, declare, publish, served
from tests.mongo_server import Server
from tests.postgres_server import Postgres
from tests.use_cases import grouped_bakery

SQL = {"to": "sql", "connection": "shop", "table": "breads"}
DELTA = {"to": "delta"}
MONGO = {"to": "mongo", "database": "shop", "collection": "breads"}
PUBLISH = ("publish", "--group=bread_record", "--version=1")
NEXT = DAY + dt.timedelta(days=1)
OLD = DAY - dt.timedelta(days=grouped_bakery.TTL_DAYS)


@pytest.fixture
def root(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "roots"))
    monkeypatch.setenv("NIGHTJAR_CONNECTION_SHOP", f"sqlite:///{tmp_path}/shop.db")
    return tmp_path / "roots"


def walk(root: Path, place: dict[str, Any]) -> FeatureGroup:
    """Everything that every kind of serving table does alike."""
    group = declare(root, place)
    with pytest.raises(
        FeaturesMissing, match=r"bread_record_v1: expected a day that is built, found none; .* jobs group"
    ):
        publish()
    build(group, {KEYS[0]: 0.1, KEYS[1]: 0.2, KEYS[3]: None, KEYS[4]: 1 / 3}, OLD)
    build(group, {KEYS[0]: 0.3, KEYS[5]: -0.0}, DAY)
    first = publish()
    assert (first.status, first.rows, first.day) == ("published", 5, DAY)
    newest = {KEYS[0]: 0.3, KEYS[1]: 0.2, KEYS[3]: None, KEYS[4]: 1 / 3, KEYS[5]: -0.0}
    assert served(group) == newest
    assert (publish().status, compare().compared, compare(2).compared) == ("unchanged", 5, 2)

    # An older day that is built again changes the keys alone whose newest row it has; a restated newest one does.
    build(group, {KEYS[0]: 77.0, KEYS[1]: 0.25, KEYS[3]: 4.0}, OLD, "corrected")
    assert publish().rows == 4
    assert served(group) == {KEYS[0]: 0.3, KEYS[1]: 0.25, KEYS[3]: 4.0, KEYS[5]: -0.0}
    build(group, {KEYS[0]: 0.5}, DAY, "corrected")
    publish()
    assert served(group) == {KEYS[0]: 0.5, KEYS[1]: 0.25, KEYS[3]: 4.0}

    # A night later what is too old is not served any more, also where nobody is known on the new day.
    build(group, {}, NEXT)
    assert (publish().day, served(group)) == (NEXT, {KEYS[0]: 0.5})
    assert compare().status == "equal"
    lines = small_tables.read(tables.PARITY)
    assert [(line["partition"], line["keys"], line["differing"]) for line in lines] == [(DAY, 5, 0), (NEXT, 1, 0)]
    return group


def test_a_delta_table_serves_the_newest_rows_to_delta_rs_and_duckdb(root: Path, lakehouse_root: Path) -> None:
    group = walk(root, DELTA)
    folder = lakehouse_root / "gold/bread_record_v1_serving"
    before = DeltaTable(folder).version()
    publish()
    assert DeltaTable(folder).version() == before
    assert (
        duckdb.sql(f"SELECT bread, sold_mean_5d FROM delta_scan('{folder}')").fetchall() == [("rye", 0.5)]
        if _has_delta()
        else True
    )
    assert DeltaTable(folder).to_pyarrow_table()["sold_mean_5d"].to_pylist() == [0.5]
    assert group.table_name == "bread_record_v1"


def _has_delta() -> bool:
    try:
        duckdb.sql("LOAD delta")
    except duckdb.Error:
        return False
    return True


def test_a_table_of_sqlite_serves_the_newest_rows(root: Path) -> None:
    walk(root, SQL)


def test_a_table_of_postgresql_serves_the_newest_rows(
    root: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_SHOP", postgres.url)
    walk(root, SQL)


def test_a_collection_serves_the_newest_rows(root: Path, mongo: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_URI", mongo.uri)
    walk(root, MONGO)
    with MongoClient[dict[str, Any]](mongo.uri) as client:
        # The one that counts, and the one before.
        assert len(client["shop"]["breads"].distinct("nightjar_generation")) == 2


def kill_at(killed_jobs: KilledJobs, group: FeatureGroup, *moments: str, last_is_there: bool = True) -> None:
    """Publish, restate, and kill the publication at one moment after another; readers see one state or the other."""
    before = {key: number / 7 for number, key in enumerate(KEYS)}
    after = {KEYS[0]: 0.0, KEYS[2]: None, KEYS[3]: 1e300}
    build(group, before)
    publish()
    build(group, after, note="corrected")
    for moment in moments[:-1]:
        assert killed_jobs.run(moment, *PUBLISH) == -9, moment
        assert served(group) == before, moment
        with pytest.raises(ParityBroken):
            compare()
    assert killed_jobs.run(moments[-1], *PUBLISH) == -9
    assert served(group) == (after if last_is_there else before)
    assert publish().status == ("unchanged" if last_is_there else "published")
    assert (served(group), compare().status) == (after, "equal")


def test_a_delta_table_is_whole_whenever_the_publication_is_killed(killed_jobs: KilledJobs, root: Path) -> None:
    kill_at(killed_jobs, declare(root, DELTA), "before the commit", "before the result")


def test_a_table_of_sqlite_is_whole_whenever_the_publication_is_killed(killed_jobs: KilledJobs, root: Path) -> None:
    moments = ("after INSERT INTO nightjar_staged", "after DELETE FROM breads", "after INSERT INTO breads")
    kill_at(killed_jobs, declare(root, SQL), *moments, "after UPDATE nightjar_serving", "before the result")


def test_a_table_of_postgresql_is_whole_whenever_the_publication_is_killed(
    killed_jobs: KilledJobs, root: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_SHOP", postgres.url)
    kill_at(
        killed_jobs,
        declare(root, SQL),
        "after DELETE FROM breads",
        "after UPDATE nightjar_serving",
        "before the result",
    )


def test_a_collection_is_whole_whenever_the_publication_is_killed(
    killed_jobs: KilledJobs, root: Path, mongo: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGO_URI", mongo.uri)
    moments = ("before update breads", "after update", "before update nightjar_serving")
    kill_at(killed_jobs, declare(root, MONGO), *moments, "before delete breads")


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (
            "UPDATE breads SET sold_mean_5d = sold_mean_5d * (1 + 3e-16) WHERE oven = 3",
            "1 of 6 .*brød, 3: other values",
        ),
        ("UPDATE breads SET counts_5d = NULL WHERE oven = 3", "1 of 6 .*brød, 3: other values"),
        ("DELETE FROM breads WHERE oven = 3", "1 of 6 .*brød, 3: not there; gold has 6 key.s., 5 are served"),
        (
            "INSERT INTO breads SELECT 'new', 8, \"partition\", 1, 1, known_at FROM breads LIMIT 1",
            "0 of 6 .*, 7 are served",
        ),
    ],
)
def test_a_row_that_is_not_golds_is_found_named_recorded_and_repaired(
    root: Path, tmp_path: Path, spoil: str, expected: str
) -> None:
    group = declare(root, SQL)
    build(group, {key: (number + 1) / 7 for number, key in enumerate(KEYS)})
    publish()
    assert compare().status == "equal"
    with sa.create_engine(f"sqlite:///{tmp_path}/shop.db").begin() as connection:
        connection.execute(sa.text(spoil))
    with pytest.raises(ParityBroken, match=expected):
        compare()
    (line,) = small_tables.read(tables.PARITY)
    assert line["differing"] == (0 if "INSERT" in spoil else 1) and line["address"] == "table breads of shop"
    # By the note all is there, so it takes a force.
    assert (publish().status, publish(force=True).status, compare().status) == ("unchanged", "published", "equal")


def test_newer_rows_than_the_lakehouse_has_are_not_replaced_and_nor_is_another_groups_table(
    root: Path, tmp_path: Path
) -> None:
    group = declare(root, SQL)
    build(group, {KEYS[0]: 1.0})
    publish()
    engine = sa.create_engine(f"sqlite:///{tmp_path}/shop.db")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE nightjar_serving SET source_version = 99"))
    build(group, {KEYS[0]: 2.0})
    with pytest.raises(
        TargetRefused, match="expected rows newer than those served, found version 2 of the table, there 99"
    ):
        publish()
    assert (served(group), publish(force=True).status, served(group)) == ({KEYS[0]: 1.0}, "published", {KEYS[0]: 2.0})
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE nightjar_serving SET version = 2"))
    with pytest.raises(TargetRefused, match="found one that serves bread_record v2"):
        publish(force=True)


def test_what_is_served_is_the_newest_of_drawn_days(root: Path) -> None:
    """The serving rows are what the join gives a row of the newest day: the newest of each key within the ttl."""
    dice = random.Random(5)
    group = declare(root, DELTA)
    state: dict[dt.date, dict[tuple[str, int], float]] = {}
    for _ in range(14):
        day = DAY + dt.timedelta(days=dice.randint(0, 7))
        state[day] = {key: dice.random() for key in KEYS if dice.random() < 0.4}
        build(group, state[day], day)
        newest = max(state)
        expected = {
            key: value
            for one in sorted(state)
            if (newest - one).days <= grouped_bakery.TTL_DAYS
            for key, value in state[one].items()
        }
        publish()
        assert served(group) == expected
        assert compare().status == "equal"
        assert as_joined(group, newest) == expected


def as_joined(group: FeatureGroup, day: dt.date) -> dict[tuple[str, int], float | None]:
    """What a feature row of that day gets, by key: offline is what is online."""
    rows = [{"bread": bread, "oven": oven, "partition": day} for bread, oven in KEYS]
    types = {"bread": pa.string(), "oven": pa.int32(), "partition": pa.date32()}
    population = pa.Table.from_pylist(rows, pa.schema(types))
    gold = arrow_dataset.read(tables.group(group))
    matched = point_in_time.match(population, gold, {"bread": "bread", "oven": "oven"}, group.ttl_days)
    values = matched.take(gold, {"value": "sold_mean_5d"})["value"].to_pylist()
    return {key: value for key, value, row in zip(KEYS, values, matched.row, strict=True) if row >= 0}
