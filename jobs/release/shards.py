"""The examples of a split as Parquet files: the same bytes for the same examples, in whatever order and files they lie."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from pyarrow import parquet

from jobs.release.version_rows import VersionRows

# Of the published files, in their order.
COLUMNS = ("example_id", "document_id", "variant", "title", "text", "summary", "language", "licence", "url")
# A file has so many examples, or about so many bytes of text, at most.
FILE_ROWS, FILE_BYTES = 100_000, 500_000_000
# Of 4 kB each 4 MB: what a reader has to hold for one example.
GROUP_ROWS = 1_000
# What exceeds it while the examples are sorted goes to the disk.
MEMORY = "512MB"

# Texts of one group can be more than 2 GB together. In the file both kinds of string are the same.
SCHEMA = pa.schema([(name, pa.large_string()) for name in COLUMNS])


def names(split: str, rows: int, size: int) -> list[str]:
    """The files of a split with so many examples and bytes of text; a split without examples has none."""
    count = max(-(-rows // FILE_ROWS), -(-size // FILE_BYTES)) if rows else 0
    # No file without rows: texts may be larger than a file should be.
    count = min(count, rows)
    return [f"{split}-{at:05d}-of-{count:05d}.parquet" for at in range(count)]


def write(examples: VersionRows, split: str, rows: int, size: int, folder: Path) -> list[Path]:
    """Write the examples of a split, in the order of documents and variants, to files of about equal length.

    Args:
        examples: of a version.
        split: which.
        rows: how many examples it has.
        size: how many bytes their texts have.
        folder: where to; made when missing.
    """
    files = [folder / name for name in names(split, rows, size)]
    groups = _groups(_ordered(examples, split), _lengths(rows, len(files)))
    at, writer, left = -1, None, 0
    lengths = _lengths(rows, len(files))
    try:
        for group in groups:
            if left == 0:
                if writer is not None:
                    writer.close()
                at += 1
                folder.mkdir(parents=True, exist_ok=True)
                writer, left = _writer(files[at]), lengths[at]
            assert writer is not None
            writer.write_table(group, row_group_size=GROUP_ROWS)
            left -= len(group)
    finally:
        if writer is not None:
            writer.close()
    return files


def _lengths(rows: int, files: int) -> list[int]:
    """How many rows each file has: as equal as can be."""
    return [rows // files + (at < rows % files) for at in range(files)] if files else []


def _groups(batches: Iterator[pa.RecordBatch], lengths: list[int]) -> Iterator[pa.Table]:
    """The rows a group at a time; the last group of a file may be shorter.

    Where batches begin decides nothing: a group is one piece, since the pages of a file follow the pieces.
    """
    waiting, have = [], 0
    sizes = _sizes(lengths)
    wanted = next(sizes, 0)
    for batch in batches:
        waiting.append(batch)
        have += batch.num_rows
        while wanted and have >= wanted:
            table = pa.Table.from_batches(waiting, SCHEMA)
            yield table.slice(0, wanted).combine_chunks()
            rest = table.slice(wanted)
            waiting, have = rest.to_batches(), len(rest)
            wanted = next(sizes, 0)
    assert not have and not wanted, "the examples are as many as were counted"


def _sizes(lengths: list[int]) -> Iterator[int]:
    for rows in lengths:
        for start in range(0, rows, GROUP_ROWS):
            yield min(GROUP_ROWS, rows - start)


def _ordered(examples: VersionRows, split: str) -> Iterator[pa.RecordBatch]:
    """The rows in the order of their bytes; no two have one example's id, so that there is one order."""
    found = pa.RecordBatchReader.from_batches(
        pa.schema([(name, pa.string()) for name in COLUMNS]), examples.batches(*COLUMNS, split=split)
    )
    with (
        tempfile.TemporaryDirectory(prefix="nightjar-sort-") as folder,
        duckdb.connect(config={"memory_limit": MEMORY, "threads": 2, "temp_directory": folder}) as connection,
    ):
        # A bar on the standard output is for terminals.
        connection.execute("SET enable_progress_bar = false")
        connection.register("examples", found)
        query = f"SELECT {', '.join(COLUMNS)} FROM examples ORDER BY document_id, variant, example_id"
        for batch in connection.sql(query).to_arrow_reader(GROUP_ROWS):
            arrays = [batch.column(name).cast(pa.large_string()) for name in COLUMNS]
            yield pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def _writer(file: Path) -> parquet.ParquetWriter:
    return parquet.ParquetWriter(
        file,
        SCHEMA,
        compression="zstd",
        # Arrow's own schema, with its kind of string, is nobody's business.
        store_schema=False,
        write_page_index=True,
        # Pages end by content: of a file that changes a little, stores that keep pieces once keep little more.
        use_content_defined_chunking=True,
        data_page_version="1.0",
        version="2.6",
    )
