from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pymongo import MongoClient

from jobs.deliver.mongo_target import MongoDay
from lakehouse.declaration import UseCase
from lakehouse.errors import ConnectionWrong, TargetRefused, TargetUnavailable
from lakehouse.ops import exports
from tests.jobs.deliver.scored import DAY, assert_books_are_right, books, by_shop, declare, deliver, score, there
from tests.mongo_server import Server

TARGET: dict[str, Any] = {"name": "office", "mongo": {"database": "bakery", "collection": "loaves"}}


@pytest.fixture
def use_case(root: Path, mongo: Server, monkeypatch: pytest.MonkeyPatch) -> UseCase:
    """The loaves, delivered to a collection."""
    monkeypatch.setenv("MONGO_URI", mongo.uri)
    return declare(root, TARGET)


def test_what_was_scored_is_there_once_and_corrected(use_case: UseCase, mongo: Server) -> None:
    score(use_case, {"canal": 0.7, "market": 0.2})
    deliver(use_case)
    # MongoDB's instants have milliseconds.
    assert there(use_case)[0]["scored_at"] == dt.datetime(2024, 3, 4, 23, 0, 0, 123000, tzinfo=dt.UTC)
    assert_books_are_right(use_case)
    score(use_case, {"canal": 0.8, "station": 0.4}, version=2)
    deliver(use_case)
    assert by_shop(use_case) == {"canal": 0.8, "station": 0.4}
    assert_books_are_right(use_case)
    with MongoClient[dict[str, Any]](mongo.uri) as client:
        found = client["bakery"]["loaves"].find_one({"shop": "canal"})
    assert found is not None
    assert found["_id"] == {"shop": "canal", "bread": "rye", "partition": "2024-03-05"}
    assert found["partition"] == "2024-03-05"


def test_a_named_connection_is_an_address_in_the_environment(
    root: Path, use_case: UseCase, mongo: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_case = declare(root, {**TARGET, "mongo": {**TARGET["mongo"], "connection": "desk"}})
    score(use_case, {"canal": 0.7})
    with pytest.raises(ConnectionWrong, match="NIGHTJAR_CONNECTION_DESK, such as mongodb://"):
        deliver(use_case)
    for wrong in ("http://ann:s3cret@host", "mongodb://ann:s3cret@host:port/"):
        monkeypatch.setenv("NIGHTJAR_CONNECTION_DESK", wrong)
        with pytest.raises(ConnectionWrong, match="NIGHTJAR_CONNECTION_DESK: expected") as raised:
            deliver(use_case)
        assert "s3cret" not in str(raised.value)
    monkeypatch.setenv("NIGHTJAR_CONNECTION_DESK", mongo.uri)
    deliver(use_case)
    assert by_shop(use_case) == {"canal": 0.7}


def test_a_server_that_is_away_is_named_and_a_retry_completes_the_day(
    use_case: UseCase, mongo: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGO_URI", f"{mongo.uri}?serverSelectionTimeoutMS=300")
    score(use_case, {"canal": 0.7, "market": 0.2})
    deliver(use_case)
    score(use_case, {"canal": 0.9, "station": 0.4})
    put = MongoDay.put

    def then(self: MongoDay, rows: pa.RecordBatch) -> None:
        put(self, rows)
        mongo.lose()

    with monkeypatch.context() as patch, pytest.raises(TargetUnavailable, match="the next delivery completes the day"):
        patch.setattr(MongoDay, "put", then)
        deliver(use_case)
    mongo.start()
    assert books(use_case).state == exports.SENDING
    deliver(use_case)
    assert by_shop(use_case) == {"canal": 0.9, "station": 0.4}
    assert_books_are_right(use_case)


def test_a_run_that_read_older_scores_never_replaces_newer_ones(
    use_case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs at once that share no lock: the older one finds that it is."""
    from contextlib import nullcontext

    from jobs.deliver.delivery import Delivery

    monkeypatch.setattr(Delivery, "_alone", lambda _: nullcontext())
    score(use_case, {"canal": 0.7, "market": 0.2})
    put, left = MongoDay.put, [True]

    def meanwhile(self: MongoDay, rows: pa.RecordBatch) -> None:
        if left:
            left.pop()
            score(use_case, {"canal": 0.9, "station": 0.4}, version=2)
            deliver(use_case)
        put(self, rows)

    monkeypatch.setattr(MongoDay, "put", meanwhile)
    with pytest.raises(TargetUnavailable, match="newer scores were delivered meanwhile"):
        deliver(use_case)
    assert by_shop(use_case) == {"canal": 0.9, "station": 0.4}
    assert deliver(use_case).status == "unchanged"
    assert_books_are_right(use_case)


def test_two_use_cases_never_share_a_collection(
    root: Path, use_case: UseCase, mongo: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    score(use_case, {"canal": 0.7})
    deliver(use_case)
    monkeypatch.setenv("NIGHTJAR_CONNECTION_DESK", mongo.uri)
    other = declare(root, {**TARGET, "mongo": {**TARGET["mongo"], "connection": "desk"}}, name="rolls")
    score(other, {"canal": 0.1})
    with pytest.raises(TargetRefused, match="found one that loaves delivers to as office"):
        deliver(other)
    assert by_shop(use_case, DAY) == {"canal": 0.7}
