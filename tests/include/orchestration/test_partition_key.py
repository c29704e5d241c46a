import pytest

from include.orchestration import partition_key


def test_a_range_has_both_its_ends():
    assert partition_key.between("2024-02-28", "2024-03-01") == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert partition_key.between("2024-02-28", "") == ["2024-02-28"]


def test_a_range_that_runs_backwards_is_refused():
    with pytest.raises(ValueError, match="lies before"):
        partition_key.between("2024-03-02", "2024-03-01")
