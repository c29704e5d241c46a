"""Files of days, read column by column."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake

from lakehouse.evaluation.slice_texts import SliceTexts
from lakehouse.storage import delta_log, table_schema
from lakehouse.storage.day_files import DayFiles
from lakehouse.tables import Table
from lakehouse.tables.table import PARTITION, col

DAYS = [dt.date(2024, 1, day) for day in (1, 2, 3)]
TABLE = Table(
    layer="gold",
    name="toy",
    columns=(col("id", "int"), col("role", "string"), col("later", "double", nullable=True), PARTITION),
    key=("id", "role", "partition"),
    partition_by=("partition", "role"),
    description="t",
)  # fmt: skip


def write(day: dt.date, role: str, *ids: int) -> None:
    """Rows by an earlier declaration, without the column ``later``."""
    schema = table_schema.arrow_schema(TABLE)
    earlier = pa.schema([field for field in schema if field.name != "later"])
    rows = pa.Table.from_pylist([{"id": number, "role": role, "partition": day} for number in ids], earlier)
    write_deltalake(delta_log.location(TABLE), rows, mode="append", partition_by=["partition", "role"])


def test_a_day_is_read_with_the_values_of_its_partition_and_null_for_a_new_column(lakehouse_root: Path) -> None:
    write(DAYS[0], "champion", 1, 2)
    write(DAYS[0], "challenger in shadow", 1)
    write(DAYS[1], "champion", 3)
    files = DayFiles.of(TABLE, DAYS, role="champion")
    assert files.rows == 3 and set(files.by_day) == set(DAYS[:2])
    rows = files.read(DAYS[0], ["later", "id", "role"])
    assert rows.to_pydict() == {"later": [None, None], "id": [1, 2], "role": ["champion"] * 2}
    assert files.read(DAYS[0], ["later"]).to_pydict() == {"later": [None, None]}
    assert (
        sorted(DayFiles.of(TABLE, DAYS).read(DAYS[0], ["role"]).column("role").to_pylist())[0] == "challenger in shadow"
    )
    assert files.read(DAYS[2], ["id"]).schema == files.read(DAYS[1], ["id"]).schema


def test_a_worker_reads_the_files_that_were_there_when_they_were_looked_up(lakehouse_root: Path) -> None:
    write(DAYS[0], "champion", 1)
    files = pickle.loads(pickle.dumps(DayFiles.of(TABLE, DAYS)))
    write(DAYS[0], "champion", 2)
    assert files.read(DAYS[0], ["id"]).column("id").to_pylist() == [1]


def many_files(name: str, texts: Mapping[int, str | None], order: Sequence[int], files: int) -> DayFiles:
    """A day of a table whose rows lie in ``files`` files one after another, whatever their names."""
    table = replace(TABLE, name=name, columns=(*TABLE.columns[:2], col("text", "string", nullable=True), PARTITION))
    schema = table_schema.arrow_schema(table)
    for ids in np.array_split(np.array(order), files):
        rows = [{"id": int(one), "role": "champion", "text": texts[int(one)], "partition": DAYS[0]} for one in ids]
        write_deltalake(
            delta_log.location(table), pa.Table.from_pylist(rows, schema), mode="append",
            partition_by=["partition", "role"],
        )  # fmt: skip
    return DayFiles.of(table, DAYS)


def test_files_are_read_in_the_order_of_their_keys_so_that_tables_of_one_another_agree(lakehouse_root: Path) -> None:
    texts = {number: f"t{number % 3}" if number % 4 else None for number in range(-5, 55)}
    ascending, upside_down = sorted(texts), sorted(texts, reverse=True)
    first = many_files("first", texts, ascending, 7).read(DAYS[0], ["text", "id"])
    second = many_files("second", texts, ascending, 4).read(DAYS[0], ["text", "id"])
    assert first.column("id").to_pylist() == ascending == second.column("id").to_pylist()
    assert first.column("text").to_pylist() == [texts[number] for number in ascending]
    # Each file keeps its own order: what is sorted are files.
    third = many_files("third", texts, upside_down, 3).read(DAYS[0], ["id"]).column("id").to_pylist()
    assert third == [*range(14, -6, -1), *range(34, 14, -1), *range(54, 34, -1)]


def test_a_text_column_that_is_coded_has_the_same_texts_as_a_dictionary(lakehouse_root: Path) -> None:
    texts = {number: f"t{number % 3}" if number % 4 else None for number in range(40)}
    files = many_files("coded", texts, sorted(texts), 3)
    plain, coded = files.read(DAYS[0], ["id", "text", "role"]), files.with_coded(["text", "id", "role", "unheard of"])
    read = coded.read(DAYS[0], ["id", "text", "role"])
    assert pa.types.is_dictionary(read.schema.field("text").type)
    assert [field for field in read.schema if field.name != "text"] == [f for f in plain.schema if f.name != "text"]
    assert read.to_pydict() == plain.to_pydict()
    of_plain, of_coded = SliceTexts.of(plain.column("text")), SliceTexts.of(read.column("text"))
    assert of_plain.texts == of_coded.texts and np.array_equal(of_plain.code, of_coded.code)
    assert coded.read(DAYS[1], ["text"]).schema == read.select(["text"]).schema


def test_files_that_do_not_tell_their_least_key_are_read_as_they_are(lakehouse_root: Path) -> None:
    texts = {number: "t" for number in range(8)}
    files = replace(many_files("unknown", texts, sorted(texts), 2), key=("unheard of",))
    assert sorted(files.read(DAYS[0], ["id"]).column("id").to_pylist()) == sorted(texts)


def test_a_table_that_does_not_exist_has_no_files(lakehouse_root: Path) -> None:
    assert DayFiles.of(TABLE, DAYS).rows == 0
