"""A group's days are built from what had arrived, taken by use cases as they were known, and restated with what they read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.arguments import Arguments
from jobs.features import batch
from jobs.features import job as features
from jobs.features.arguments import FeaturesArguments
from jobs.groups import batch as group_batch
from jobs.groups import job
from jobs.groups import listing as groups
from jobs.groups.arguments import GroupArguments
from jobs.maintain import job as maintain
from jobs.maintain.arguments import MaintainArguments
from jobs.publish import job as publish
from jobs.publish import parity
from jobs.publish.arguments import ParityArguments, PublishArguments
from jobs.restate import job as restate
from jobs.restate.arguments import RestateArguments
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from lakehouse.declaration import feature_groups, transform
from lakehouse.errors import InputsMissing, TransformBroken
from lakehouse.staleness import group_users
from lakehouse.storage import row_limits
from tests.jobs.bakery_days import DAY, START, ingest, prepared
from tests.use_cases import bakery, grouped_bakery

FIRST, LAST = DAY - dt.timedelta(days=2), DAY
DAYS = [FIRST + dt.timedelta(days=offset) for offset in range(3)]
# Read by the group's days from the second on.
CORRECTED = FIRST - dt.timedelta(days=6)
# Nothing is known of spelt but on the first day, which the second still may use.
TTL_DAYS = 1
TRANSFORM = (
    grouped_bakery.TRANSFORM
    + f"""
whole = build

def build(days, inputs):
    return whole(days, inputs).where("bread <> 'spelt' or partition <= DATE '{FIRST}'")
"""
)
OF_GROUP = ("bread_record_v1_sold_mean_5d", "bread_record_v1_counts_5d")


def build_group(first: dt.date = FIRST, through: dt.date | None = LAST, force: bool = False) -> dict[str, Any]:
    arguments = GroupArguments(group="bread_record", version=1, partition=first, through=through, force=force)
    return job.run(arguments).as_json()


def build(use_case: str = "bakery_sales", force: bool = False) -> dict[str, Any]:
    arguments = FeaturesArguments(use_case=use_case, partition=FIRST, through=LAST, force=force)
    return features.run(arguments).as_json()


def rows(root: Path, table: str, *names: str) -> list[tuple[Any, ...]]:
    found = DeltaTable(root / "gold" / table).to_pyarrow_table()
    return sorted(zip(*(found[name].to_pylist() for name in names), strict=True), key=repr)


def of_group(root: Path, table: str = "bread_record_v1") -> dict[tuple[str, dt.date], tuple[float | None, ...]]:
    found = rows(root, table, "bread", "partition", "sold_mean_5d", "counts_5d")
    return {(bread, day): tuple(values) for bread, day, *values in found}


def as_joined(known: dict[tuple[str, dt.date], tuple[float | None, ...]]) -> dict[Any, set[tuple[float | None, ...]]]:
    """What every row of the use cases should have: the newest values of its bread, unless they are too old."""
    found = {}
    for bread in bakery.BREADS:
        for day in DAYS:
            young = [day - dt.timedelta(days=back) for back in range(TTL_DAYS + 1)]
            found[bread, day] = {next((known[bread, one] for one in young if (bread, one) in known), (None, None))}
    return found


def joined(root: Path, use_case: str) -> dict[tuple[str, dt.date], set[tuple[float | None, ...]]]:
    """The values that the use case has of each bread and day, of whichever shop."""
    found: dict[tuple[str, dt.date], set[tuple[float | None, ...]]] = {}
    for bread, day, *values in rows(root, f"{use_case}_features", "bread", "partition", *OF_GROUP):
        found.setdefault((bread, day), set()).add(tuple(values))
    return found


EXPIRED = {"bread_record v1": len(bakery.SHOPS)}


@pytest.fixture(scope="module")
def chain(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two use cases that take the group, one of them as it was served; the three days of all built."""
    with prepared(tmp_path_factory.mktemp("groups"), ingested) as folder, pytest.MonkeyPatch.context() as environment:
        changes = {"publish": {"to": "delta"}, "ttl_days": TTL_DAYS, "transform": TRANSFORM}
        roots = grouped_bakery.declare(folder / "roots", **changes)
        served = {"group": "bread_record", "version": 1, "as_known": "served"}
        grouped_bakery.take(roots, "cake_sales", [served])
        environment.setenv("USE_CASE_ROOTS", str(roots))
        with pytest.raises(
            InputsMissing, match=r"waits for bread_record v1 2024-03-23; .* jobs group --group bread_record"
        ):
            build()
        assert build_group()["rows"] == len(DAYS) * len(bakery.BREADS) - 2
        assert publish.run(PublishArguments(group="bread_record", version=1)).rows == 2
        for use_case in ("bakery_sales", "cake_sales"):
            built = build(use_case)
            assert (built["status"], built["expired"]) == ("built", EXPIRED)
        yield folder / "warehouse"


def test_a_rerun_of_the_group_or_of_who_takes_it_changes_nothing(chain: Path) -> None:
    version = DeltaTable(chain / "gold/bread_record_v1").version()
    again = build_group()
    assert (again["status"], again["table_version"]) == ("unchanged", version)
    assert {build(use_case)["status"] for use_case in ("bakery_sales", "cake_sales")} == {"unchanged"}
    assert stale.run(StaleArguments(use_case="bakery_sales")).status == "fresh"


def test_each_row_of_a_use_case_has_its_groups_values_of_its_day(chain: Path) -> None:
    expected = as_joined(of_group(chain))
    assert joined(chain, "bakery_sales") == joined(chain, "cake_sales") == expected
    assert [key for key, found in expected.items() if found == {(None, None)}] == [("spelt", LAST)]


def test_many_rows_are_built_and_joined_by_the_workers_to_the_same_digits(
    chain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = of_group(chain), joined(chain, "bakery_sales")
    for module in (batch, group_batch):
        monkeypatch.setattr(module, "COLLECTED_VALUES", 0)
    assert build_group(force=True)["rows"] == len(before[0])
    assert of_group(chain) == before[0]
    built = build(force=True)
    assert built["expired"] == EXPIRED
    assert joined(chain, "bakery_sales") == before[1]
    monkeypatch.undo()
    # Few rows of its own, and many of the group's.
    monkeypatch.setattr(row_limits, "IN_PROCESS_ROWS", 1)
    assert build(force=True)["expired"] == EXPIRED
    assert joined(chain, "bakery_sales") == before[1]


def test_the_groups_days_one_by_one_equal_the_range(chain: Path) -> None:
    before = of_group(chain)
    for day in DAYS:
        build_group(day, None, force=True)
    assert of_group(chain) == before


def test_a_day_on_which_no_key_is_known_is_built_and_counts_as_built(chain: Path) -> None:
    # The calendar starts here: nothing was sold before.
    assert [build_group(START, None)[name] for name in ("status", "rows")] == ["built", 0]
    assert build_group(START, None)["status"] == "unchanged"


def _with(change: Callable[[DataFrame], DataFrame]) -> Callable[..., DataFrame]:
    module: dict[str, Any] = {}
    exec(TRANSFORM, module)
    return lambda days, inputs: change(module["build"](days, inputs))


@pytest.mark.parametrize("values", [batch.COLLECTED_VALUES, 0], ids=["collected", "with the workers"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rows: rows.unionByName(rows), "expected each key at most once a day, found 2 key.s. more than once"),
        (lambda rows: rows.withColumn("partition", F.lit(START)), "expected rows of the days that are built"),
        (lambda rows: rows.withColumn("bread", F.lit(None).cast("string")), "expected bread to be never null"),
        (lambda rows: rows.withColumn("counts_5d", F.lit(float("inf"))), "feature counts_5d to be null or a number"),
        (lambda rows: rows.withColumn("bread", F.lit(1)), "expected bread of the key to be string"),
    ],
)
def test_a_transform_that_breaks_its_promise_is_named_and_nothing_is_written(
    chain: Path, monkeypatch: pytest.MonkeyPatch, change: Any, expected: str, values: int
) -> None:
    monkeypatch.setattr(group_batch, "COLLECTED_VALUES", values)
    module = transform.load(feature_groups.by_name("bread_record", 1))
    monkeypatch.setattr(module, "build", _with(change))
    monkeypatch.setattr(transform, "load", lambda _: module)
    before = DeltaTable(chain / "gold/bread_record_v1").version()
    with pytest.raises(TransformBroken, match=f"feature group bread_record v1: features.py: .*{expected}"):
        build_group(LAST, None, force=True)
    assert DeltaTable(chain / "gold/bread_record_v1").version() == before


def test_a_version_that_nobody_names_is_not_built_until_somebody_asks(
    chain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = chain.parent / "roots"
    monkeypatch.setattr(group_users, "trained_on", lambda group, use_case: [])
    folder = grouped_bakery.write_group(roots, version=2)
    try:
        assert build_group()["status"] == "unchanged"
        for use_case in ("bakery_sales", "cake_sales"):
            grouped_bakery.take(roots, use_case, [{"group": "bread_record", "version": 2}])
        told = build_group()
        assert told["status"] == "none" and "is retired: a newer version is declared" in told["message"]
        # A champion that was trained on it is somebody.
        monkeypatch.setattr(group_users, "trained_on", lambda group, use_case: ["champion 3 of bakery_sales"])
        assert build_group()["status"] == "unchanged"
    finally:
        for file in folder.iterdir():
            file.unlink() if file.is_file() else None
        grouped_bakery.take(roots, "bakery_sales", [{"group": "bread_record", "version": 1}])
        served = {"group": "bread_record", "version": 1, "as_known": "served"}
        grouped_bakery.take(roots, "cake_sales", [served])


# Last: it changes what the others compare.
def test_a_correction_restates_the_group_once_and_reaches_those_that_read_it_as_it_is_now(
    chain: Path, landing: Path, spark: SparkSession
) -> None:
    before = of_group(chain)
    bakery.write(landing, "bakery_sales_counted", CORRECTED, ["shop,bread,sold", "canal,rye,5000"])
    ingest(CORRECTED, CORRECTED, "bakery_sales_counted")
    told = {
        (one.table, one.partition): one.reasons for one in stale.run(StaleArguments(use_case="bakery_sales")).partitions
    }
    assert {day for table, day in told if table == "gold.bread_record_v1"} == set(DAYS[1:])
    assert f"bread_record v1 is stale: {DAYS[1]}" in told["gold.bakery_sales_features", DAYS[1]]
    planned = restate.run(RestateArguments(use_case="bakery_sales", dry_run=True))
    assert (planned.status, planned.groups) == ("planned", {"bread_record v1": DAYS[1:]})
    with pytest.MonkeyPatch.context() as patch:
        # Killed when the days are kept as they were, and not replaced yet.
        patch.setattr(group_batch.GroupBatch, "build", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            restate.run(RestateArguments(use_case="bakery_sales"))
    assert of_group(chain) == before
    assert restate.run(RestateArguments(use_case="bakery_sales")).features == DAYS[1:]
    assert stale.run(StaleArguments(use_case="bakery_sales")).status == "fresh"

    after = of_group(chain)
    assert {key for key in after if after[key] != before[key]} == {("rye", day) for day in DAYS[1:]}
    assert joined(chain, "bakery_sales") == as_joined(after)
    first = of_group(chain, "bread_record_v1_first")
    assert first.items() <= before.items() and {day for _, day in first} >= set(DAYS[1:])

    # Who takes it as it was served reads the sales too, and is restated for these, but keeps the group's values.
    other = restate.run(RestateArguments(use_case="cake_sales"))
    assert (other.groups, other.features) == ({}, DAYS[1:])
    assert joined(chain, "cake_sales") == as_joined(before)
    assert stale.run(StaleArguments(use_case="cake_sales")).status == "fresh"

    # What is served has been published with the restatement, and is what gold has.
    served = {row[0]: row[1:] for row in rows(chain, "bread_record_v1_serving", "bread", "sold_mean_5d", "counts_5d")}
    assert served == {bread: after[bread, LAST] for bread in ("rye", "wheat")}
    assert parity.run(ParityArguments(group="bread_record", version=1)).status == "equal"
    # And the housekeeping knows the tables, and reads those of gold by delta-rs and DuckDB.
    assert {"gold.bread_record_v1", "gold.bread_record_v1_first", "gold.bread_record_v1_serving", "ops.parity"} <= set(
        maintain.run(MaintainArguments()).tables
    )
    listed = groups.run(Arguments())
    assert [(one.group, one.newest_day, len(one.needed_by)) for one in listed.groups] == [("bread_record", LAST, 3)]


@pytest.fixture
def landing(chain: Path) -> Path:
    return chain.parent / "landing"
