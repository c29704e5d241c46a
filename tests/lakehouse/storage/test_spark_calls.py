"""Calls to a Spark server are noted from their beginning to their end, and fail as if nobody noted them."""

from __future__ import annotations

import time

import grpc
import pytest

from lakehouse.storage import spark_calls, spark_use
from lakehouse.storage.spark_calls import Calls

SERVICE = "/spark.connect.SparkConnectService"


class Use:
    """What is under way."""

    def __init__(self) -> None:
        self.under_way: list[str] = []
        self.noted = 0

    def began(self, name: str) -> None:
        self.under_way.append(name)
        self.noted += 1

    def ended(self, name: str) -> None:
        self.under_way.remove(name)

    def is_idle(self) -> bool:
        """Whether nothing is under way, in a moment: the end of an answer in pieces is told by another thread."""
        until = time.monotonic() + 10
        while self.under_way and time.monotonic() < until:
            time.sleep(0.005)
        return not self.under_way


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    made = Use()
    monkeypatch.setattr(spark_use, "at", lambda server: made)
    return made


@pytest.mark.parametrize("call", spark_calls.WORK)
@pytest.mark.parametrize("pieces", [False, True])
def test_a_call_to_a_server_that_is_gone_fails_by_its_own_error(use: Use, call: str, pieces: bool) -> None:
    # Nobody can listen on port 0.
    with grpc.insecure_channel("127.0.0.1:0") as channel:
        noted = grpc.intercept_channel(channel, Calls("gone"))
        with pytest.raises(grpc.RpcError) as failed:
            if pieces:
                list(noted.unary_stream(f"{SERVICE}/{call}")(b"", timeout=5))
            else:
                noted.unary_unary(f"{SERVICE}/{call}")(b"", timeout=5)
    assert failed.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
    assert use.noted == 1 and use.is_idle()


def test_what_a_server_does_not_compute_for_is_not_noted(use: Use) -> None:
    with grpc.insecure_channel("127.0.0.1:0") as channel:
        asked = grpc.intercept_channel(channel, Calls("gone")).unary_unary(f"{SERVICE}/Config")
        with pytest.raises(grpc.RpcError):
            asked(b"", timeout=5)
    assert use.noted == 0
