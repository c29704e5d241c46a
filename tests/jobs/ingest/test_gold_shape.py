"""Gold tables follow a declaration: keys of another type, features that are no more."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.ingest import migrate
from jobs.ingest.arguments import MigrateArguments
from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.errors import MigrationNeeded, MigrationRefused
from lakehouse.storage import arrow_dataset, commits, delta_log, table_shape
from lakehouse.storage.sql_quoting import days_condition
from tests.use_cases import bakery

DAY = dt.date(2024, 3, 5)


@pytest.fixture
def declaration(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = lakehouse_root.parent / "changed" / "bakery_sales"
    shutil.copytree(Path(bakery.__file__).parent / "bakery_sales", folder)
    monkeypatch.setenv("USE_CASE_ROOTS", str(folder.parent))
    return folder / "use_case.yaml"


def change(file: Path, **sections: Any) -> None:
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **sections}, sort_keys=False))


def built(shop: str) -> None:
    """A day of features with one row."""
    table = tables.features(loader.by_name("bakery_sales"))
    row = {name: 1.0 for name in loader.by_name("bakery_sales").feature_names}
    row |= {"shop": shop, "bread": "rye", "partition": DAY, tables.INPUTS_FINGERPRINT: "x"}
    commits.replace_rows(table, [{**row, "prediction_time": dt.datetime.now(dt.UTC)}], days_condition([DAY]))


def retyped(file: Path) -> None:
    """The shop is a number from now on."""
    sources = yaml.safe_load(file.read_text())["sources"]
    for source in sources:
        source["columns"] = [
            {"name": "shop", "type": "int"} if column["name"] == "shop" else column for column in source["columns"]
        ]
    change(file, sources=sources)


def run(**more: bool) -> migrate.MigrateResult:
    return migrate.run(MigrateArguments(use_case="bakery_sales", **more))


def test_a_feature_that_is_no_more_leaves_the_table_by_the_command(declaration: Path) -> None:
    built("canal")
    features = yaml.safe_load(declaration.read_text())["features"]
    change(declaration, features=[one for one in features if one["name"] != "price"])
    assert run(dry_run=True).changes == ["gold.bakery_sales_features has a column price that is declared no longer"]
    assert run().status == "migrated"
    table = tables.features(loader.by_name("bakery_sales"))
    assert delta_log.column_names(table) == set(table.column_names)
    assert arrow_dataset.read(table).column("planned").to_pylist() == [1.0]
    assert run().status == "fits"


def test_a_key_of_another_type_stops_the_write_and_keeps_its_rows(declaration: Path) -> None:
    built("7")
    retyped(declaration)
    table = tables.features(loader.by_name("bakery_sales"))
    with pytest.raises(MigrationNeeded, match="shop is string, expected int32"):
        table_shape.ensure(table)
    run()
    assert arrow_dataset.read(table).column("shop").to_pylist() == [7]


def test_a_key_that_can_not_be_of_its_new_type_is_named(declaration: Path) -> None:
    built("canal")
    retyped(declaration)
    with pytest.raises(
        MigrationRefused, match=r"gold\.bakery_sales_features: expected every value of shop on 2024-03-05"
    ):
        run()
