"""The files of a split: equal bytes for equal examples, and all of them in it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from jobs.release import shards
from jobs.release.version_rows import VersionRows
from lakehouse.declaration import Dataset

Row = dict[str, Any]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MAYBE = st.none() | TEXT


class InMemory(VersionRows):
    """Examples that are in no table, given in some order and in pieces of some length."""

    rows: list[Row]
    piece: int

    def batches(self, *columns: str, split: str | None = None) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([(name, pa.string()) for name in columns])
        for start in range(0, len(self.rows), self.piece):
            lines = [{name: row[name] for name in columns} for row in self.rows[start : start + self.piece]]
            yield pa.RecordBatch.from_pylist(lines, schema)


def given_rows(rows: list[Row], piece: int) -> VersionRows:
    made = InMemory(Dataset.model_construct(), 1, 0)
    object.__setattr__(made, "rows", rows)
    object.__setattr__(made, "piece", piece)
    return made


def size(rows: list[Row]) -> int:
    return sum(len((row[name] or "").encode()) for row in rows for name in ("text", "summary", "title", "url"))


def written(rows: list[Row], piece: int, folder: Path) -> dict[str, bytes]:
    files = shards.write(given_rows(rows, piece), "train", len(rows), size(rows), folder)
    return {file.name: file.read_bytes() for file in files}


@st.composite
def examples(draw: st.DrawFn) -> list[Row]:
    count = draw(st.integers(1, 12))
    return [
        {
            "example_id": f"{at:04d}",
            "document_id": draw(st.sampled_from(["a", "b", "ä", "B", "a\0b", "\U0001f600"])),
            "variant": draw(st.sampled_from(["cold", "warm"])),
            "title": draw(MAYBE),
            "text": draw(TEXT),
            "summary": draw(TEXT),
            "language": "en",
            "licence": draw(MAYBE),
            "url": draw(MAYBE),
        }
        for at in range(count)
    ]


@settings(max_examples=20)
@given(examples(), st.integers(1, 5), st.integers(0, 2**32))
def test_the_bytes_are_the_same_whatever_the_order_and_the_pieces(rows: list[Row], piece: int, seed: int) -> None:
    shuffled = random.Random(seed).sample(rows, len(rows))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        first, second = written(rows, 100, Path(one)), written(shuffled, piece, Path(other))
        assert first == second
        table = parquet.read_table(Path(one) / "train-00000-of-00001.parquet")
    assert table.column_names == list(shards.COLUMNS)
    expected = sorted(rows, key=lambda row: (row["document_id"].encode(), row["variant"], row["example_id"]))
    assert table.to_pylist() == expected


def numbered(count: int) -> list[Row]:
    return [
        {
            **dict.fromkeys(shards.COLUMNS, "x"),
            "example_id": f"{at:05d}",
            "document_id": f"{at:05d}",
            "text": f"text {at} " * 20,
        }
        for at in range(count)
    ]


def test_many_examples_are_shared_out_evenly_over_files_in_one_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "FILE_ROWS", 400)
    monkeypatch.setattr(shards, "GROUP_ROWS", 150)
    rows = numbered(1_000)
    files = written(rows[::-1], 70, tmp_path)
    assert list(files) == [f"train-{at:05d}-of-00003.parquet" for at in range(3)]
    lengths = [parquet.read_metadata(tmp_path / name).num_rows for name in files]
    assert lengths == [334, 333, 333]
    groups = [
        [found.row_group(at).num_rows for at in range(found.num_row_groups)]
        for found in (parquet.read_metadata(tmp_path / name) for name in files)
    ]
    assert groups == [[150, 150, 34], [150, 150, 33], [150, 150, 33]]
    read = (
        duckdb.connect()
        .execute(f"select example_id, text from read_parquet('{tmp_path}/*.parquet', filename = true)")
        .fetchall()
    )
    assert read == [(row["example_id"], row["text"]) for row in rows]


def test_long_texts_make_more_files(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(shards.names("train", 10, 3 * shards.FILE_BYTES)) == 3
    assert len(shards.names("train", 2, 9 * shards.FILE_BYTES)) == 2
    assert len(shards.names("train", 100_001, 10)) == 2
    assert shards.names("test", 0, 0) == []


def test_files_say_nothing_of_the_machine_or_the_moment(tmp_path: Path) -> None:
    written(numbered(3), 2, tmp_path)
    found = parquet.read_metadata(tmp_path / "train-00000-of-00001.parquet")
    assert found.metadata is None
    assert found.created_by.startswith("parquet-cpp-arrow version ")
