"""From a collection to silver and the rejects: extract lands a window, ingest takes it in, and the books add up.

The server is an emulator of MongoDB (tests/mongo_server.py).
"""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId
from deltalake import DeltaTable
from pymongo import MongoClient
from pyspark.sql import SparkSession

from jobs.__main__ import main
from jobs.extract import job as extract_job
from jobs.extract.arguments import ExtractArguments
from jobs.ingest import job as ingest_job
from jobs.ingest.arguments import IngestArguments
from lakehouse.errors import BadArguments, DeliveryRejected
from lakehouse.ops import deliveries
from tests.mongo_server import Server

DAY = dt.date(2024, 3, 5)
# Before the Paris midnight that starts DAY, in UTC.
BEFORE = dt.datetime(2024, 3, 4, 12, tzinfo=dt.UTC)
PERSON = ObjectId("65e5a1b2c3d4e5f601234567")


@pytest.fixture
def shops(mongo: Server, landing_root: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The collection of the source bakery_shops."""
    monkeypatch.setenv("MONGO_URI", mongo.uri)
    with MongoClient(mongo.uri) as client:
        yield client["bakery"]["shops"]


def extract(day: dt.date = DAY, through: dt.date | None = None) -> dict[str, Any]:
    return extract_job.run(ExtractArguments(source="bakery_shops", partition=day, through=through)).as_json()


def ingest(day: dt.date = DAY) -> dict[str, Any]:
    return ingest_job.run(IngestArguments(source="bakery_shops", partition=day)).as_json()


def rows(root: Path, table: str) -> list[dict[str, Any]]:
    return list(DeltaTable(root / table).to_pyarrow_table().to_pylist())


GOOD: dict[str, dict[str, Any]] = {
    "whole": {
        "ovens": 3,
        "rent": Decimal128("1250.50"),
        "opened": dt.datetime(1999, 5, 1, 7, 30, tzinfo=dt.UTC),
        "outdoors": True,
        "manager": PERSON,
        "address": {"street": "Quai 7", "floor": 1.5, "at": {"lat": Decimal128("48.1")}},
        "breads": ["rye", 2, None, {"spelt": False}],
    },
    "missing": {},
    "null": dict.fromkeys(("ovens", "rent", "opened", "outdoors", "manager", "address", "breads")),
    "long": {"ovens": Int64(4), "rent": 7, "opened": dt.datetime(1931, 1, 1, tzinfo=dt.UTC), "unheard": {"of": [1]}},
    "mixed": {
        "ovens": "5",
        "rent": "8.5",
        "opened": "2001-02-03 00:00",
        "manager": "Ann",
        "address": "Rue 1",
        "breads": 3,
    },
}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "words": ({"ovens": "many"}, "ovens: expected an int, found 'many'"),
    "fraction": ({"ovens": 2.5}, "ovens: expected an int, found '2.5'"),
    "huge": ({"ovens": Int64(2**40)}, "ovens: expected an int, found '1099511627776'"),
    "nan": ({"rent": float("nan")}, "rent: expected a finite number, found 'NaN'"),
    "endless": ({"rent": Decimal128("Infinity")}, "rent: expected a finite number"),
    "listed": ({"rent": [1, 2]}, "rent: expected a double, found '[1,2]'"),
    "idle": ({"opened": PERSON}, f"opened: expected a timestamp, found '{PERSON}'"),
    "nested": ({"outdoors": {"summer": True}}, "outdoors: expected a boolean, found '{\"summer\":true}'"),
}


def test_every_type_arrives_or_is_rejected_with_a_reason(spark: SparkSession, lakehouse_root: Path, shops: Any) -> None:
    shops.insert_many([{"shop": shop, "changed": BEFORE, **fields} for shop, fields in GOOD.items()])
    shops.insert_many([{"shop": shop, "changed": BEFORE, **fields} for shop, (fields, _) in BAD.items()])
    # No text at all, a text with a NUL, no shop, and a date that Python does not have.
    shops.insert_many([{"shop": 5, "changed": BEFORE}, {"shop": "a\0b", "changed": BEFORE}, {"changed": BEFORE}])
    assert extract()["documents"] == 16
    counted = ingest()
    assert (counted["delivered_rows"], counted["accepted_rows"], counted["rejected_rows"]) == (16, 5, 11)

    silver = {row["shop"]: row for row in rows(lakehouse_root, "silver/bakery_shops")}
    assert sorted(silver) == sorted(GOOD)
    whole = silver["whole"]
    assert (whole["ovens"], whole["rent"], whole["outdoors"], whole["manager"]) == (3, 1250.5, True, str(PERSON))
    assert whole["opened"] == dt.datetime(1999, 5, 1, 7, 30, tzinfo=dt.UTC)
    assert whole["address"] == '{"street":"Quai 7","floor":1.5,"at":{"lat":{"$numberDecimal":"48.1"}}}'
    assert whole["breads"] == '["rye",2,null,{"spelt":false}]'
    columns = ("ovens", "rent", "opened", "outdoors", "manager", "address", "breads")
    assert {silver[shop][name] for shop in ("missing", "null") for name in columns} == {None}
    assert (silver["long"]["ovens"], silver["long"]["opened"]) == (4, dt.datetime(1931, 1, 1, tzinfo=dt.UTC))
    assert (silver["mixed"]["ovens"], silver["mixed"]["manager"], silver["mixed"]["breads"]) == (5, "Ann", "3")

    reasons = sorted(row["reasons"] for row in rows(lakehouse_root, "silver/bakery_shops_rejects"))
    expected = [why for _, why in BAD.values()] + ["shop: expected the form", "NUL byte", "shop: expected a value"]
    for why in expected:
        assert any(why in reason for reason in reasons), (why, reasons)

    bronze = {row["shop"]: row for row in rows(lakehouse_root, "bronze/bakery_shops")}
    assert '"unheard":{"of":[1]}' in bronze["long"]["extra"]
    assert bronze["whole"]["raw"].startswith('{"_id":{"$oid":"')


def test_the_ledger_adds_up_and_names_the_window(spark: SparkSession, lakehouse_root: Path, shops: Any) -> None:
    shops.insert_many([{"shop": "canal", "changed": BEFORE}, {"shop": "market", "ovens": "many", "changed": BEFORE}])
    result = extract()
    ingest()
    (line,) = deliveries.lines_of(["bakery_shops"])
    assert line.origin == "mongodb bakery.shops changed from the beginning until 2024-03-04T23:00:00Z"
    assert result["origin"] == line.origin
    assert (line.delivered_rows, line.accepted_rows, line.rejected_rows, line.status) == (2, 1, 1, deliveries.INGESTED)


def test_the_next_window_takes_only_what_has_changed(spark: SparkSession, lakehouse_root: Path, shops: Any) -> None:
    shops.insert_many([{"shop": "canal", "ovens": 1, "changed": BEFORE}, {"shop": "market", "changed": BEFORE}])
    extract()
    ingest()
    later = BEFORE + dt.timedelta(days=1)
    shops.update_one({"shop": "canal"}, {"$set": {"ovens": 2, "changed": later}})
    # Not yet: of the day after.
    shops.insert_one({"shop": "school", "changed": BEFORE + dt.timedelta(days=2)})
    tomorrow = DAY + dt.timedelta(days=1)
    result = extract(tomorrow)
    assert result["documents"] == 1
    assert result["origin"].endswith("from 2024-03-04T23:00:00Z until 2024-03-05T23:00:00Z")
    ingest(tomorrow)
    silver = {(row["shop"], row["partition"]): row["ovens"] for row in rows(lakehouse_root, "silver/bakery_shops")}
    assert silver == {("canal", DAY): 1, ("market", DAY): None, ("canal", tomorrow): 2}


def test_a_window_that_was_not_ingested_or_was_refused_is_read_again_with_the_next(
    spark: SparkSession, lakehouse_root: Path, shops: Any
) -> None:
    shops.insert_many([{"shop": "5", "changed": BEFORE}, {"shop": "6", "changed": BEFORE}])
    extract()
    with pytest.raises(DeliveryRejected, match=r"mongodb bakery\.shops changed from .*: expected at most 70% rejected"):
        ingest()
    assert extract(DAY + dt.timedelta(days=3))["documents"] == 2


def test_the_same_extraction_again_gives_the_same_bytes_and_ingest_leaves_them_alone(
    spark: SparkSession, lakehouse_root: Path, shops: Any
) -> None:
    shops.insert_many([{"shop": shop, "changed": BEFORE} for shop in ("canal", "market", "school", "castle")])
    file = Path(extract()["file"])
    first = file.read_bytes()
    ingest()
    extract()
    assert file.read_bytes() == first
    assert ingest()["status"] == "unchanged"


def test_a_range_is_one_window_that_lands_as_its_last_day(spark: SparkSession, landing_root: Path, shops: Any) -> None:
    shops.insert_many([{"shop": "canal", "changed": BEFORE + dt.timedelta(days=day)} for day in range(5)])
    result = extract(DAY, DAY + dt.timedelta(days=2))
    assert (result["documents"], Path(result["file"]).name) == (3, "2024-03-07.jsonl.gz")
    assert [file.name for file in (landing_root / "bakery_shops").iterdir()] == ["2024-03-07.jsonl.gz"]


def test_an_empty_window_lands_nothing_and_says_so(landing_root: Path, shops: Any) -> None:
    shops.insert_one({"shop": "canal", "changed": BEFORE + dt.timedelta(days=9)})
    result = extract()
    assert result["status"] == "none"
    assert (
        result["message"] == "no document in mongodb bakery.shops changed from the beginning until 2024-03-04T23:00:00Z"
    )
    assert list((landing_root / "bakery_shops").iterdir()) == []


def test_an_extracted_file_that_lost_its_end_is_refused(spark: SparkSession, landing_root: Path, shops: Any) -> None:
    shops.insert_many([{"shop": "canal", "changed": BEFORE}, {"shop": "market", "changed": BEFORE}])
    file = Path(extract()["file"])
    whole = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(whole[: whole.index(b'{"$extracted"')]))
    with pytest.raises(DeliveryRejected, match="truncated: expected a last line"):
        ingest()


def test_a_hidden_partial_is_no_delivery(spark: SparkSession, landing_root: Path, shops: Any) -> None:
    shops.insert_one({"shop": "canal", "changed": BEFORE})
    file = Path(extract()["file"])
    file.rename(file.with_name(f".{file.name}.partial"))
    assert ingest()["status"] == "none"
    # What a kill left is written over.
    extract()
    assert [left.name for left in file.parent.iterdir()] == [file.name]
    assert ingest()["accepted_rows"] == 1


def test_json_lines_from_anybody_are_taken_in(spark: SparkSession, lakehouse_root: Path, landing_root: Path) -> None:
    (landing_root / "bakery_plan").mkdir(parents=True)
    file = landing_root / "bakery_plan" / f"{DAY}.jsonl"
    file.write_text('{"shop":"canal","bread":"rye","planned":3,"price":4.10}\n')
    ingest_job.run(IngestArguments(source="bakery_plan", partition=DAY)).as_json()
    (row,) = rows(lakehouse_root, "silver/bakery_plan")
    assert (row["planned"], row["price"]) == (3, 4.1)
    (line,) = deliveries.lines_of(["bakery_plan"])
    assert line.origin == str(file)


def test_without_an_address_or_a_declared_collection_it_says_what_to_do(
    landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MONGO_URI", raising=False)
    with pytest.raises(BadArguments, match="MONGO_URI: expected the address of a MongoDB server"):
        extract()
    monkeypatch.setenv("MONGO_URI", "mongodb://127.0.0.1:1/")
    with pytest.raises(BadArguments, match="bakery_plan: expected a section mongo"):
        extract_job.run(ExtractArguments(source="bakery_plan", partition=DAY)).as_json()


@pytest.mark.parametrize(
    ("uri", "error", "code"),
    [
        ("mongodb://ann:s3cr/et@127.0.0.1:1/", "SourceRefused", 17),
        ("postgres://ann:s3cret@127.0.0.1:1/", "SourceRefused", 17),
        ("mongodb://ann:s3cret@127.0.0.1:1/?serverSelectionTimeoutMS=100", "SourceUnavailable", 16),
    ],
    ids=["bad password encoding", "another scheme", "nobody there"],
)
def test_no_error_shows_the_password(
    landing_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, caplog: Any, uri: str, error: str, code: int
) -> None:
    monkeypatch.setenv("MONGO_URI", uri)
    assert main(["extract", "--source", "bakery_shops", "--partition", str(DAY)]) == code
    told = capsys.readouterr().err
    assert f"ERROR {error}: " in told
    assert "s3cr" not in told + caplog.text
