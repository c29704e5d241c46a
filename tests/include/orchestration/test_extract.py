"""The task reads through Airflow's own hook. The server is an emulator of MongoDB (tests/mongo_server.py)."""

import datetime as dt
import gzip

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from pymongo import MongoClient

from include.orchestration.extract import ExtractOperator

LONG_AGO = dt.datetime(2024, 2, 1, tzinfo=dt.UTC)


@pytest.fixture
def depots(lakehouse_root, parcels, mongo, monkeypatch):
    """The collection of the source depots, and a connection to it."""
    monkeypatch.setenv("AIRFLOW_CONN_MONGO_DEFAULT", mongo.uri.replace("mongodb://", "mongo://"))
    with MongoClient(mongo.uri) as client:
        yield client["parcels"]["depots"]


def extract(**options):
    operator = ExtractOperator(task_id="extract", source="depots", **{"partition": "2024-03-01", **options})
    return operator.execute({})


def test_lands_what_the_connection_gives(depots, landing_root):
    depots.insert_one({"_id": 1, "depot": "Oslo", "updated_at": LONG_AGO})
    result = extract()
    assert (result["documents"], result["undated_documents"]) == (1, 0)
    lines = gzip.decompress((landing_root / "depots" / "2024-03-01.jsonl.gz").read_bytes()).decode().splitlines()
    assert lines[1] == '{"_id":1,"depot":"Oslo","updated_at":{"$date":"2024-02-01T00:00:00Z"}}'


def test_a_range_is_one_delivery_of_its_last_day(depots, landing_root):
    depots.insert_one({"depot": "Oslo", "updated_at": LONG_AGO})
    assert extract(through="2024-03-05")["file"].endswith("2024-03-05.jsonl.gz")


def test_an_empty_window_says_so_and_lets_files_be_taken(depots):
    depots.insert_one({"depot": "Oslo", "updated_at": LONG_AGO + dt.timedelta(days=300)})
    assert extract()["message"].startswith("no document in mongodb parcels.depots updated_at from the beginning until")


def test_without_a_connection_it_is_skipped_in_words(lakehouse_root, parcels, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_MONGO_DEFAULT", raising=False)
    with pytest.raises(
        AirflowSkipException, match="no connection mongo_default, so depots is not read from MongoDB: files"
    ):
        extract()


def test_an_unknown_collection_fails_without_retries(depots):
    with pytest.raises(AirflowFailException, match=r"^SourceRefused: source depots: expected a collection depots"):
        extract()


def test_a_server_that_is_gone_is_tried_again_and_no_message_holds_the_password(depots, mongo, monkeypatch):
    address = mongo.uri.replace("mongodb://", "mongo://ann:s3cret@")
    monkeypatch.setenv("AIRFLOW_CONN_MONGO_DEFAULT", f"{address}?serverSelectionTimeoutMS=200")
    mongo.lose()
    with pytest.raises(AirflowException, match=r"^SourceUnavailable: source depots") as caught:
        extract()
    assert not isinstance(caught.value, AirflowFailException)
    told = caught.value
    while told is not None:
        assert "s3cret" not in f"{told!r}"
        told = told.__cause__ or told.__context__


@pytest.mark.parametrize("day", ["", "2024-3-1x"])
def test_a_run_without_a_proper_day_says_what_to_fill_in(depots, day):
    with pytest.raises(AirflowFailException, match="day"):
        extract(partition=day)
