"""Of rows with one key the last counts: by arrival, by file, by line; in whatever order the files were written."""

from __future__ import annotations

import datetime as dt
from itertools import permutations

import pyarrow as pa
import pytest

from jobs.ingest import duplicate_keys

DAY = dt.date(2024, 3, 5)
FIRST, LATER = (dt.datetime(2024, 3, 6, hour, tzinfo=dt.UTC) for hour in (1, 2))
# Pieces of one file, another file of the same delivery, and a later delivery: the lines of key a, and where they come.
FILES = [((FIRST, "x", ""), 2), ((FIRST, "x", ""), 9), ((FIRST, "x", "part-2"), 3), ((LATER, "b", ""), 1)]


@pytest.mark.parametrize("order", list(permutations(range(len(FILES)))))
def test_the_last_row_of_a_key_stays_in_whatever_order_the_files_come(order: tuple[int, ...]) -> None:
    files = [pa.table({"item": ["a"], "line": [FILES[number][1]]}) for number in order]
    found = duplicate_keys.find(files, [(DAY, FILES[number][0]) for number in order], ["item"])
    assert {order[place] for place in found.gone} == {0, 1, 2}
    # Within its delivery the row of the last file is the last.
    assert {order[place] for place in found.superseded} == {0, 1}


def test_pieces_of_one_file_are_told_apart_by_their_lines_alone() -> None:
    later, earlier = (pa.table({"item": ["a"], "line": [line]}) for line in (9, 2))
    for files, gone in (([later, earlier], 1), ([earlier, later], 0)):
        found = duplicate_keys.find(files, [(DAY, (FIRST, "x", ""))] * 2, ["item"])
        assert list(found.gone) == list(found.superseded) == [gone]
