"""The first line of a CSV delivery: the names of its columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from jobs.ingest import csv_rows
from jobs.ingest.blocks import Block, count_lines, line_end
from jobs.ingest.delivery_errors import HEADER
from jobs.ingest.lines import Layout

ORDER_MARK = b"\xef\xbb\xbf"


def split_header(block: Block, layout: Layout, encoding: str = "utf-8") -> tuple[list[str], Block, str | None]:
    """The names in a file's first line, the rest of its first block, and what is wrong with the line.

    Args:
        block: the first of the file.
        layout: how the file is written.
        encoding: of the block's bytes.

    Raises:
        UnicodeError: when the line is no text.
    """
    content = block.content.removeprefix(ORDER_MARK)
    taken: list[bytes] = []

    def physical() -> Iterator[str]:
        end = 0
        while end < len(content):
            start, end = end, line_end(content, end) or len(content)
            taken.append(content[start:end])
            yield content[start:end].decode(encoding)

    reader = csv.reader(physical(), strict=True, delimiter=layout.delimiter)
    try:
        header = [name.strip(csv_rows.BLANKS) for name in next(reader)]
    except StopIteration:
        return [], block, f"{HEADER}expected a line of column names, found none: the file is empty"
    except csv.Error as error:
        return [], _behind(block, content, taken[:1]), f"{HEADER}expected a line of column names, found {error}"
    return header, _behind(block, content, taken), _header_problem(header, layout)


def _behind(block: Block, content: bytes, header: list[bytes]) -> Block:
    """The block behind the lines of the header; ``content`` is the block's without a byte order mark."""
    first = b"".join(header)
    before = len(block.content) - len(content) + len(first)
    return Block(content[len(first) :], block.offset + before, 1 + count_lines(first), block.last)


def _header_problem(header: list[str], layout: Layout) -> str | None:
    if twice := sorted({name for name in header if header.count(name) > 1}):
        return f"{HEADER}column(s) named twice: {_readable(', '.join(twice))}"
    if missing := [delivered for delivered in layout.fields.values() if delivered not in header]:
        return f"{HEADER}missing column(s) {', '.join(missing)}; found {_readable(', '.join(header))}"
    return None


def _readable(text: str) -> str:
    """The text on one line, and not too long: a header may be anything."""
    return text[:500].encode("unicode_escape").decode("ascii") if not text.isprintable() else text[:500]
