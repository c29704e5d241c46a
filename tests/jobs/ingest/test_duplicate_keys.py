"""Of rows with one key the last counts: by arrival, by file, by line; in whatever order the files were written."""

from __future__ import annotations

import datetime as dt
from itertools import permutations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.ingest import duplicate_keys

DAY = dt.date(2024, 3, 5)
FIRST, LATER = (dt.datetime(2024, 3, 6, hour, tzinfo=dt.UTC) for hour in (1, 2))
# Pieces of one file, another file of the same delivery, and a later delivery: the lines of key a, and where they come.
FILES = [((FIRST, "x", ""), 2), ((FIRST, "x", ""), 9), ((FIRST, "x", "part-2"), 3), ((LATER, "b", ""), 1)]


def _file(rows: list[tuple[str, int]], at_a_time: int = 2) -> duplicate_keys.Rows:
    table = pa.table({"line": [line for _, line in rows], "item": [item for item, _ in rows]})
    return lambda: table.to_batches(at_a_time)


@pytest.mark.parametrize("order", list(permutations(range(len(FILES)))))
def test_the_last_row_of_a_key_stays_in_whatever_order_the_files_come(order: tuple[int, ...]) -> None:
    files = [_file([("a", FILES[number][1])]) for number in order]
    found = duplicate_keys.find(files, [(DAY, FILES[number][0]) for number in order], ["item"])
    assert {order[place] for place in found.gone} == {0, 1, 2}
    # Within its delivery the row of the last file is the last.
    assert {order[place] for place in found.superseded} == {0, 1}


def test_pieces_of_one_file_are_told_apart_by_their_lines_alone() -> None:
    later, earlier = (_file([("a", line)]) for line in (9, 2))
    for files, gone in (([later, earlier], 1), ([earlier, later], 0)):
        found = duplicate_keys.find(files, [(DAY, (FIRST, "x", ""))] * 2, ["item"])
        assert list(found.gone) == list(found.superseded) == [gone]


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_whatever_is_delivered_the_last_row_of_a_key_and_day_stays(data: st.DataObject) -> None:
    instants, names = st.sampled_from([FIRST, LATER]), st.sampled_from(["", "part-1", "part-2"])
    places = st.tuples(instants, names).map(lambda one: (one[0], f"of {one[0]:%H}", one[1]))
    files = data.draw(
        st.lists(st.tuples(st.sampled_from([DAY, DAY + dt.timedelta(days=1)]), places), min_size=1, max_size=4)
    )
    lines = iter(data.draw(st.permutations(range(1, 41))))
    rows = [
        [(item, next(lines)) for item in data.draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8))]
        for _ in files
    ]
    found = duplicate_keys.find([_file(one, data.draw(st.integers(1, 4))) for one in rows], files, ["item"])
    gone, superseded = dict[int, list[int]](), dict[int, int]()
    everything = [
        (day, item, place, line, number, at)
        for number, (day, place) in enumerate(files)
        for at, (item, line) in enumerate(rows[number])
    ]
    for day, item, place, line, number, at in everything:
        later = [(p, n) for d, i, p, n, *_ in everything if (d, i) == (day, item) and (p, n) > (place, line)]
        if later:
            gone.setdefault(number, []).append(at)
        if any(p[1] == place[1] for p, _ in later):
            superseded[number] = superseded.get(number, 0) + 1
    assert {number: places.tolist() for number, places in found.gone.items()} == gone
    assert found.superseded == superseded
