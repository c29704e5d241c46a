"""The emulator that stands for MongoDB on a native cluster, by TLS as MongoDB is met there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import ServerSelectionTimeoutError

from stack import mongo_emulator
from stack.cluster.authority import Authority
from stack.mongo_emulator import Emulator
from stack.ports import free_ports

pytestmark = pytest.mark.process

NOW = dt.datetime.now(dt.UTC)
MILLISECONDS = 20_000


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.made("ours", NOW)


@pytest.fixture(scope="module")
def port(authority: Authority) -> Iterator[int]:
    mongo_emulator.fetch()
    (free,) = free_ports(1)
    emulator = Emulator("64m", ("127.0.0.1", free), authority.issue(["localhost"], NOW))
    yield free
    emulator.close()


def asked(port: int, trust: Path, host: str = "localhost", milliseconds: int = MILLISECONDS) -> object:
    address = f"mongodb://{host}:{port}/?tls=true&tlsCAFile={trust}"
    with MongoClient[dict[str, object]](address, serverSelectionTimeoutMS=milliseconds) as client:
        return client.admin.command("ping")["ok"]


def test_who_knows_the_authority_is_answered_and_others_ask_nothing(
    port: int, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    (tmp_path / "other.pem").write_bytes(Authority.made("ours", NOW).pem)
    assert asked(port, tmp_path / "ca.pem") == 1.0
    for trust, host in (("other.pem", "localhost"), ("ca.pem", "127.0.0.1")):
        with pytest.raises(ServerSelectionTimeoutError, match="certificate"):
            asked(port, tmp_path / trust, host, milliseconds=300)
