"""Where a text is still found on a disk: in the bytes of any file, of what is packed, or in any value of a Parquet file."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet


def of(folder: Path, *texts: str) -> list[str]:
    """The files under a folder, hidden ones too, that have one of the texts, or are named so."""
    return sorted(str(file.relative_to(folder)) for file in _files(folder) if _has(file, texts))


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file())


def _has(file: Path, texts: tuple[str, ...]) -> bool:
    return any(text in content for content in _contents(file) for text in texts)


def _contents(file: Path) -> Iterator[str]:
    content = file.read_bytes()
    yield str(file)
    yield content.decode("latin-1")
    yield content.decode("utf-8", "replace")
    if content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content).decode("utf-8", "replace")
    if content[:4] == b"PAR1" and content[-4:] == b"PAR1":
        found = parquet.ParquetFile(io.BytesIO(content))
        yield json.dumps(found.read().to_pylist(), default=str, ensure_ascii=False)
        # Pages are packed, and a dictionary may have values that no row has.
        pages = parquet.read_table(pa.BufferReader(content), read_dictionary=_texts(found.schema_arrow))
        yield json.dumps([str(column.to_pylist()) for column in _dictionaries(pages)], ensure_ascii=False)


def _texts(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if pa.types.is_string(field.type)]


def _dictionaries(rows: pa.Table) -> Iterator[pa.Array]:
    for column in rows.columns:
        for chunk in column.chunks:
            if pa.types.is_dictionary(chunk.type):
                yield chunk.dictionary
