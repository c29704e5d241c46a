"""Features are built from what had arrived, from the days they may read, and only when something changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.features import batch, job
from jobs.features.arguments import FeaturesArguments
from lakehouse.declaration import loader, transform
from lakehouse.errors import InputsMissing, TransformBroken
from tests.jobs.bakery_days import DAY, START, ingest
from tests.use_cases import bakery


def build(first: dt.date = DAY, through: dt.date | None = None) -> dict[str, object]:
    return job.run(FeaturesArguments(use_case="bakery_sales", partition=first, through=through)).as_json()


def features(root: Path, day: dt.date = DAY) -> list[dict[str, object]]:
    table = DeltaTable(root / "gold/bakery_sales_features").to_pyarrow_table(filters=[("partition", "=", day)])
    rows = table.drop_columns(["inputs_fingerprint"]).to_pylist()
    return sorted(rows, key=lambda row: (row["shop"], row["bread"]))


def test_a_day_has_one_row_an_entity_stamped_with_its_local_midnight(arrived: Path) -> None:
    assert build()["rows"] == len(bakery.SHOPS) * len(bakery.BREADS)
    rows = features(arrived)
    assert {row["prediction_time"] for row in rows} == {dt.datetime(2024, 3, 24, 23, tzinfo=dt.UTC)}


def test_building_again_changes_nothing_and_a_correction_rebuilds_what_may_read_it(
    arrived: Path, landing_root: Path
) -> None:
    last = DAY + dt.timedelta(days=1)
    build(DAY, last)
    assert build(DAY, last)["status"] == "unchanged"
    # Of these two days only the later one may read the sales of seven days before itself.
    corrected = last - dt.timedelta(days=7)
    bakery.write(landing_root, "bakery_sales_counted", corrected, ["shop,bread,sold", "canal,rye,500"])
    ingest(corrected, corrected, "bakery_sales_counted")
    again = build(DAY, last)
    assert (again["status"], again["days"]) == ("built", 1)


def test_a_range_equals_its_days_one_by_one(arrived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = [DAY + dt.timedelta(days=offset) for offset in range(3)]
    build(days[0], days[-1])
    in_range = [features(arrived, day) for day in days]
    for day in days:
        job.run(FeaturesArguments(use_case="bakery_sales", partition=day, force=True)).as_json()
    assert [features(arrived, day) for day in days] == in_range


def test_rows_that_are_collected_equal_rows_that_stay_with_the_workers(
    arrived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = DAY + dt.timedelta(days=1)
    days = (DAY, last)
    assert build(DAY, last)["rows"] == len(days) * len(bakery.SHOPS) * len(bakery.BREADS)
    collected = [features(arrived, day) for day in days]
    monkeypatch.setattr(batch, "COLLECTED_VALUES", 0)
    job.run(FeaturesArguments(use_case="bakery_sales", partition=DAY, through=last, force=True))
    assert [features(arrived, day) for day in days] == collected


def test_nothing_known_later_changes_a_value(arrived: Path, landing_root: Path) -> None:
    """Add, change and delete everything that became known after the prediction time; build again; compare."""
    build()
    before = features(arrived)
    unknown = [DAY - dt.timedelta(days=back) for back in range(7)] + [DAY + dt.timedelta(days=1)]
    for number, day in enumerate(unknown):
        rows = [f"{shop},{bread},{900 + number}" for shop in bakery.SHOPS for bread in bakery.BREADS]
        kept = rows[: len(rows) // 2] if number % 2 else [*rows, "newshop,rye,999"]
        for log in (landing_root / "bakery_sales_counted").glob(f"{day}*"):
            log.unlink()
        bakery.write(landing_root, "bakery_sales_counted", day, ["shop,bread,sold", *kept])
        ingest(day, day, "bakery_sales_counted")
    later = DeltaTable(arrived / "silver/bakery_sales_counted")
    later.delete(f"partition = '{unknown[2]}'")
    DeltaTable(arrived / "silver/bakery_plan").delete(f"partition > '{DAY}'")
    job.run(FeaturesArguments(use_case="bakery_sales", partition=DAY, force=True)).as_json()
    assert features(arrived) == before


def test_a_day_is_not_built_on_inputs_that_have_not_arrived(
    spark: SparkSession, lakehouse_root: Path, landing_root: Path
) -> None:
    bakery.deliver(landing_root, START, DAY)
    ingest(START, DAY - dt.timedelta(days=8))
    ingest(DAY, DAY, "bakery_plan")
    with pytest.raises(InputsMissing, match="2024-03-25 waits for bakery_sales_counted 2024-03-18"):
        build()
    assert not (lakehouse_root / "gold").exists()


def _without_a_column(days: DataFrame, inputs: dict[str, DataFrame]) -> DataFrame:
    return inputs["bakery_plan"].join(days, "partition", "left_semi").select("shop", "bread", "partition", "planned")


def _with_a_row_lost(days: DataFrame, inputs: dict[str, DataFrame]) -> DataFrame:
    plan = inputs["bakery_plan"].join(days, "partition", "left_semi").where("shop <> 'canal'")
    return plan.select(
        "shop", "bread", "partition", "planned", "price", F.lit(1).alias("day_of_week"), F.lit(1).alias("sold_mean_14d")
    )


def _with(**columns: object) -> Callable[..., DataFrame]:
    """A transform that is right but for these columns."""

    def build(days: DataFrame, inputs: dict[str, DataFrame]) -> DataFrame:
        plan = inputs["bakery_plan"].join(days, "partition", "left_semi")
        right = {"day_of_week": F.lit(1), "sold_mean_14d": F.lit(None)}
        made = {**right, **{name: make if name == "twice" else make() for name, make in columns.items()}}
        twice = [F.col("price")] if made.pop("twice", False) else []
        names = ["shop", "bread", "partition", "planned", "price", "day_of_week", "sold_mean_14d"]
        return plan.withColumns(made).select(*names, *twice)

    return build


def _with_each_row_twice(days: DataFrame, inputs: dict[str, DataFrame]) -> DataFrame:
    right = _with()(days, inputs)
    return right.unionByName(right)


@pytest.mark.parametrize("values", [batch.COLLECTED_VALUES, 0], ids=["collected", "with the workers"])
@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (_without_a_column, "missing: day_of_week, price, sold_mean_14d"),
        (_with_a_row_lost, "expected one row for each of the 18 entities of 2024-03-25, found 15 rows, 3 keys differ"),
        (
            _with_each_row_twice,
            "expected one row for each of the 18 entities of 2024-03-25, found 36 rows, 18 keys differ",
        ),
        (
            _with(price=lambda: F.when(F.col("shop") == "canal", F.lit(float("inf"))).otherwise(F.col("price"))),
            "expected feature price to be null or a number between .*; 3 row.s. of 2024-03-25 have another value",
        ),
        (
            _with(planned=lambda: F.lit(-1e39)),
            "expected feature planned to be null or a number .*; 18 row.s. of 2024-03-25",
        ),
        (_with(price=lambda: F.lit("abc")), "expected feature price to be a number, found string"),
        (_with(price=lambda: F.col("planned") > 3), "expected feature price to be a number, found boolean"),
        (_with(price=lambda: F.current_timestamp()), "expected feature price to be a number, found timestamp"),
        (_with(twice=True), "expected each column once, found twice: price"),
        (
            _with(shop=lambda: F.when(F.col("shop") != "canal", F.col("shop"))),
            "expected shop to be never null, it identifies the row; 3 row.s. of 2024-03-25",
        ),
        (_with(shop=lambda: F.lit(1)), "expected shop of the key to be string as in its source, found int"),
        (_with(partition=lambda: F.lit(None).cast("date")), "expected partition to be never null, .*; 18 row.s. have"),
        (_with(partition=lambda: F.lit("2024-03-25")), "expected partition to be a date, found string"),
        (lambda days, inputs: None, "expected build.. to return a DataFrame, found NoneType"),
    ],
)
def test_a_transform_that_breaks_its_promise_is_named_and_nothing_is_written(
    arrived: Path, monkeypatch: pytest.MonkeyPatch, broken: object, expected: str, values: int
) -> None:
    monkeypatch.setattr(batch, "COLLECTED_VALUES", values)
    module = transform.load(loader.by_name("bakery_sales"))
    monkeypatch.setattr(module, "build", broken)
    monkeypatch.setattr(transform, "load", lambda _: module)
    with pytest.raises(TransformBroken, match=expected):
        build()
    assert not (arrived / "gold/bakery_sales_features").exists()


@pytest.mark.parametrize("number", ["decimal(6,2)", "bigint"])
def test_a_feature_of_any_numeric_type_is_a_feature(
    arrived: Path, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    module = transform.load(loader.by_name("bakery_sales"))
    monkeypatch.setattr(module, "build", _with(day_of_week=lambda: F.lit(2).cast(number)))
    monkeypatch.setattr(transform, "load", lambda _: module)
    build()
    assert {row["day_of_week"] for row in features(arrived)} == {2.0}
