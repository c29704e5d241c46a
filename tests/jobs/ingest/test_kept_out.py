"""Rows of erased documents are kept out, whichever way they are delivered, and the ledger balances."""

from __future__ import annotations

import datetime as dt
import pickle

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from jobs.ingest import bronze, delivery_checks, job, kept_out_rows, replay
from jobs.ingest.arguments import IngestArguments, ReplayArguments
from jobs.ingest.delivery_errors import KEPT_OUT
from jobs.ingest.landing import landed
from jobs.ingest.lines import Layout
from jobs.ingest.row_counts import RowCounts
from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.ops import deliveries, erasures, kept_out
from lakehouse.ops.kept_out import KeptOut, Way
from lakehouse.storage import arrow_dataset, table_schema
from tests.jobs import traces
from tests.jobs.ingest.changing_contract import DAY, NAME, ChangingContract

VALUE = {"name": "value", "type": "double"}
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
GONE = "zebra-4711"


def land(stock: ChangingContract, name: str, *rows: tuple[str, float]) -> None:
    file = stock.root / "landing" / NAME / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".parquet"):
        parquet.write_table(pa.table({"item": [one for one, _ in rows], "value": [value for _, value in rows]}), file)
    elif name.endswith(".csv"):
        file.write_text("item,value\n" + "".join(f"{one},{value}\n" for one, value in rows))
    else:
        file.write_text("".join(f'{{"item":"{one}","value":{value}}}\n' for one, value in rows))


def ask(document: str) -> None:
    erasures.ask(NAME, document, "asked", "desk", NOW)


def ingest(force: bool = False) -> dict[str, object]:
    return job.run(IngestArguments(source=NAME, partition=DAY, force=force)).as_json()


def line() -> tuple[int, int, int, int]:
    found = deliveries.lines_of([NAME])[-1]
    return found.delivered_rows, found.accepted_rows, found.rejected_rows, found.duplicate_rows


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_row_that_was_erased_is_kept_out_of_every_table_and_counted(stock: ChangingContract, ending: str) -> None:
    stock.declare(VALUE)
    ask(GONE)
    land(stock, f"{DAY}.{ending}", ("a", 1), (GONE, 99.125), ("b", 2))
    result = ingest()
    assert "1 row(s) of erased documents" in str(result["message"])
    assert line() == (3, 2, 1, 0)
    assert {row["item"] for row in stock.silver()} == {"a", "b"}
    assert stock.rejects() == [KEPT_OUT]
    assert not traces.of(stock.root / "warehouse", GONE, "99.125")


def test_nothing_is_said_where_nothing_was_erased(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    ask("another")
    land(stock, f"{DAY}.csv", ("a", 1))
    assert "message" not in ingest()
    assert line() == (1, 1, 0, 0)


def test_a_delivery_of_nothing_else_is_taken_in_and_none_of_it_is_a_fault(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    ask(GONE)
    land(stock, f"{DAY}.csv", (GONE, 1), (GONE, 2))
    assert ingest()["status"] == "ingested"
    assert line() == (2, 0, 2, 0)


def test_a_replay_does_not_bring_it_back(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    ask(GONE)
    land(stock, f"{DAY}.csv", ("a", 1), (GONE, 2))
    ingest()
    assert replay.run(ReplayArguments(source=NAME)).status == "unchanged"
    assert ingest(force=True)["status"] == "ingested"
    assert line() == (2, 1, 1, 0)


def test_the_number_that_a_text_stands_for_is_what_counts(stock: ChangingContract) -> None:
    stock.declare(columns=[{"name": "item", "type": "int"}, VALUE])
    ask("7")
    land(stock, f"{DAY}.csv", ("7", 1), ("007", 2), ("+7", 3), ("77", 4))
    ingest()
    assert [row["item"] for row in stock.silver()] == [77]
    assert line() == (4, 1, 3, 0)


def test_workers_keep_out_what_the_process_keeps_out(stock: ChangingContract) -> None:
    """The workers' way differs in who calls: the function that parses and blanks is one, and what it needs can be sent."""
    stock.declare(VALUE)
    ask(GONE)
    land(stock, f"{DAY}.csv", ("a", 1), (GONE, 2))
    _, source = loader.by_source(NAME)
    erased = pickle.loads(pickle.dumps(kept_out.of_source(source)))
    layout, schema = Layout.of(source), table_schema.arrow_schema(tables.bronze(source))
    pieces = list(bronze.delivered_pieces(landed(source, [DAY], NOW), layout))
    rows = pa.concat_tables([rows for piece in pieces for rows in bronze.rows(piece, schema, layout, erased)])
    ingest()
    written = arrow_dataset.read(tables.bronze(source)).sort_by("line")
    for name in ("item", "value", "raw", "malformed", "line"):
        assert rows[name].to_pylist() == written[name].to_pylist()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=12), st.sets(st.sampled_from("abc")))
def test_blanked_rows_say_nothing_and_all_others_what_they_said(rows: list[tuple[str, int]], gone: set[str]) -> None:
    stones = erasures.Tombstones("s", frozenset(erasures.hashed("s", one) for one in gone))
    found = pa.table(
        {
            "item": pa.array([one for one, _ in rows], pa.string()),
            "raw": pa.array([f"{one},{number}" for one, number in rows], pa.string()),
            "malformed": pa.nulls(len(rows), pa.string()),
            "line": pa.array(range(len(rows)), pa.int64()),
        }
    )
    out = KeptOut((Way(("item",), ("item",), ("string",)),), stones).mask(found)
    after = kept_out_rows.blanked(found, pa.array(out, pa.bool_())).to_pylist()
    for before, now in zip(found.to_pylist(), after, strict=True):
        if before["item"] in gone:
            assert now == {"item": None, "raw": "", "malformed": KEPT_OUT, "line": before["line"]}
        else:
            assert now == before


def test_a_share_of_rejects_is_of_the_delivery_s_own_faults(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    _, source = loader.by_source(NAME)
    counts, others = RowCounts(delivered=6), RowCounts(delivered=4)
    for number in range(5):
        counts.add_reject(number, [KEPT_OUT])
    others.add_reject(1, ["value: expected a double, found 'x'"])
    counts.add(others)
    assert (counts.delivered, counts.rejected, counts.kept_out) == (10, 6, 5)
    assert delivery_checks.refusal(source, counts) is None
    for number in range(2, 8):
        counts.add_reject(number, ["value: expected a double, found 'x'"])
    assert "found 7 of 10" in str(delivery_checks.refusal(source, counts))
