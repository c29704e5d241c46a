"""Many numbers sorted by parts, beside NumPy's sort of all at once."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.evaluation import bucket_sort

MANY = 300_000
DICE = np.random.default_rng(3)
NUMBERS = {
    "spread evenly": DICE.integers(0, 2**31, MANY),
    "bits of scores": DICE.beta(2, 5, MANY).astype(np.float32).view(np.uint32),
    "nearly all in one part": np.append(DICE.integers(1000, 1200, MANY), [0, 2**31]),
    "few distinct": DICE.integers(0, 3, MANY),
    "all equal": np.full(MANY, 7),
    "the least and the greatest alone": np.append(np.zeros(MANY, dtype=np.uint32), np.iinfo(np.uint32).max),
    "as many as are sorted at once": DICE.integers(0, 2**20, bucket_sort.AT_ONCE),
    "one more than that": DICE.integers(0, 2**20, bucket_sort.AT_ONCE + 1),
    "none": np.zeros(0),
}


@pytest.mark.parametrize("size", [np.uint32, np.uint64])
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_come_in_their_order_and_the_given_ones_stay(name: str, size: type) -> None:
    numbers = NUMBERS[name].astype(size)
    before = numbers.copy()
    found = bucket_sort.ascending(numbers)
    assert found.dtype == numbers.dtype and np.array_equal(found, np.sort(before))
    assert np.array_equal(numbers, before) and not np.shares_memory(found, numbers)


def test_numbers_of_64_bits_are_told_apart_to_their_last() -> None:
    numbers = DICE.beta(2, 5, MANY).view(np.uint64) << np.uint64(1) | DICE.integers(0, 2, MANY, dtype=np.uint64)
    assert np.array_equal(bucket_sort.ascending(numbers), np.sort(numbers))
