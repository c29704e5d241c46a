"""A key that was ingested, built into features and erased: its days are stale, and to restate them does not bring it back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from jobs.erase import job
from jobs.erase.arguments import EraseArguments
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.storage import arrow_dataset
from tests import byte_scan
from tests.byte_scan import Needle
from tests.jobs import bakery_days
from tests.jobs.bakery_days import DAY

FIRST = DAY - dt.timedelta(days=1)


def test_others_features_are_stale_and_the_key_does_not_come_back(
    arrived: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    bakery_days.build(FIRST, DAY)
    features = tables.features(loader.by_name("bakery_sales"))
    rows = arrow_dataset.read(features).to_pylist()
    shop, bread = rows[0]["shop"], rows[0]["bread"]
    needles = [Needle(shop, (shop,)), Needle(bread, (bread,))]
    assert byte_scan.found(arrived.parent, *needles, all_of=True)

    result = job.run(EraseArguments(source="bakery_plan", key=(f"{shop},{bread}",), reason="asked"))

    assert result.sources == ["bakery_plan", "bakery_sales_counted"]
    assert byte_scan.found(arrived.parent, *needles, all_of=True) == []
    listed = stale.run(StaleArguments(use_case="bakery_sales")).as_json()["partitions"]
    assert {str(one["partition"]) for one in listed if "features" in one["table"]} == {str(FIRST), str(DAY)}
    bakery_days.build(FIRST, DAY)
    after = arrow_dataset.read(features).to_pylist()
    assert len(after) == len(rows) - 2
    assert not any((row["shop"], row["bread"]) == (shop, bread) for row in after)
    assert byte_scan.found(arrived.parent, *needles, all_of=True) == []
