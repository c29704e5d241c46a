"""Deliveries in all the ways that a contract can declare: dialects, names, several files, Parquet, snapshots, ties."""

from __future__ import annotations

import datetime as dt
import gzip
import os
from itertools import permutations
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pyarrow import parquet

from jobs.ingest import job
from jobs.ingest.arguments import IngestArguments
from lakehouse.errors import DeliveryMissing, DeliveryRejected
from lakehouse.ops import deliveries
from tests.jobs.ingest.changing_contract import DAY, NAME, ChangingContract

VALUE = {"name": "value", "type": "double"}
NEXT = DAY + dt.timedelta(days=1)


def land(stock: ChangingContract, name: str, content: bytes | str, at: int | None = None) -> Path:
    """Land a file of the source; ``at``: when, in seconds."""
    file = stock.root / "landing" / NAME / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    if at is not None:
        os.utime(file, (at, at))
    return file


def ingest(day: dt.date = DAY, force: bool = False) -> dict[str, object]:
    return job.run(IngestArguments(source=NAME, partition=day, force=force)).as_json()


def values(stock: ChangingContract) -> dict[str, object]:
    return {row["item"]: row["value"] for row in stock.silver()}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "cp1252", "utf-8-sig", "shift_jis"])
def test_a_file_in_its_declared_encoding(stock: ChangingContract, encoding: str) -> None:
    item = "テスト" if encoding == "shift_jis" else "café"
    stock.declare(VALUE, format={"encoding": encoding})
    land(stock, f"{DAY}.csv", f"item,value\n{item},1\n".encode(encoding))
    ingest()
    assert values(stock) == {item: 1.0}


def test_a_dialect_with_semicolons_commas_in_numbers_and_words_for_no_value(stock: ChangingContract) -> None:
    stock.declare(
        {**VALUE, "nullable": True},
        format={"delimiter": ";", "decimal": ",", "null_values": ["NA", "-"]},
        max_reject_share=0.5,
    )
    land(stock, f"{DAY}.csv", "item;value\na;1,5\nb;NA\nc;-\nd;2.5\ne;-1\nf;7,25\n")
    ingest()
    assert values(stock) == {"a": 1.5, "b": None, "c": None, "e": -1.0, "f": 7.25}
    assert stock.rejects() == ["value: expected a double, found '2.5'"]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_delivered_names_are_mapped_to_columns(stock: ChangingContract, ending: str) -> None:
    stock.declare({**VALUE, "field": "Tail Number"}, {"name": "id", "type": "string", "field": "_id"})
    content = {
        "csv": "_id,Tail Number,item,value\nx,1.5,a,extra\n",
        "jsonl": '{"_id":{"$oid":"x"},"Tail Number":1.5,"item":"a","value":"extra"}\n',
    }[ending]
    land(stock, f"{DAY}.{ending}", content)
    assert ingest()["new_columns"] == ["value"]
    assert [(row["item"], row["value"], row["id"]) for row in stock.silver()] == [("a", 1.5, "x")]


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("double", ["12", "-1.5e3", ".5"], ["12D", "12f", "0x1F", "1_000", "1,000", "1e", "١٢", "EUR 4"]),
        ("int", ["12", "+7", "-0"], ["12.0", "1e3", "2147483648", "12L", "0x1F", "1 2"]),
        ("long", ["9223372036854775807"], ["9223372036854775808", "12.0"]),
        ("boolean", ["true", "FALSE"], ["yes", "1", "0", "t", "on"]),
        ("date", ["2024-02-29"], ["2023-02-29", "2024-3-1", "2024-03-01x", "2024-03-01 (moved)", "2024", "01/03/2024"]),
        (
            "timestamp",
            ["2024-03-01T09:30:00Z", "2024-03-01 09:30", "2024-03-01T09:30:00.123456+01:00"],
            ["09:30", "2024", "2024-03", "2024-03-01", "2024-03-01T09:30:00 CET", "2024-03-01T24:00:00", "1709285400"],
        ),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_value_is_written_as_its_type_is_or_rejected(
    stock: ChangingContract, type_: str, good: list[str], bad: list[str], ending: str
) -> None:
    stock.declare({"name": "value", "type": type_}, max_reject_share=1)
    texts = [*good, *bad]
    lines = {
        "csv": ["item,value", *(f'i{number:02},"{text}"' for number, text in enumerate(texts))],
        "jsonl": [f'{{"item":"i{number:02}","value":"{text}"}}' for number, text in enumerate(texts)],
    }[ending]
    land(stock, f"{DAY}.{ending}", "\n".join(lines) + "\n")
    ingest()
    assert [row["item"] for row in stock.silver()] == [f"i{number:02}" for number in range(len(good))]
    assert len(stock.rejects()) == len(bad)
    assert all(reason.startswith("value: expected a") for reason in stock.rejects())


def test_a_date_that_is_an_instant_is_the_day_that_it_begins_in_the_calendars_zone(stock: ChangingContract) -> None:
    stock.declare({"name": "value", "type": "date"}, max_reject_share=1)
    # Paris: winter time until March 31.
    instants = {
        "winter": "2024-02-29T23:00:00Z",
        "summer": "2024-06-30T22:00:00Z",
        "offset": "2024-03-01T00:00:00+01:00",
        "london": "2024-03-01T00:00:00Z",
        "noon": "2024-03-01T12:00:00+01:00",
    }
    documents = [f'{{"item":"{name}","value":{{"$date":"{text}"}}}}' for name, text in instants.items()]
    land(stock, f"{DAY}.jsonl", "\n".join(documents) + "\n")
    ingest()
    assert values(stock) == {
        "winter": dt.date(2024, 3, 1),
        "summer": dt.date(2024, 7, 1),
        "offset": dt.date(2024, 3, 1),
    }
    assert all("the instant that begins it in Europe/Paris" in reason for reason in stock.rejects())


def test_a_row_rule_that_can_not_be_evaluated_rejects_its_row_alone(stock: ChangingContract) -> None:
    rule = {"name": "cheap", "expression": "value / planned < 10"}
    stock.declare(VALUE, {"name": "planned", "type": "int"}, row_rules=[rule], max_reject_share=0.7)
    land(stock, f"{DAY}.csv", "item,value,planned\na,4,2\nb,4,0\nc,40,1\n")
    ingest()
    assert list(values(stock)) == ["a"]
    assert stock.rejects() == [
        "cheap: expected value / planned < 10",
        "cheap: expected value / planned < 10, which can't be evaluated: division by zero",
    ]


@pytest.mark.parametrize("order", list(permutations(["csv", "csv.gz", "jsonl"])))
def test_files_of_a_day_count_in_the_order_in_which_they_landed_at_once_or_in_turn(
    stock: ChangingContract, monkeypatch: pytest.MonkeyPatch, order: tuple[str, ...]
) -> None:
    stock.declare(VALUE)
    contents = {
        ending: {
            "csv": f"item,value\na,{number}\n".encode(),
            "csv.gz": gzip.compress(f"item,value\na,{number}\n".encode()),
            "jsonl": f'{{"item":"a","value":{number}}}\n'.encode(),
        }[ending]
        for number, ending in enumerate(order)
    }
    for number, ending in enumerate(order):
        land(stock, f"{DAY}.{ending}", contents[ending], at=1_700_000_000 + number)
        ingest()
    in_turn = values(stock)
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(stock.root / "at_once"))
    ingest()
    at_once = DeltaTable(stock.root / "at_once" / "silver" / NAME).to_pyarrow_table().to_pylist()
    assert in_turn == {"a": 2.0} == {row["item"]: row["value"] for row in at_once}


def test_of_files_that_landed_at_one_instant_the_last_by_name_counts(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    land(stock, f"{DAY}.jsonl", '{"item":"a","value":2}\n', at=1_700_000_000)
    land(stock, f"{DAY}.csv", "item,value\na,1\n", at=1_700_000_000)
    ingest()
    assert values(stock) == {"a": 2.0}


def test_a_folder_is_one_delivery_once_its_marker_is_there(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    land(stock, f"{DAY}/part-1.csv", "item,value\na,1\nb,1\n")
    land(stock, f"{DAY}/part-2.jsonl", '{"item":"b","value":2}\n')
    parquet.write_table(
        pa.table({"item": ["c"], "value": [3.0]}), stock.root / "landing" / NAME / str(DAY) / "part-3.parquet"
    )
    with pytest.raises(DeliveryMissing, match=rf"{DAY} is there and lacks its marker _SUCCESS"):
        ingest()
    land(stock, f"{DAY}/_SUCCESS", "")
    ingest()
    assert values(stock) == {"a": 1.0, "b": 2.0, "c": 3.0}
    (line,) = deliveries.lines_of([NAME])
    assert (line.delivered_rows, line.accepted_rows, line.duplicate_rows) == (4, 3, 1)
    assert line.origin.endswith(str(DAY))
    assert ingest()["status"] == "unchanged"
    land(stock, f"{DAY}/part-2.jsonl", '{"item":"b","value":9}\n')
    ingest()
    assert values(stock)["b"] == 9.0


def test_a_folder_is_whole_when_it_has_the_declared_number_of_files(stock: ChangingContract) -> None:
    stock.declare(VALUE, files={"count": 2})
    land(stock, f"{DAY}/a.csv", "item,value\na,1\n")
    with pytest.raises(DeliveryMissing, match="lacks some of its 2 files"):
        ingest()
    land(stock, f"{DAY}/b.csv", "item,value\nb,1\n")
    ingest()
    assert values(stock) == {"a": 1.0, "b": 1.0}
    land(stock, f"{DAY}/c.csv", "item,value\nc,1\n")
    with pytest.raises(DeliveryRejected, match=r"expected 2 files .* found 3"):
        ingest()
    land(stock, f"{DAY}/c.csv", "").unlink()
    land(stock, f"{DAY}/notes.txt", "")
    (stock.root / "landing" / NAME / str(DAY) / "b.csv").unlink()
    with pytest.raises(DeliveryRejected, match=r"found notes\.txt"):
        ingest()


def test_parquet_is_checked_by_its_types_and_kept_to_the_digit(stock: ChangingContract) -> None:
    columns = [("whole", "long"), ("value", "double"), ("day", "date"), ("at", "timestamp"), ("yes", "boolean")]
    stock.declare(*({"name": name, "type": type_, "nullable": True} for name, type_ in columns))
    instant = dt.datetime(2024, 3, 1, 9, 30, 0, 123456, tzinfo=dt.UTC)
    written = {
        "item": pa.array(["a", "b"]).dictionary_encode(),
        "whole": pa.array([9223372036854775807, None]),
        "value": pa.array([0.1 + 0.2, None], pa.float64()),
        "day": pa.array([dt.date(2024, 2, 29), None]),
        "at": pa.array([instant, None], pa.timestamp("ns", "Europe/Paris")),
        "yes": pa.array([True, None]),
        "more": pa.array([[1, 2], None]),
    }
    file = land(stock, f"{DAY}.parquet", "")
    parquet.write_table(pa.table(written), file)
    assert ingest()["new_columns"] == ["more"]
    first, second = stock.silver()
    assert [first[name] for name, _ in columns] == [9223372036854775807, 0.1 + 0.2, dt.date(2024, 2, 29), instant, True]
    assert [second[name] for name, _ in columns] == [None] * 5


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["1.5"]), "column value: expected values of type double, found string"),
        (pa.array([True]), "column value: expected values of type double, found bool"),
        (None, r"missing column\(s\) value"),
    ],
    ids=["text", "boolean", "missing"],
)
def test_parquet_of_another_shape_is_refused(stock: ChangingContract, column: pa.Array | None, expected: str) -> None:
    stock.declare(VALUE)
    file = land(stock, f"{DAY}.parquet", "")
    parquet.write_table(pa.table({"item": ["a"], **({} if column is None else {"value": column})}), file)
    with pytest.raises(DeliveryRejected, match=expected):
        ingest()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"item,value\na,1\n"])
def test_a_file_that_is_no_parquet_is_refused(stock: ChangingContract, content: bytes) -> None:
    stock.declare(VALUE)
    land(stock, f"{DAY}.parquet", content)
    with pytest.raises(DeliveryRejected, match="expected Parquet"):
        ingest()


def test_a_snapshot_takes_out_what_it_leaves_out_and_bronze_keeps_it(stock: ChangingContract) -> None:
    stock.declare(VALUE, delivers="snapshot")
    land(stock, f"{DAY}.csv", "item,value\na,1\nb,2\n")
    ingest()
    before = deliveries.arrived([NAME], DAY, DAY)
    land(stock, f"{DAY}.csv", "item,value\nb,3\n")
    ingest()
    assert values(stock) == {"b": 3.0}
    assert len(DeltaTable(stock.root / "warehouse" / "bronze" / NAME).to_pyarrow_table()) == 3
    # What a restatement compares.
    assert deliveries.arrived([NAME], DAY, DAY) != before
    land(stock, f"{DAY}.csv", "item,value\na,1\nb,2\n")
    ingest()
    assert values(stock) == {"a": 1.0, "b": 2.0}


def test_an_empty_snapshot_deletes_nothing(stock: ChangingContract) -> None:
    stock.declare(VALUE, delivers="snapshot", cadence="occasional")
    land(stock, f"{DAY}.csv", "item,value\na,1\n")
    ingest()
    land(stock, f"{DAY}.csv", "item,value\n")
    with pytest.raises(DeliveryRejected, match="would delete every row"):
        ingest()
    assert values(stock) == {"a": 1.0}


def test_a_snapshot_replaces_its_own_day_alone(stock: ChangingContract) -> None:
    stock.declare(VALUE, delivers="snapshot")
    for day, row in ((DAY, "a,1"), (NEXT, "b,2")):
        land(stock, f"{day}.csv", f"item,value\n{row}\n")
        ingest(day)
    assert values(stock) == {"a": 1.0, "b": 2.0}
