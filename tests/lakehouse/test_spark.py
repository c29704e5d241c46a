"""A Spark server that is not there is named, and soon."""

from __future__ import annotations

import socket

import pytest

from lakehouse import spark
from lakehouse.errors import ServiceUnavailable


def test_a_server_that_does_not_answer_is_named_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("SPARK_REMOTE", f"sc://127.0.0.1:{port}/;user_id=nightjar")
    monkeypatch.setattr(spark, "PATIENCE_SECONDS", 0)
    with pytest.raises(ServiceUnavailable, match=f"Spark at 127.0.0.1:{port}: expected an answer within 0 s"):
        spark.session("tests")
