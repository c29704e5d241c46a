import pytest

from lakehouse.analyst import readable
from lakehouse.errors import TableUnreadable


def test_a_reader_that_has_seen_enough_is_no_damaged_table():
    with pytest.raises(BrokenPipeError), readable.of("x"):
        raise BrokenPipeError


def test_a_file_that_can_t_be_read_is_told_with_the_use_case():
    with pytest.raises(TableUnreadable, match=r"tables of x: .*no such file"), readable.of("x"):
        raise FileNotFoundError("no such file")
