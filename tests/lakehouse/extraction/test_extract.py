"""Extraction loses nothing, lands whole files or none, and gives what goes wrong a name.

The server is an emulator of MongoDB (tests/mongo_server.py). It knows no users, so that a wrong password is played by a
listener that raises what the driver raises for one.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure
from pymongo.monitoring import CommandListener

from lakehouse.declaration import loader
from lakehouse.errors import ServiceUnavailable, SourceRefused, SourceUnavailable, WindowOpen
from lakehouse.extraction import documents, extract, landing_file
from tests.mongo_server import Server

DAY = dt.date(2024, 3, 5)
BEFORE = dt.datetime(2024, 3, 4, 12, tzinfo=dt.UTC)
NOW = dt.datetime(2024, 3, 6, tzinfo=dt.UTC)
# One of each type that an _id may have, two where two differ in a telling way.
IDS = [
    *(MinKey(), None, -5, 2.5, Decimal128("3.1"), Int64(7), float("nan"), "a", "b", {"x": 1}, {"x": "z"}),
    *(Binary(b"x", 0), ObjectId("5f" * 12), ObjectId("6f" * 12), False, True, BEFORE, Timestamp(1, 1), MaxKey()),
]


class Listener(CommandListener):
    """Does something before the n-th question for documents."""

    def __init__(self, number: int, then: Callable[[], None]) -> None:
        self.left, self.then = number, then

    def started(self, event: Any) -> None:
        if event.command_name in ("find", "getMore"):
            self.left -= 1
            if self.left == 0:
                self.then()

    def succeeded(self, event: Any) -> None:
        pass

    def failed(self, event: Any) -> None:
        pass


@pytest.fixture
def client(mongo: Server, landing_root: Path) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongo.uri) as made:
        yield made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries that a test can wait for."""
    monkeypatch.setattr(documents, "wait_random_exponential", lambda **_: lambda state: 0.01)


def run(client: MongoClient[dict[str, Any]], day: dt.date = DAY, now: dt.datetime = NOW) -> dict[str, Any]:
    use_case, source = loader.by_source("bakery_shops")
    return extract.extract(use_case, source, day, day, now, lambda: nullcontext(client))


def landed(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The documents of the landed file."""
    content = gzip.decompress(Path(result["file"]).read_bytes()).decode()
    return [json.loads(line) for line in content.splitlines()[1:-1]]


def fill(client: MongoClient[dict[str, Any]], count: int = 20) -> None:
    client.bakery.shops.insert_many(
        [
            {"_id": number, "shop": "canal", "changed": BEFORE - dt.timedelta(hours=number // 2)}
            for number in range(count)
        ]
    )


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 50])
def test_ids_of_all_types_under_one_date_lose_nothing_wherever_a_batch_is_lost(
    client: MongoClient[dict[str, Any]], quick: None, monkeypatch: pytest.MonkeyPatch, batch_rows: int
) -> None:
    client.bakery.shops.insert_many([{"_id": key, "changed": BEFORE} for key in IDS])
    query = {"changed": BEFORE}
    shops = client.bakery.shops.with_options(documents.CODEC)
    in_order = [found["_id"] for found in shops.find(query).sort("_id")]
    reading = documents.Documents(shops, query, ("changed", "_id"), batch_rows)
    whole_batch, lost = reading._batch, []

    def losing() -> list[dict[str, Any]]:
        # Every batch is lost once: each page begins with a query of its own.
        if len(lost) <= reading.count // batch_rows:
            lost.append(reading.count)
            reading._cursor = None
            raise AutoReconnect("connection reset")
        return whole_batch()

    monkeypatch.setattr(reading, "_batch", losing)
    # By their texts: NaN is not equal to itself.
    assert [repr(document["_id"]) for document in reading] == [repr(key) for key in in_order]
    assert len(lost) == reading.count // batch_rows + 1


def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    mongo: Server, client: MongoClient[dict[str, Any]], quick: None
) -> None:
    fill(client)

    def break_off() -> None:
        mongo.lose()
        mongo.start()

    with MongoClient[dict[str, Any]](mongo.uri, event_listeners=[Listener(4, break_off)]) as breaking:
        result = run(breaking)
    assert sorted(document["_id"] for document in landed(result)) == list(range(20))
    assert result["documents"] == 20


def test_a_server_that_goes_away_in_mid_read_lands_nothing_and_the_rerun_is_complete(
    mongo: Server, client: MongoClient[dict[str, Any]], landing_root: Path, quick: None
) -> None:
    fill(client)
    listener = Listener(4, mongo.lose)
    with (
        MongoClient[dict[str, Any]](mongo.uri, event_listeners=[listener], serverSelectionTimeoutMS=300) as dying,
        pytest.raises(
            SourceUnavailable, match=r"bakery_shops, collection bakery\.shops: expected an answer from MongoDB"
        ),
    ):
        run(dying)
    assert listener.left <= 0
    assert list((landing_root / "bakery_shops").iterdir()) == []
    mongo.start()
    assert len(landed(run(client))) == 20


def test_documents_without_a_date_of_change_land_in_every_window_before_the_others_and_are_counted(
    client: MongoClient[dict[str, Any]],
) -> None:
    strange = [None, "2024-03-04", 20240304, [BEFORE], [], {"at": BEFORE}, Timestamp(1, 1)]
    client.bakery.shops.insert_many(
        [{"_id": "dated", "changed": BEFORE}, {"_id": "missing"}]
        + [{"_id": f"strange{number}", "changed": value} for number, value in enumerate(strange)]
    )
    result = run(client)
    assert (result["documents"], result["undated_documents"]) == (9, 8)
    assert [document["_id"] for document in landed(result)] == [
        "missing",
        *(f"strange{number}" for number in range(7)),
        "dated",
    ]


def test_what_python_has_no_date_for_is_landed_all_the_same(client: MongoClient[dict[str, Any]]) -> None:
    from bson.datetime_ms import DatetimeMS

    client.bakery.shops.insert_one({"_id": 1, "changed": BEFORE, "opened": DatetimeMS(2**60)})
    (document,) = landed(run(client))
    assert document["opened"] == {"$date": {"$numberLong": str(2**60)}}


def test_a_day_whose_window_is_not_over_is_refused_by_name(client: MongoClient[dict[str, Any]]) -> None:
    with pytest.raises(WindowOpen, match="window of 2024-03-07 to be over, it ends at 2024-03-06T23:00:00Z and now is"):
        run(client, dt.date(2024, 3, 7))


def test_an_unknown_collection_or_database_is_named_with_those_that_are_there(
    client: MongoClient[dict[str, Any]], landing_root: Path
) -> None:
    with pytest.raises(SourceRefused, match="expected a collection shops in the MongoDB database bakery, found none"):
        run(client)
    client.bakery.ovens.insert_one({})
    with pytest.raises(SourceRefused, match="found ovens; correct the section mongo"):
        run(client)
    assert not landing_root.exists()


@pytest.mark.parametrize("code", [13, 18, 8000])
def test_a_wrong_password_is_refused_by_name(
    mongo: Server, client: MongoClient[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    # Played: the emulator lets everybody in.
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationFailure("Authentication failed.", code, {"errmsg": "Authentication failed.", "code": code})

    monkeypatch.setattr("pymongo.database.Database.list_collection_names", refuse)
    with pytest.raises(
        SourceRefused, match="expected MongoDB to accept the login, found: Authentication failed"
    ) as caught:
        run(client)
    assert not caught.value.retryable


def test_a_folder_that_can_not_be_written_to_is_named(client: MongoClient[dict[str, Any]], landing_root: Path) -> None:
    fill(client)
    landing_root.write_text("a file where the folder should be")
    with pytest.raises(ServiceUnavailable, match="expected to write it, found: "):
        run(client)


def test_a_failure_in_mid_write_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    file = tmp_path / "2024-03-05.jsonl.gz"
    landing_file.write(file, "a window", [b"{}"])
    before = file.read_bytes()

    def breaking() -> Iterator[bytes]:
        yield b"{}"
        raise KeyError

    with pytest.raises(KeyError):
        landing_file.write(file, "a window", breaking())
    assert [left.name for left in tmp_path.iterdir()] == [file.name]
    assert file.read_bytes() == before


def test_two_extractions_of_one_day_do_not_write_into_each_other(tmp_path: Path) -> None:
    file = tmp_path / "2024-03-05.jsonl.gz"

    def meanwhile() -> Iterator[bytes]:
        yield b"{}"
        with pytest.raises(SourceUnavailable, match="expected no other extraction of the same day"):
            landing_file.write(file, "a window", [b"{}"])

    assert landing_file.write(file, "a window", meanwhile()) == 1
    assert gzip.decompress(file.read_bytes()).count(b"\n") == 3
