"""Sums by blocks are NumPy's own, to the digit: stored metrics are made of them."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.evaluation import blocks

LENGTHS = [0, 1, 7, 8, 9, 127, 128, 129, 1000, blocks.ROWS - 1, blocks.ROWS, blocks.ROWS + 1, 3 * blocks.ROWS + 13]


@pytest.mark.parametrize("size", [1, 100, 1000, blocks.ROWS])
@pytest.mark.parametrize("length", [*LENGTHS, 1_234_567])
def test_a_sum_by_blocks_is_the_sum_of_the_whole_to_the_digit(
    length: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.random.default_rng(length).normal(size=length) * 10.0 ** np.random.default_rng(1).integers(
        -9, 9, length
    )
    monkeypatch.setattr(blocks, "ROWS", size)
    assert blocks.summed(length, lambda block: values[block]) == float(np.sum(values))
    # A view that goes backwards is added as it is read.
    assert blocks.summed(length, lambda block: values[::-1][block]) == float(np.sum(values[::-1].copy()))


def test_several_columns_are_summed_in_one_go_and_no_block_is_longer_than_said() -> None:
    values, seen = np.random.default_rng(2).random(5 * blocks.ROWS), list[int]()

    def columns(block: slice) -> tuple[np.ndarray, np.ndarray]:
        seen.append(block.stop - block.start)
        return values[block], np.ones(block.stop - block.start)

    assert blocks.sums(len(values), columns) == [np.sum(values), len(values)]
    assert max(seen) <= blocks.ROWS and sum(seen) == len(values)
