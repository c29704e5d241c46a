"""How the search for the rows that get reasons is shared among tasks."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.score.many_reasons import PARTS_A_TASK, ROWS_A_TASK, gathered, shares
from lakehouse.storage.day_files import DayFile
from lakehouse.storage.day_parts import Part


def parts(count: int) -> list[Part]:
    return [Part(DayFile(f"{number}.parquet", {"partition": dt.date(2024, 1, 1)}, 1), None) for number in range(count)]


@given(st.integers(0, 200), st.integers(0, 100_000_000))
def test_each_part_is_looked_through_once_by_tasks_as_even_as_they_can_be(count: int, chosen: int) -> None:
    every = parts(count)
    made = shares(every, chosen)
    assert [part for share in made for part in share] == every
    sizes = {len(share) for share in made}
    assert not sizes or max(sizes) - min(sizes) <= 1
    assert all(0 < size <= PARTS_A_TASK for size in sizes)


@pytest.mark.parametrize(("chosen", "tasks"), [(0, 2), (10_000, 2), (5 * ROWS_A_TASK, 5), (10_000_000, 10)])
def test_few_chosen_rows_are_few_tasks_and_many_are_one_a_part(chosen: int, tasks: int) -> None:
    assert len(shares(parts(10), chosen)) == tasks


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 12))
def test_rows_are_gathered_in_order_and_none_is_lost(sizes: list[int], at_least: int) -> None:
    numbers = iter(range(1000))
    tables = [pa.table({"row": pa.array([next(numbers) for _ in range(size)], pa.int64())}) for size in sizes]
    made = list(gathered(iter(tables), at_least))
    assert [row for table in made for row in table.column("row").to_pylist()] == list(range(sum(sizes)))
    assert all(len(table) >= at_least for table in made[:-1])
