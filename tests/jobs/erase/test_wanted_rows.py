"""Rows are known by the values of some columns, whatever form a value has in a table."""

from __future__ import annotations

import pyarrow as pa
import pytest

from jobs.erase.wanted_rows import WantedRows


@pytest.mark.parametrize("condition", [{"number": 0.0}, {"number": 0.0, "name": "x"}, {"number": -0.0}])
def test_zero_below_zero_is_zero(condition: dict[str, object]) -> None:
    rows = pa.table({"number": [-0.0, 0.0, 1.0, None], "name": ["x", "x", "x", "x"]})
    assert WantedRows((condition,)).mask(rows).to_pylist() == [True, True, False, False]


def test_any_of_several_conditions_is_enough() -> None:
    rows = pa.table({"number": [0.1, 1e16, 123456789.12345679, None], "name": ["x", "x", "y", None]})
    wanted = WantedRows(({"number": 0.1, "name": "x"},)) | WantedRows(({"number": 123456789.12345679},))
    assert wanted.mask(rows).to_pylist() == [True, False, True, False]
    assert WantedRows().mask(rows).to_pylist() == [False] * 4
