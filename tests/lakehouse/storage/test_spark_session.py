"""A Spark server that is not there is named, and soon; long ranges have a session beside the shared one."""

from __future__ import annotations

import socket

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import ServiceUnavailable
from lakehouse.storage import spark_session


@pytest.mark.server
def test_a_server_that_does_not_answer_is_named_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("SPARK_REMOTE", f"sc://127.0.0.1:{port}/;user_id=nightjar")
    monkeypatch.setattr(spark_session, "PATIENCE_SECONDS", 0)
    with pytest.raises(ServiceUnavailable, match=f"Spark at 127.0.0.1:{port}: expected an answer within 0 s"):
        spark_session.session("tests")


def test_long_ranges_share_a_second_session_of_the_same_server() -> None:
    first = "sc://127.0.0.1:15002/;user_id=nightjar;session_id=6f9619ff-8b86-4011-b42d-00c04fc964ff"
    second = spark_session.second_session(first)
    assert second != first
    assert second.split("session_id=")[0] == first.split("session_id=")[0]
    assert second == spark_session.second_session(first)


def test_a_long_range_is_compiled_and_leaves_the_shared_session_as_it_was(spark: SparkSession) -> None:
    from lakehouse.storage.spark_session import session

    long = session("tests", days=60)
    assert long.conf.get("spark.sql.codegen.wholeStage") == "true"
    assert session("tests").conf.get("spark.sql.codegen.wholeStage") == "false"
