"""The point-in-time join of feature groups, compared with an independent one: DuckDB's ASOF JOIN over the log of all builds."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from jobs.features import group_join, point_in_time
from jobs.groups import first_built
from lakehouse import tables
from lakehouse.arrivals import group_days
from lakehouse.arrivals.group_days import GroupTables
from lakehouse.declaration import FeatureGroup, UseCase, loader
from lakehouse.ops import builds
from lakehouse.storage import commits, table_schema
from tests.use_cases import grouped_bakery

START = dt.date(2024, 3, 20)
DAYS = [START + dt.timedelta(days=offset) for offset in range(12)]
BREADS = ("rye", "wheat", "spelt", "naïve 'loaf'")

# By day and key the row of the last (or first) build of that day, and then the newest of a day before, unless it is too old.
ASOF = """
WITH counted AS (SELECT day, <which>(build) AS build FROM builds GROUP BY day),
     known AS (SELECT log.* FROM log JOIN counted ON log.partition = counted.day AND log.build = counted.build)
SELECT p.shop, p.bread, p.partition,
       CASE WHEN p.partition - k.partition <= <ttl> THEN k.sold_mean_5d END AS sold_mean_5d,
       CASE WHEN p.partition - k.partition <= <ttl> THEN k.counts_5d END AS counts_5d,
       coalesce(p.partition - k.partition > <ttl>, false) AS expired
FROM population p ASOF LEFT JOIN known k ON p.bread = k.bread AND p.partition >= k.partition
ORDER BY ALL
"""


def use_case_of(root: Path, monkeypatch: pytest.MonkeyPatch, as_known: str, ttl_days: int) -> UseCase:
    use = {"group": grouped_bakery.GROUP, "version": 1, "as_known": as_known}
    declared = grouped_bakery.declare(root / "roots", ["bakery_sales"], [use], ttl_days=ttl_days)
    monkeypatch.setenv("USE_CASE_ROOTS", str(declared))
    return loader.by_name("bakery_sales")


def draw_builds(group: FeatureGroup, dice: random.Random, count: int = 20) -> tuple[pa.Table, pa.Table]:
    """Build days in any order, some again and again, through the tables; the log of all builds, and which there were."""
    log: list[dict[str, Any]] = []
    done: list[dict[str, Any]] = []
    table = tables.group(group)
    for build in range(count):
        day = dice.choice(DAYS)
        rows = [
            {
                "bread": bread,
                "partition": day,
                "sold_mean_5d": dice.choice([None, dice.random(), dice.randint(-3, 3) + 0.0]),
                "counts_5d": float(build),
            }
            for bread in BREADS
            if dice.random() < 0.45
        ]
        inputs = {day: {"a delivery": f"{build}"}}
        digest = builds.record(table, inputs)[day]
        first_built.keep(group, [day])
        stamped = [{**row, "known_at": dt.datetime.now(dt.UTC), tables.INPUTS_FINGERPRINT: digest} for row in rows]
        commits.replace_table(
            pa.Table.from_pylist(stamped, table_schema.arrow_schema(table)), table, {"partition": [day]}
        )
        if not rows:
            group_days.record_rowless(table, inputs)
        log += [{**row, "build": build} for row in rows]
        done.append({"day": day, "build": build})
    columns = [
        (name, table_schema.arrow_schema(table).field(name).type)
        for name in ("bread", "partition", "sold_mean_5d", "counts_5d")
    ]
    return pa.Table.from_pylist(log, pa.schema([*columns, ("build", pa.int64())])), pa.Table.from_pylist(done)


def draw_population(dice: random.Random, days: Sequence[dt.date]) -> pa.Table:
    rows = [
        {"shop": shop, "bread": bread, "partition": day}
        for day in days
        for shop in ("canal", "market")
        for bread in (*BREADS, "never baked")
    ]
    schema = pa.schema([("shop", pa.string()), ("bread", pa.string()), ("partition", pa.date32())])
    return pa.Table.from_pylist(dice.sample(rows, len(rows)), schema)


def oracle(population: pa.Table, log: pa.Table, done: pa.Table, as_known: str, ttl: int) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        for name, table in (("population", population), ("log", log), ("builds", done)):
            connection.register(name, table)
        which = "max" if as_known == "latest" else "min"
        return connection.sql(ASOF.replace("<which>", which).replace("<ttl>", str(ttl))).fetchall()


def ordered(rows: pa.Table, use_case: UseCase) -> list[tuple[Any, ...]]:
    names = ["shop", "bread", "partition", *(f"bread_record_v1_{name}" for name in ("sold_mean_5d", "counts_5d"))]
    none = (float("-inf"),)
    return sorted(
        (tuple(row[name] for name in names) for row in rows.to_pylist()),
        key=lambda row: tuple(none if v is None else (v,) for v in row),
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_join_equals_duckdbs_over_days_that_were_built_late_and_corrected(
    lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    ttl = [0, 2, 4][seed]
    use_case = use_case_of(tmp_path, monkeypatch, "latest", ttl)
    taken = use_case.taken[0]
    log, done = draw_builds(taken.group, dice)
    assert len(set(done["day"].to_pylist())) < len(done), "no day was built again"
    served = replace(taken, use=taken.use.model_copy(update={"as_known": "served"}))
    # A range, and days by themselves: each reads what the other does.
    ranges = (DAYS, DAYS[4:7], [DAYS[-1]], [START - dt.timedelta(days=1)], [DAYS[-1] + dt.timedelta(days=ttl + 30)])
    for days, one in itertools.product(ranges, (taken, served)):
        population = draw_population(dice, days)
        now, as_known = [GroupTables.now(one)], one.use.as_known
        joined, expired = group_join.in_process(population, population, use_case, now, days)
        expected = oracle(population, log, done, as_known, ttl)
        assert ordered(joined, use_case) == sorted(
            (row[:5] for row in expected), key=lambda row: tuple((float("-inf"),) if v is None else (v,) for v in row)
        )
        assert expired == {"bread_record v1": sum(row[5] for row in expected)}


def test_many_rows_are_joined_by_the_workers_to_the_same_digits(
    spark: SparkSession, lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(7)
    use_case = use_case_of(tmp_path, monkeypatch, "served", 2)
    draw_builds(use_case.taken[0].group, dice, 10)
    now = [GroupTables.now(use_case.taken[0])]
    population = draw_population(dice, DAYS[3:])
    here, expired = group_join.in_process(population, population, use_case, now, DAYS[3:])
    frame = spark.createDataFrame(population)
    monkeypatch.setattr(group_join, "ROWS_A_BUCKET", 40)
    days, count = DAYS[3:], len(population)
    with group_join.in_workers(spark, frame, frame, use_case, now, days, count) as (there, counted):
        assert ordered(there.toArrow(), use_case) == ordered(here, use_case)
    assert counted == expired and sum(expired.values()) > 0


@pytest.mark.parametrize("seed", range(8))
def test_a_key_of_several_columns_matches_by_all_of_them(seed: int) -> None:
    dice = random.Random(seed)
    values: dict[str, list[Any]] = {"a": ["x", "y", ""], "b": [1, 2, -7], "c": [True, False]}
    rows = {(*(dice.choice(values[n]) for n in "abc"), dice.choice(DAYS)) for _ in range(30)}
    known = pa.Table.from_pylist(
        [dict(zip(("a", "b", "c", "partition"), row, strict=True)) | {"v": float(n)} for n, row in enumerate(rows)]
    )
    wanted = pa.Table.from_pylist(
        [
            {
                "a": dice.choice([None, *values["a"]]),
                "bb": dice.choice([None, *values["b"]]),
                "c": dice.choice(values["c"]),
                "partition": dice.choice(DAYS),
            }
            for _ in range(60)
        ]
    )
    matched = point_in_time.match(wanted, known, {"a": "a", "b": "bb", "c": "c"}, 3)
    with duckdb.connect() as connection:
        connection.register("w", wanted.append_column("n", pa.array(range(len(wanted)))))
        connection.register("k", known)
        expected = connection.sql(
            "SELECT CASE WHEN w.partition - k.partition <= 3 THEN k.v END, coalesce(w.partition - k.partition > 3, false), "
            "k.v IS NULL AND w.a IS NOT NULL AND w.bb IS NOT NULL "
            "FROM w ASOF LEFT JOIN k ON w.a = k.a AND w.bb = k.b AND w.c = k.c AND w.partition >= k.partition ORDER BY w.n"
        ).fetchall()
    found = zip(
        matched.take(known, {"v": "v"})["v"].to_pylist(),
        matched.expired.tolist(),
        matched.unknown.tolist(),
        strict=True,
    )
    assert list(found) == expected


def test_nothing_matches_where_there_are_no_rows() -> None:
    schema = pa.schema([("k", pa.string()), ("partition", pa.date32()), ("v", pa.float64())])
    one = pa.Table.from_pylist([{"k": "a", "partition": START, "v": None}], schema)
    for left, right in (
        (one, schema.empty_table()),
        (schema.empty_table(), one),
        (schema.empty_table(), schema.empty_table()),
    ):
        matched = point_in_time.match(left, right, {"k": "k"}, 3)
        assert matched.take(right, {"v": "v"})["v"].to_pylist() == [None] * len(left)
        assert matched.unknown.tolist() == [True] * len(left)
