"""Splitting a delivery's bytes: nothing is lost, and what is wrong says so."""

from __future__ import annotations

import gzip

import pytest

from jobs.ingest.delivery_errors import HEADER
from tests.jobs.ingest.parsed_files import rows as lines


def test_each_line_keeps_its_number_its_raw_text_and_its_values() -> None:
    assert lines(b"shop,loaves\ncanal,3\nmarket,\n") == [
        {"shop": "canal", "loaves": "3", "extra": None, "raw": "canal,3", "malformed": None, "line": 2},
        {"shop": "market", "loaves": None, "extra": None, "raw": "market,", "malformed": None, "line": 3},
    ]


def test_columns_may_come_in_another_order_and_new_ones_are_kept_as_extra() -> None:
    (line,) = lines(b"loaves,colour,shop\n3,red,canal\n")
    assert (line["shop"], line["loaves"], line["extra"]) == ("canal", "3", '{"colour": "red"}')


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfshop,loaves\ncanal,3\n",
        b"shop,loaves\r\ncanal,3\r\n",
        gzip.compress(b"shop,loaves\ncanal,3\n"),
    ],
    ids=["byte order mark", "CRLF", "gzip"],
)
def test_a_byte_order_mark_crlf_and_gzip_make_no_difference(content: bytes) -> None:
    (line,) = lines(content)
    assert (line["shop"], line["loaves"], line["malformed"]) == ("canal", "3", None)


def test_a_quoted_line_break_stays_within_its_row() -> None:
    first, second = lines(b'shop,loaves\n"ca\nnal",3\nmarket,4\n')
    assert (first["shop"], first["line"]) == ("ca\nnal", 2)
    assert (second["shop"], second["line"]) == ("market", 4)


def test_a_ragged_row_is_malformed_and_the_rows_around_it_are_not() -> None:
    found = lines(b"shop,loaves\ncanal,3\nmarket,4,5\nschool,6\n")
    assert [line["malformed"] for line in found] == [None, "expected 2 columns, found 3", None]
    assert found[1]["raw"] == "market,4,5"


def test_an_overlong_field_is_malformed_and_the_next_row_is_not() -> None:
    found = lines(b"shop,loaves\n" + b"x" * 10_000_000 + b",3\nmarket,4\n")
    assert "field larger than field limit" in str(found[0]["malformed"])
    assert found[-1]["shop"] == "market"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty"),
        (b"shop\ncanal\n", "missing column(s) loaves; found shop"),
        (b"shop,loaves,shop\n", "named twice: shop"),
        ("shop,loaves\ncafé,3\n".encode("latin-1"), "expected UTF-8"),
        (gzip.compress(b"shop,loaves\ncanal,3\n" * 100)[:40], "expected UTF-8 text or gzip"),
    ],
    ids=["empty", "missing column", "column twice", "wrong encoding", "truncated gzip"],
)
def test_a_file_that_can_not_be_read_is_one_line_that_says_why(content: bytes, expected: str) -> None:
    (line,) = lines(content)
    assert str(line["malformed"]).startswith(HEADER)
    assert expected in str(line["malformed"])
