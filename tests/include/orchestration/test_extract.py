"""The task reads through Airflow's own hook. The server is an emulator of MongoDB (tests/mongo_server.py)."""

import datetime as dt
import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from pymongo import MongoClient

from include.orchestration.extract import ExtractOperator
from lakehouse.ops import deliveries
from tests.kafka_server import PASSWORD, USER

LONG_AGO = dt.datetime(2024, 2, 1, tzinfo=dt.UTC)


@pytest.fixture
def depots(lakehouse_root, parcels, mongo, monkeypatch):
    """The collection of the source depots, and a connection to it."""
    monkeypatch.setenv("AIRFLOW_CONN_MONGO_DEFAULT", mongo.uri.replace("mongodb://", "mongo://"))
    with MongoClient(mongo.uri) as client:
        yield client["parcels"]["depots"]


def extract(**options):
    operator = ExtractOperator(task_id="extract", **{"source": "depots", "partition": "2024-03-01", **options})
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


@pytest.fixture
def lorries(lakehouse_root, parcels, tmp_path, monkeypatch):
    """The table of the source parcel_lorries, and a connection to it."""
    # The task gives its process the address, and a process of the test's own goes on.
    monkeypatch.setenv("NIGHTJAR_CONNECTION_FLEET", "")
    monkeypatch.setenv("AIRFLOW_CONN_FLEET", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "fleet.db")}))
    with closing(sqlite3.connect(tmp_path / "fleet.db", isolation_level=None)) as fleet:
        fleet.execute("CREATE TABLE lorries (lorry TEXT, changed TEXT)")
        yield fleet


def test_a_table_is_read_through_the_connection_of_its_name(lorries, landing_root):
    lorries.execute("INSERT INTO lorries VALUES ('L1', '2024-02-01 12:00:00')")
    result = extract(source="parcel_lorries")
    assert result["origin"] == "sql fleet lorries changed from the beginning until 2024-02-29T23:00:00Z"
    lines = gzip.decompress(Path(result["file"]).read_bytes()).decode().splitlines()
    assert lines[1] == '{"lorry":"L1","changed":"2024-02-01 12:00:00"}'


def test_a_table_without_changes_or_without_a_connection_lets_files_be_taken(lorries, monkeypatch):
    assert extract(source="parcel_lorries")["message"].startswith(
        "no row in sql fleet lorries changed from the beginning"
    )
    monkeypatch.delenv("AIRFLOW_CONN_FLEET")
    monkeypatch.delenv("NIGHTJAR_CONNECTION_FLEET")
    with pytest.raises(
        AirflowSkipException, match="no connection fleet, so parcel_lorries is not read from its database"
    ):
        extract(source="parcel_lorries")


def test_a_table_that_is_not_there_fails_and_a_database_that_is_busy_is_tried_again(lorries, monkeypatch):
    monkeypatch.setattr("lakehouse.connections.sql.BUSY_SECONDS", 0)
    monkeypatch.setattr("lakehouse.extraction.from_sql.TRIES", 1)
    lorries.execute("BEGIN EXCLUSIVE")
    with pytest.raises(
        AirflowException, match=r"^SourceUnavailable: source parcel_lorries, lorries of .* database is locked"
    ) as caught:
        extract(source="parcel_lorries")
    assert not isinstance(caught.value, AirflowFailException)
    lorries.execute("ROLLBACK")
    lorries.execute("ALTER TABLE lorries RENAME TO vans")
    with pytest.raises(
        AirflowFailException, match=r"^SourceRefused: .* no such table: lorries; there are the tables vans"
    ):
        extract(source="parcel_lorries")


@pytest.fixture
def scans(lakehouse_root, parcels, kafka, monkeypatch):
    """The topic of the source parcel_scans, empty, and a connection to the broker."""
    topic = kafka.topic()
    declared = parcels.source("parcel_scans")
    renamed = declared.model_copy(update={"kafka": declared.kafka.model_copy(update={"topic": topic})})
    monkeypatch.setattr("lakehouse.declaration.loader.by_source", lambda name: (parcels, renamed))
    host, port = kafka.address.split(":")
    found = {"conn_type": "kafka", "host": host, "port": int(port)}
    monkeypatch.setenv("AIRFLOW_CONN_SCANNERS", json.dumps(found))
    return kafka, topic


def test_a_topic_is_read_through_the_connection_of_its_name(scans, landing_root):
    kafka, topic = scans
    kafka.send(topic, [("1", {"scan": f"s{number}"}, int(LONG_AGO.timestamp() * 1000)) for number in range(3)])
    result = extract(source="parcel_scans")
    assert " from the beginning at 0 until 3 by 2024-02-29T23:00:00Z" in result["origin"]
    lines = gzip.decompress(Path(result["file"]).read_bytes()).decode().splitlines()
    assert lines[1:-1] == ['{"scan": "s0"}', '{"scan": "s1"}', '{"scan": "s2"}']


def test_a_connection_may_have_its_brokers_and_its_login_in_its_extra(scans, monkeypatch):
    kafka, topic = scans
    servers = {"bootstrap.servers": f"127.0.0.1:{kafka.closed_port}", "security.protocol": "SASL_PLAINTEXT"}
    login = {"sasl.mechanism": "PLAIN", "sasl.username": USER, "sasl.password": PASSWORD}
    monkeypatch.setenv("AIRFLOW_CONN_SCANNERS", json.dumps({"conn_type": "kafka", "extra": servers | login}))
    assert extract(source="parcel_scans")["message"].startswith(f"no message in kafka scanners {topic} ")
    wrong = servers | login | {"sasl.password": "wr0ng-password"}
    monkeypatch.setenv("AIRFLOW_CONN_SCANNERS", json.dumps({"conn_type": "kafka", "extra": wrong}))
    with pytest.raises(
        AirflowFailException, match=r"^SourceRefused: source parcel_scans, topic .* Authentication failed"
    ) as caught:
        extract(source="parcel_scans")
    told = caught.value
    while told is not None:
        assert "wr0ng" not in f"{told!r}"
        told = told.__cause__ or told.__context__


def test_messages_that_a_topic_has_lost_fail_the_task_and_the_switch_goes_on(scans, landing_root):
    kafka, topic = scans
    kafka.send(topic, [("1", {"scan": f"s{number}"}, int(LONG_AGO.timestamp() * 1000)) for number in range(4)])
    result = extract(source="parcel_scans")
    identity = deliveries.delivery_id("parcel_scans", dt.date(2024, 3, 1), "x")
    taken_in = dict.fromkeys(("delivered_rows", "accepted_rows", "rejected_rows", "duplicate_rows"), 0)
    kept = {"source": "parcel_scans", "delivery_id": identity, "origin": result["origin"], "checksum": "x", **taken_in}
    day = {"partition": dt.date(2024, 3, 1), "status": deliveries.INGESTED, "ingested_at": LONG_AGO}
    deliveries.record([deliveries.Delivery(**kept, **day)])
    kafka.send(topic, [("1", {"scan": f"s{number}"}, int(LONG_AGO.timestamp() * 1000)) for number in range(4, 8)])
    kafka.expire(topic, {0: 6})
    with pytest.raises(AirflowFailException, match=r"^KafkaGap: source parcel_scans, topic .* from offset 4 on"):
        extract(source="parcel_scans", partition="2024-03-02")
    assert extract(source="parcel_scans", partition="2024-03-02", any_gap="True")["documents"] == 2


def test_a_topic_without_a_connection_lets_files_be_taken(scans, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_SCANNERS")
    with pytest.raises(
        AirflowSkipException, match="no connection scanners, so parcel_scans is not read from its topic"
    ):
        extract(source="parcel_scans")


@pytest.mark.parametrize("day", ["", "2024-3-1x"])
def test_a_run_without_a_proper_day_says_what_to_fill_in(depots, day):
    with pytest.raises(AirflowFailException, match="day"):
        extract(partition=day)
