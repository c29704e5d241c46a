"""The planes as documents give what the file of planes gives. The server is an emulator of MongoDB."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pymongo import MongoClient
from pyspark.sql import SparkSession

from include.flight_delays.demo import feed, planes_to_mongo
from jobs.extract import job as extract
from jobs.extract.arguments import ExtractArguments
from jobs.ingest import job as ingest
from jobs.ingest.arguments import IngestArguments
from tests.mongo_server import Server

DAY = dt.date(2013, 1, 1)


def silver(root: Path) -> list[dict[str, Any]]:
    columns = ["tailnum", "year", "type", "manufacturer", "model", "engines", "seats", "speed", "engine", "partition"]
    found = DeltaTable(root / "silver" / "planes").to_pyarrow_table(columns=columns).to_pylist()
    return sorted(found, key=lambda row: row["tailnum"])


def test_planes_from_mongodb_are_those_of_the_file(
    spark: SparkSession, mongo: Server, lakehouse_root: Path, landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGO_URI", mongo.uri)
    assert planes_to_mongo.main() == 0
    extract.run(ExtractArguments(source="planes", partition=DAY))
    result = ingest.run(IngestArguments(source="planes", partition=DAY)).as_json()
    assert (result["delivered_rows"], result["accepted_rows"]) == (3322, 3322)
    from_mongo = silver(lakehouse_root)

    monkeypatch.setenv("LAKEHOUSE_ROOT", str(lakehouse_root.parent / "from_file"))
    monkeypatch.setenv("LANDING_ROOT", str(lakehouse_root.parent / "landed"))
    feed.deliver(lakehouse_root.parent / "landed", DAY, DAY, ["planes"])
    ingest.run(IngestArguments(source="planes", partition=DAY))
    assert from_mongo == silver(lakehouse_root.parent / "from_file")


def test_repeating_it_changes_no_document(
    mongo: Server, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONGO_URI", mongo.uri)
    planes_to_mongo.main()
    planes_to_mongo.main()
    assert capsys.readouterr().out.splitlines()[-1].startswith("flights.planes: 0 planes written")
    with MongoClient[dict[str, Any]](mongo.uri) as client:
        plane = client.flights.planes.find_one({"_id": "N10156"})
    assert plane is not None
    assert (plane["year"], plane["seats"], plane["updated_at"]) == (2004, 55, dt.datetime(2012, 12, 31, 5))
    assert "speed" not in plane
