"""A few hundred of the drawn files of `make fuzz`, of the same seeds each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import campaign


@pytest.mark.parametrize("seed", [11, 12])
def test_each_line_of_a_damaged_file_is_in_one_row_and_the_books_balance(tmp_path: Path, seed: int) -> None:
    told = campaign.run(tmp_path, seed, 60)
    assert told["refused"] and told["ingested"]
