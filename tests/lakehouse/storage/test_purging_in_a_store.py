"""What is taken out of tables in a folder is taken out of those in an object store: the same tests, at addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.storage import places
from tests.lakehouse.storage.test_purging import (  # noqa: F401  # they are collected here again
    letters,
    test_a_file_on_its_way_without_such_rows_is_left_alone,
    test_after_a_purge_no_byte_of_it_is_left_and_the_table_goes_on,
    test_rows_are_taken_out_of_every_day_in_one_commit_and_no_other_file_is_written_again,
    test_rows_can_be_changed_instead,
)


@pytest.fixture
def lakehouse_root(store_root: str) -> Path:
    return places.of(store_root)
