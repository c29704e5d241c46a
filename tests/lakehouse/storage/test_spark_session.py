"""A Spark server that is not there is named, and soon; few rows and many rows have sessions beside the shared one."""

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


def test_many_rows_share_a_second_session_of_the_same_server_and_few_rows_a_third() -> None:
    first = "sc://127.0.0.1:15002/;user_id=nightjar;session_id=6f9619ff-8b86-4011-b42d-00c04fc964ff"
    many, few = spark_session.beside(first, "many rows"), spark_session.beside(first, "few rows")
    assert len({first, many, few}) == 3
    assert {one.split("session_id=")[0] for one in (first, many, few)} == {first.split("session_id=")[0]}
    assert many == spark_session.beside(first, "many rows")


def test_many_rows_are_compiled_and_few_are_one_task_and_the_shared_session_stays_as_it_was(
    spark: SparkSession,
) -> None:
    from lakehouse.storage.spark_session import session

    names = ("spark.sql.shuffle.partitions", "spark.sql.adaptive.enabled")
    before = [session("tests").conf.get(name) for name in names]
    many, few = session("tests", rows=1_000_000), session("tests", rows=1_000)
    assert many.conf.get("spark.sql.codegen.wholeStage") == "true"
    assert few.conf.get("spark.sql.shuffle.partitions") == "1"
    assert few.conf.get("spark.sql.adaptive.enabled") == "false"
    shared = session("tests")
    assert shared.conf.get("spark.sql.codegen.wholeStage") == "false"
    assert [shared.conf.get(name) for name in names] == before
