"""Features read the snapshot of a reference table that was known on their day, and no key that it left out."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
import yaml
from deltalake import DeltaTable

from jobs.features import job
from jobs.features.arguments import FeaturesArguments
from tests.jobs.bakery_days import DAY, ingest
from tests.use_cases import bakery

DAYS = [DAY + dt.timedelta(days=number) for number in range(4)]
TRANSFORM = """
from pyspark.sql import Window
from pyspark.sql import functions as F

def build(days, inputs):
    plan = inputs["bakery_plan"].join(days, "partition", "left_semi").select("shop", "bread", "partition")
    shops = inputs["bakery_shops"].select("shop", "ovens", F.col("partition").alias("since"))
    known = plan.join(shops, "shop", "left").where("since is null or since <= partition")
    newest = Window.partitionBy("shop", "bread", "partition").orderBy(F.col("since").desc_nulls_last())
    ovens = known.withColumn("n", F.row_number().over(newest)).where("n = 1")
    return plan.join(ovens.select("shop", "bread", "partition", "ovens"), ["shop", "bread", "partition"], "left")
"""


@pytest.fixture
def with_shops(arrived: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bakery, whose only feature is the number of a shop's ovens, of which snapshots come now and then."""
    folder = arrived.parent / "with_shops" / "bakery_sales"
    shutil.copytree(Path(bakery.__file__).parent / "bakery_sales", folder)
    content = yaml.safe_load((folder / "use_case.yaml").read_text())
    shops = next(source for source in content["sources"] if source["name"] == "bakery_shops")
    del shops["mongo"]
    shops |= {"delivers": "snapshot", "columns": shops["columns"][:2]}
    content |= {
        "inputs": [{"source": "bakery_plan"}, {"source": "bakery_shops"}],
        "features": [{"name": "ovens", "description": "ovens of the shop"}],
    }
    (folder / "use_case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    (folder / "features.py").write_text(TRANSFORM)
    monkeypatch.setenv("USE_CASE_ROOTS", str(folder.parent))
    return arrived


def snapshot(landing: Path, day: dt.date, *rows: str) -> None:
    bakery.write(landing, "bakery_shops", day, ["shop,ovens", *rows])
    ingest(day, day, "bakery_shops")


def build(first: dt.date, last: dt.date) -> dict[str, object]:
    return job.run(FeaturesArguments(use_case="bakery_sales", partition=first, through=last)).as_json()


def ovens(root: Path) -> list[dict[str, float | None]]:
    """The ovens of each shop that has some, by day."""
    rows = DeltaTable(root / "gold/bakery_sales_features").to_pyarrow_table().to_pylist()
    return [
        {str(row["shop"]): row["ovens"] for row in rows if row["partition"] == day and row["ovens"] is not None}
        for day in DAYS
    ]


def test_a_range_reads_for_each_day_the_snapshot_that_was_known_then(with_shops: Path, landing_root: Path) -> None:
    snapshot(landing_root, DAYS[0], "canal,3", "market,2")
    snapshot(landing_root, DAYS[2], "canal,4")
    assert build(DAYS[0], DAYS[-1])["days"] == 4
    both, one = {"canal": 3.0, "market": 2.0}, {"canal": 4.0}
    assert ovens(with_shops) == [both, both, one, one]
    # A corrected snapshot makes the days stale that read it, and no others.
    snapshot(landing_root, DAYS[0], "market,5")
    assert build(DAYS[0], DAYS[-1])["days"] == 2
    assert ovens(with_shops) == [{"market": 5.0}, {"market": 5.0}, one, one]
