"""Splitting a delivery of JSON lines: values become text, nothing is lost, and what is wrong says so."""

from __future__ import annotations

import gzip
import json

import pytest

from jobs.ingest.delivery_errors import HEADER, TRUNCATED
from lakehouse.extraction import envelope
from tests.jobs.ingest.parsed_files import rows


def lines(content: bytes) -> list[dict[str, object]]:
    return rows(content, name="2024-03-01.jsonl")


def loaves(value: str) -> object:
    (line,) = lines(f'{{"shop":"canal","loaves":{value}}}\n'.encode())
    assert line["malformed"] is None
    return line["loaves"]


def test_each_line_keeps_its_number_its_raw_text_and_its_values() -> None:
    assert lines(b'{"shop": "canal", "loaves": 3}\n\n{"loaves": null}\n') == [
        {
            "shop": "canal",
            "loaves": "3",
            "extra": None,
            "raw": '{"shop": "canal", "loaves": 3}',
            "malformed": None,
            "line": 1,
        },
        {"shop": None, "loaves": None, "extra": None, "raw": '{"loaves": null}', "malformed": None, "line": 3},
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('"3"', "3"),
        ('" 3 "', " 3 "),
        ('""', ""),
        ("1.10", "1.10"),
        ("12345678901234567890.123456789", "12345678901234567890.123456789"),
        ("1" * 5000, "1" * 5000),
        ("1E400", "1E400"),
        ("true", "true"),
        ("false", "false"),
        ("null", None),
        ('{"$oid": "5f43a1"}', "5f43a1"),
        ('{"$numberDecimal": "1.50"}', "1.50"),
        ('{"$numberLong": "9223372036854775807"}', "9223372036854775807"),
        ('{"$numberDouble": "NaN"}', "NaN"),
        ('{"$date": "2013-01-01T05:00:00Z"}', "2013-01-01T05:00:00Z"),
        ('{"$date": {"$numberLong": "-1"}}', "1969-12-31T23:59:59.999Z"),
        ('{"$date": {"$numberLong": "999999999999999999"}}', '{"$date":{"$numberLong":"999999999999999999"}}'),
        ('{"$binary": {"base64": "eA==", "subType": "00"}}', '{"$binary":{"base64":"eA==","subType":"00"}}'),
        ('{"rye": 1.10, "a": [true, null, "é"]}', '{"rye":1.10,"a":[true,null,"é"]}'),
        ("[1, 2.0]", "[1,2.0]"),
        (r'"\u00e9\ud83d\ude00"', "é😀"),
    ],
)
def test_a_value_becomes_the_text_that_the_contract_casts(value: str, text: str | None) -> None:
    assert loaves(value) == text


def test_fields_that_the_contract_does_not_know_are_kept_as_extra() -> None:
    (line,) = lines(b'{"_id": {"$oid": "5f"}, "shop": "canal", "size": 1.50}\n')
    assert line["extra"] == '{"_id":{"$oid":"5f"},"size":1.50}'


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("not json", "can't be read as JSON: Expecting value"),
        ('{"shop": "canal"', "can't be read as JSON"),
        ("3", "expected a JSON object, found a number"),
        ('["canal"]', "expected a JSON object, found a list"),
        ("null", "expected a JSON object, found null"),
        ('{"loaves": NaN}', "NaN is no number of JSON"),
        ('{"loaves": -Infinity}', "-Infinity is no number"),
        ('{"shop": "a", "shop": "b"}', "a field is named twice"),
        ('{"shop": "a\\u0000b"}', "NUL byte"),
        ('{"shop": "\\ud800"}', "half a surrogate pair"),
        ('{"\\udc00": 1}', "half a surrogate pair"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"a":' * 990 + "1" + "}" * 990, "nested too deeply"),
    ],
)
def test_a_line_that_is_no_document_is_malformed_and_the_lines_around_it_are_not(raw: str, expected: str) -> None:
    found = lines(f'{{"shop":"canal"}}\n{raw}\n{{"shop":"market"}}\n'.encode())
    assert [line["line"] for line in found] == [1, 2, 3]
    assert [line["malformed"] is None for line in found] == [True, False, True]
    assert expected in str(found[1]["malformed"])
    assert found[1]["raw"] == raw


def test_a_nul_byte_in_the_file_is_malformed_and_shown() -> None:
    (line,) = lines(b'{"shop": "a\0b"}\n')
    assert "can't be read as JSON" in str(line["malformed"])
    assert line["raw"] == r'{"shop": "a\0b"}'


def test_a_line_ends_with_a_line_feed_a_carriage_return_or_both() -> None:
    found = lines(b'{"shop":"a"}\r{"shop":"b"}\r\n{"shop":"c"}\n')
    assert [line["shop"] for line in found] == ["a", "b", "c"]


def test_no_other_character_ends_a_line() -> None:
    (line,) = lines('{"shop":"a\u2028b\x85c"}\n'.encode())
    assert line["shop"] == "a\u2028b\x85c"


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbf{"shop":"canal"}\n',
        b'{"shop":"canal"}\r\n',
        b'{"shop":"canal"}',
        gzip.compress(b'{"shop":"canal"}\n'),
    ],
    ids=["byte order mark", "CRLF", "no last line end", "gzip"],
)
def test_a_byte_order_mark_crlf_and_gzip_make_no_difference(content: bytes) -> None:
    (line,) = lines(content)
    assert (line["shop"], line["malformed"], line["raw"]) == ("canal", None, '{"shop":"canal"}')


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty"),
        (gzip.compress(b""), "the file is empty"),
        ('{"shop":"café"}\n'.encode("latin-1"), "expected UTF-8"),
        (gzip.compress(b'{"shop":"canal"}\n' * 100)[:40], "expected UTF-8 text or gzip"),
    ],
    ids=["empty", "empty gzip", "wrong encoding", "truncated gzip"],
)
def test_a_file_that_can_not_be_read_is_one_line_that_says_why(content: bytes, expected: str) -> None:
    (line,) = lines(content)
    assert str(line["malformed"]).startswith(HEADER)
    assert expected in str(line["malformed"])


def extracted(*documents: str, count: int) -> bytes:
    return "".join(f"{line}\n" for line in (envelope.header("a window"), *documents, envelope.trailer(count))).encode()


def test_the_first_and_last_line_of_an_extracted_file_are_no_documents() -> None:
    (line,) = lines(extracted('{"shop":"canal"}', count=1))
    assert (line["shop"], line["line"]) == ("canal", 2)


def test_an_extracted_file_that_was_cut_off_is_refused_as_a_whole() -> None:
    whole = extracted('{"shop":"canal"}', '{"shop":"market"}', count=2)
    cut = whole[: whole.index(b'{"$extracted"')]
    for content, expected in ((cut, "expected a last line"), (whole.replace(b": 2", b": 3"), "expected 3 documents")):
        line = lines(content)[-1]
        assert str(line["malformed"]).startswith(TRUNCATED)
        assert expected in str(line["malformed"])


def test_a_file_that_ends_within_a_document_is_truncated() -> None:
    first, second = lines(b'{"shop":"canal"}\n{"shop":"mar')
    assert (first["shop"], first["malformed"]) == ("canal", None)
    assert str(second["malformed"]).startswith(f"{TRUNCATED}the last line, 2, has no end")


def test_a_document_that_looks_like_an_envelope_elsewhere_is_a_document() -> None:
    imitation = envelope.trailer(5)
    found = lines(extracted(imitation, '{"shop":"canal"}', count=2))
    assert [line["extra"] for line in found] == [json.dumps(json.loads(imitation), separators=(",", ":")), None]
