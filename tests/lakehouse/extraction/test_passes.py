"""A service that changes while it is read is read until it holds still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lakehouse.errors import SourceUnavailable
from lakehouse.extraction.passes import stable


def passes(*each: list[dict[str, Any]]) -> Callable[[], Iterator[dict[str, Any]]]:
    coming = iter(each)
    return lambda: iter(next(coming))


A, B, C = {"id": "a"}, {"id": "b"}, {"id": "c", "pieces": 3}


def test_two_passes_with_the_same_rows_are_enough_whatever_their_order() -> None:
    assert list(stable(passes([A, B], [B, A, A]))) == [B, A, A]


def test_a_row_that_moved_out_of_a_pass_is_there_in_the_next() -> None:
    assert list(stable(passes([A, C], [A, B, C], [C, B, A]))) == [{"id": "c", "pieces": "3"}, B, A]


def test_rows_that_never_settle_give_up_after_the_tries() -> None:
    with pytest.raises(SourceUnavailable, match="found none in 4"):
        list(stable(passes([A], [B], [A], [B], [B])))


def test_a_service_without_rows_is_stable() -> None:
    assert list(stable(passes([], []))) == []


def test_nothing_is_yielded_before_a_pass_is_whole() -> None:
    def breaks() -> Iterator[dict[str, Any]]:
        yield A
        raise ConnectionError

    rows = stable(breaks)
    with pytest.raises(ConnectionError):
        next(rows)
