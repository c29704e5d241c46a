"""Features are built of exactly the population: of the day's rows those where the declared condition holds."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
import yaml
from deltalake import DeltaTable

from jobs.features import batch, job
from jobs.features.arguments import FeaturesArguments
from lakehouse.declaration import loader
from lakehouse.staleness import nobody
from lakehouse.storage import spark_tables
from tests.jobs.bakery_days import DAY, ingest
from tests.use_cases import bakery


def declare(arrived: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """The bakery with this condition on its population."""
    folder = arrived.parent / "some" / "bakery_sales"
    shutil.copytree(Path(bakery.__file__).parent / "bakery_sales", folder)
    content = yaml.safe_load((folder / "use_case.yaml").read_text())
    content["entity"]["where"] = where
    (folder / "use_case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    monkeypatch.setenv("USE_CASE_ROOTS", str(folder.parent))


@pytest.mark.parametrize("few", [True, False], ids=["in process", "with the workers"])
def test_a_condition_leaves_rows_of_the_day_out(
    arrived: Path, landing_root: Path, monkeypatch: pytest.MonkeyPatch, few: bool
) -> None:
    declare(arrived, monkeypatch, "bread <> 'rye' and (weekday(partition) < 1 or shop <> 'canal')")
    if not few:
        monkeypatch.setattr(batch, "COLLECTED_VALUES", 0)
        monkeypatch.setattr(spark_tables, "GIVEN_ROWS", 0)
    # Monday and Tuesday.
    last = DAY + dt.timedelta(days=1)
    assert DAY.weekday() == 0
    built = job.run(FeaturesArguments(use_case="bakery_sales", partition=DAY, through=last))
    found = DeltaTable(arrived / "gold/bakery_sales_features").to_pyarrow_table().to_pylist()
    expected = {
        (day, shop, bread)
        for day in (DAY, last)
        for shop in bakery.SHOPS
        for bread in bakery.BREADS
        if bread != "rye" and (day == DAY or shop != "canal")
    }
    assert {(row["partition"], row["shop"], row["bread"]) for row in found} == expected
    assert built.rows == len(found) == len(expected)
    # A corrected plan changes the population of its day alone.
    bakery.write(
        landing_root, "bakery_plan", last, ["shop,bread,planned,price", "castle,spelt,1,2.5", "depot,wheat,5,2.5"]
    )
    ingest(last, last, "bakery_plan")
    again = job.run(FeaturesArguments(use_case="bakery_sales", partition=DAY, through=last))
    assert (again.days, again.rows) == (1, len([one for one in expected if one[0] == last]) + 1)


def test_a_day_on_which_the_condition_leaves_nobody_is_built_once_and_again_when_somebody_comes(
    arrived: Path, landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(arrived, monkeypatch, "weekday(partition) < 1 or shop = 'depot'")
    tuesday = DAY + dt.timedelta(days=1)
    asked = FeaturesArguments(use_case="bakery_sales", partition=DAY, through=tuesday)
    assert job.run(asked).status == "built"
    assert nobody.days(loader.by_name("bakery_sales"), [DAY, tuesday]) == [tuesday]
    assert job.run(asked).status == "unchanged"

    bakery.write(landing_root, "bakery_plan", tuesday, ["shop,bread,planned,price", "depot,wheat,5,2.5"])
    ingest(tuesday, tuesday, "bakery_plan")
    again = job.run(asked)
    assert (again.days, again.rows) == (1, 1)
    assert nobody.days(loader.by_name("bakery_sales"), [DAY, tuesday]) == []
