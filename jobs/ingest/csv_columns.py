"""CSV text into columns at once, by Arrow: the same rows as `jobs.ingest.csv_rows` gives, thirty times as fast.

Only for text in which nothing can be read in two ways: no quotes, every line with as many cells as the header.
"""

from __future__ import annotations

import csv as standard
import io
import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from jobs.ingest.csv_rows import BLANKS, ORDER_MARK
from jobs.ingest.lines import EXTRA, LINE, MALFORMED, RAW, Layout, schema

# Within these a cell is a text of JSON without an escape.
PLAIN = re.compile(rb"[\x20-\x7e\n]*")


def parse(content: bytes, layout: Layout, header: list[str], first_line: int) -> pa.Table | None:
    """The rows of a text that begins and ends where a row does; None where a closer look is needed.

    Args:
        content: lines of a CSV file behind its header, UTF-8.
        layout: how the file is written.
        header: the names of its columns.
        first_line: the number of the text's first line.
    """
    if b'"' in content or b"\0" in content or ORDER_MARK.encode() in content:
        return None
    if b"\r" in content:
        if content.count(b"\r") != content.count(b"\r\n"):
            return None
        content = content.replace(b"\r\n", b"\n")
    lines = _lines(content)
    filled = pc.greater(pc.binary_length(lines), 0)
    numbers = pa.array(np.arange(first_line, first_line + len(lines), dtype=np.int64)).filter(filled)
    lines = lines.filter(filled)
    if not len(lines):
        return schema(layout.columns).empty_table()
    if pc.max(pc.binary_length(lines)).as_py() >= standard.field_size_limit():
        return None
    found = _cells(content, layout.delimiter, len(header))
    if found is None or len(found) != len(lines):
        return None
    blanks = b" " in content or b"\t" in content
    trimmed = [pc.utf8_trim(column, BLANKS) if blanks else column for column in found.columns]
    if _has_header(trimmed, header):
        return None
    by_field = layout.by_field
    values = {by_field[name]: _values(trimmed[index], layout) for index, name in enumerate(header) if name in by_field}
    unknown = {name: found.column(index) for index, name in enumerate(header) if name not in by_field}
    columns = {
        **values,
        EXTRA: _extra(unknown, len(lines), PLAIN.fullmatch(content) is not None and b"\\" not in content)
        if unknown
        else pa.nulls(len(lines), pa.string()),
        RAW: lines,
        MALFORMED: pa.nulls(len(lines), pa.string()),
        LINE: numbers,
    }
    return pa.table([columns[name] for name in schema(layout.columns).names], schema=schema(layout.columns))


def _lines(content: bytes) -> pa.Array:
    """Each line without its end; a text that ends with a line end has no line behind it."""
    lines = pc.split_pattern(pa.array([content.removesuffix(b"\n")], pa.large_binary()), "\n")[0].values
    return lines.cast(pa.binary()).cast(pa.string())


def _cells(content: bytes, delimiter: str, columns: int) -> pa.Table | None:
    """Every cell as text; None when a line has another number of cells."""
    names = [str(index) for index in range(columns)]
    try:
        return csv.read_csv(
            io.BytesIO(content),
            read_options=csv.ReadOptions(column_names=names, use_threads=False, block_size=len(content) + 1),
            parse_options=csv.ParseOptions(delimiter=delimiter, quote_char=False, double_quote=False),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None


def _values(cells: pa.ChunkedArray, layout: Layout) -> pa.ChunkedArray:
    if layout.null_values:
        none = pc.is_in(cells, value_set=pa.array(["", *layout.null_values]))
    else:
        none = pc.equal(pc.binary_length(cells), 0)
    return pc.if_else(none, pa.scalar(None, pa.string()), cells) if pc.any(none).as_py() else cells


def _has_header(cells: list[pa.ChunkedArray], header: list[str]) -> bool:
    again = pc.equal(cells[0], header[0])
    for column, name in zip(cells[1:], header[1:], strict=True):
        if not pc.any(again).as_py():
            return False
        again = pc.and_(again, pc.equal(column, name))
    return bool(pc.any(again).as_py())


def _extra(unknown: dict[str, pa.ChunkedArray], rows: int, plain: bool) -> pa.Array:
    """The cells of columns that the contract does not know, as a JSON object a row."""
    if not plain:
        texts = {name: column.to_pylist() for name, column in unknown.items()}
        return pa.array([json.dumps({name: cells[row] for name, cells in texts.items()}) for row in range(rows)])
    pieces: list[pa.Scalar | pa.ChunkedArray] = []
    for name, column in unknown.items():
        pieces += [pa.scalar(f'{", " if pieces else "{"}{json.dumps(name)}: "'), column, pa.scalar('"')]
    return pc.binary_join_element_wise(*pieces, pa.scalar("}"), pa.scalar(""))
