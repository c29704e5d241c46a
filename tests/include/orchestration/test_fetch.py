"""The task calls the use case's own code with Airflow's connection."""

import gzip
import json
from pathlib import Path

import pytest
from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException

from include.orchestration import source_docs
from include.orchestration.extract import ExtractOperator
from lakehouse.declaration import loader
from tests.lakehouse.extraction import shipments

YIELDS = "yield {'id': connection.url, 'pieces': len(connection.password)}"


@pytest.fixture
def declared(lakehouse_root, monkeypatch):
    """Declare a source ``orders`` whose function has this body; Airflow has the connection ``shop``, and no other."""
    root = lakehouse_root.parent / "own"
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))

    def get(name):
        if name != "shop":
            raise AirflowNotFoundException(name)
        return Connection(conn_id="shop", conn_type="https", host="api.example.org", login="ann", password="s3cret")

    monkeypatch.setattr(BaseHook, "get_connection", staticmethod(get))

    def declare(body, **section):
        shipments.declare(
            root, f"def fetch(window, connection):\n    {body}\n", fetch={"connection": "shop", **section}
        )

    return declare


def extract():
    return ExtractOperator(task_id="extract", source="orders", partition="2024-03-01").execute({})


def test_lands_what_the_code_yields(declared):
    declared(YIELDS)
    result = extract()
    assert result["documents"] == 1
    line = gzip.decompress(Path(result["file"]).read_bytes()).splitlines()[1]
    assert json.loads(line) == {"id": "https://api.example.org", "pieces": "6"}


def test_broken_code_and_a_missing_connection_fail_without_retries(declared):
    declared("yield connection.pasword")
    with pytest.raises(
        AirflowFailException, match=r"^ExtractBroken: source orders: .*extract\.py, line 2: AttributeError"
    ):
        extract()
    declared(YIELDS, connection="shopp")
    with pytest.raises(AirflowFailException, match=r"^ConnectionWrong: connection shopp: .* add a connection shopp"):
        extract()


def test_a_service_that_is_gone_is_tried_again_and_no_message_holds_the_password(declared):
    declared("raise ConnectionError(f'no answer for {connection.password}')")
    with pytest.raises(AirflowException, match=r"^SourceUnavailable: source orders") as caught:
        extract()
    assert not isinstance(caught.value, AirflowFailException)
    told = caught.value
    while told is not None:
        assert "s3cret" not in f"{told!r}"
        told = told.__cause__ or told.__context__


def test_the_dag_says_where_its_rows_come_from(declared):
    declared(YIELDS)
    use_case, source = loader.by_source("orders")
    assert source.extracted
    assert "`extract.py` yields with the connection `shop`" in source_docs.ingest(use_case, source)
