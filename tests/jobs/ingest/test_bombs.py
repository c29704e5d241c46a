"""A small packed file that is one endless row is refused before it fills the memory."""

from __future__ import annotations

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest import blocks
from jobs.ingest.streams import Unreadable, opened


class NoDigest:
    """Takes bytes and forgets them."""

    def update(self, data: bytes) -> None:
        """Nothing."""


def read(content: bytes, delimiter: str | None, longest: int, size: int) -> list[bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "LONGEST_ROW_BYTES", longest)
        stream = opened(io.BytesIO(gzip.compress(content)), "utf-8", NoDigest())
        return [block.content for block in blocks.blocks(stream, delimiter, size)]


@pytest.mark.parametrize("delimiter", [",", None])
@pytest.mark.parametrize("start", [b"a,b\n1,2\n", b""])
@pytest.mark.parametrize("endless", [b"x", b'"x', b"x,"])
def test_a_row_without_an_end_is_refused_by_its_line(delimiter: str | None, start: bytes, endless: bytes) -> None:
    line = start.count(b"\n") + 1
    with pytest.raises(Unreadable, match=rf"a row of more than \d+ MB, which begins in line {line}"):
        read(start + endless * 10_000, delimiter, longest=1000, size=len(start) or 100)


@given(st.lists(st.binary(max_size=50).map(lambda row: row.replace(b"\n", b"").replace(b"\r", b"").replace(b'"', b""))))
def test_rows_that_are_short_enough_all_come(rows: list[bytes]) -> None:
    content = b"".join(row + b"\n" for row in rows)
    assert b"".join(read(content, ",", longest=100, size=40)) == content
