"""A use case's own fetch function: what it yields lands whole and in one order, and what it does wrong has a name."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import (
    ConnectionWrong,
    DeclarationError,
    ExtractBroken,
    NightjarError,
    SourceRefused,
    SourceUnavailable,
    WindowOpen,
)
from lakehouse.extraction import extract as extraction
from lakehouse.extraction import fetch
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import INGESTED, Delivery
from tests.lakehouse.extraction import shipments

DAY = dt.date(2024, 3, 5)
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
UNTIL = "2024-03-04T23:00:00Z"


@pytest.fixture
def root(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of use cases."""
    folder = lakehouse_root.parent / "own"
    monkeypatch.setenv("USE_CASE_ROOTS", str(folder))
    return folder


def extract(root: Path, code: str, first: dt.date = DAY, last: dt.date | None = None, **source: Any) -> dict[str, Any]:
    use_case, declared = shipments.declare(root, code, **source)
    return extraction.extract(use_case, declared, first, last or first, NOW, nullcontext)


def yielding(rows: object) -> str:
    return f"import datetime as dt\ndef fetch(window, connection):\n    yield from {rows!r}\n"


def lines(result: dict[str, Any]) -> list[Any]:
    return [json.loads(line) for line in gzip.decompress(Path(result["file"]).read_bytes()).splitlines()]


def nothing_landed(root: Path) -> bool:
    return not [file for file in (root.parent / "landing").rglob("*") if file.is_file()]


def test_rows_land_as_texts_by_key_between_header_and_count(root: Path) -> None:
    code = (
        "import datetime as dt\nimport decimal\n"
        "def fetch(window, connection):\n"
        "    yield {'id': 'b', 'pieces': 2, 'changedAt': dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)}\n"
        "    yield {'id': 'a', 'pieces': None, 'paid': True, 'price': decimal.Decimal('4.10'), 'of': [1, {'x': None}]}\n"
    )
    result = extract(root, code)
    assert (result["status"], result["documents"]) == ("extracted", 2)
    assert lines(result) == [
        {"$extraction": {"origin": f"fetch extract.py from the beginning until {UNTIL}"}},
        {"id": "a", "of": '[1,{"x":null}]', "paid": "true", "pieces": None, "price": "4.10"},
        {"changedAt": "2024-03-01T12:00:00Z", "id": "b", "pieces": "2"},
        {"$extracted": {"documents": 2}},
    ]


def test_the_window_says_what_is_asked_for(root: Path) -> None:
    code = (
        "def fetch(window, connection):\n"
        "    assert connection is None\n"
        "    yield {'id': window.source, 'w': [str(window.since), str(window.until), window.first_day, window.last_day]}\n"
    )
    row = lines(extract(root, code, DAY, DAY + dt.timedelta(days=2)))[1]
    assert row["id"] == "orders"
    assert json.loads(row["w"]) == ["None", "2024-03-06 23:00:00+00:00", "2024-03-05", "2024-03-07"]


def test_changes_begin_where_the_ledger_ends_and_a_snapshot_with_the_beginning(root: Path) -> None:
    code = "def fetch(window, connection):\n    yield {'id': 'a', 'since': window.since}\n"
    before = DAY - dt.timedelta(days=1)
    origin = "fetch extract.py from the beginning until 2024-03-03T23:00:00Z"
    deliveries.record([Delivery("orders", "x", before, origin, "", 0, 0, 0, 0, INGESTED, NOW)])
    assert lines(extract(root, code))[1]["since"] == "2024-03-03T23:00:00Z"
    assert lines(extract(root, code, delivers="snapshot"))[1]["since"] is None


def test_a_window_that_is_not_over_is_not_fetched(root: Path) -> None:
    with pytest.raises(WindowOpen, match="orders"):
        extract(root, "def fetch(window, connection):\n    raise AssertionError\n", NOW.date() + dt.timedelta(days=1))


def test_nothing_yielded_lands_nothing_and_says_so(root: Path) -> None:
    result = extract(root, yielding([]))
    assert (result["status"], result["message"]) == (
        "none",
        f"no row in fetch extract.py from the beginning until {UNTIL}",
    )
    assert nothing_landed(root)


ROWS = st.lists(
    st.fixed_dictionaries({"id": st.text('ab"\n\u20ac\x00', max_size=2), "pieces": st.none() | st.integers(0, 9)}),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row["id"],
)


@given(data=st.data(), rows=ROWS)
def test_reordered_and_repeated_rows_are_the_same_lines(data: st.DataObject, rows: list[dict[str, Any]]) -> None:
    again = data.draw(st.permutations(rows + data.draw(st.lists(st.sampled_from(rows), max_size=5))))
    assert stored(rows) == stored(again)
    assert len(stored(again)) == len(rows)


@given(rows=st.lists(st.fixed_dictionaries({"id": st.sampled_from("ab"), "pieces": st.integers(0, 2)}), max_size=9))
def test_of_one_key_the_value_that_was_told_last_is_the_last_line(rows: list[dict[str, Any]]) -> None:
    told = {row["id"]: row["pieces"] for row in rows}
    landed = {row["id"]: int(row["pieces"]) for row in map(json.loads, stored(rows))}
    assert landed == told


def stored(rows: list[dict[str, Any]]) -> list[bytes]:
    with fetch.RowStore(("id",)) as store:
        for row in rows:
            store.add(row)
        return list(store.by_key())


def test_two_fetches_of_the_same_rows_are_the_same_bytes(root: Path) -> None:
    rows = [{"id": str(number % 700), "pieces": number % 700} for number in range(1400)]
    first = Path(extract(root, yielding(rows))["file"]).read_bytes()
    assert Path(extract(root, yielding(rows[::-1]))["file"]).read_bytes() == first


BROKEN = {
    "a row that is none": ("yield {'id': 'a'}; yield 5", r"line 3: row 2: TypeError: expected a mapping .* found int"),
    "a list of values": ("yield ['a', 5]", "line 3: row 1: TypeError: expected a mapping .* found list"),
    "a name that is none": ("yield {'id': 'a', 5: 1}", "row 1: TypeError: expected the name of a field .* found int"),
    "a value without text": (
        "yield {'id': object()}",
        "row 1: TypeError: field id: a value of type object has no text",
    ),
    "a value that holds itself": ("x = []; x.append(x); yield {'id': x}", "row 1: TypeError: field id: "),
    "its own error": ("yield {'id': 'a'}; yield {'id': {}['gone']}", r"extract\.py, line 3: KeyError: 'gone'"),
    "before the first row": ("return 1 / 0", r"extract\.py, line 3: ZeroDivisionError"),
    "rows forgotten": ("connection", "expected fetch to yield rows, it returned NoneType"),
    "one row for many": ("return {'id': 'a'}", "expected fetch to yield rows, it returned dict"),
    "the end of the process": ("raise SystemExit(0)", "line 3: SystemExit: 0"),
    "a file that is not there": ("open('/nowhere/at/all')", "line 3: FileNotFoundError"),
    "an iterator that ends": ("return next(iter(()))", "line 3: StopIteration"),
}


@pytest.mark.parametrize(("code", "told"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_named_with_file_and_line_and_lands_nothing(root: Path, code: str, told: str) -> None:
    with pytest.raises(ExtractBroken, match=told) as raised:
        extract(root, f"import os\ndef fetch(window, connection):\n    {code}\n")
    assert "source orders: " in str(raised.value)
    assert "correct the function fetch" in str(raised.value)
    assert nothing_landed(root)


PASSING = {
    "import httpx": "httpx.ReadTimeout('slow')",
    "import httpx as h": "h.RemoteProtocolError('cut')",
    "import socket": "socket.gaierror(-2, 'unknown')",
    "import os": "ConnectionResetError('gone')",
    "import sys": "TimeoutError()",
    "import requests": "requests.exceptions.ReadTimeout('slow')",
    "import http.client": "http.client.IncompleteRead(b'')",
    "from urllib.error import URLError": "URLError('gone')",
    "from urllib.error import HTTPError": "HTTPError('http://host', 503, 'busy', {}, None)",
    "from httpx import HTTPStatusError as S, Request, Response": "S('x', request=Request('GET', ''), response=Response(429))",
    "from lakehouse.errors import SourceUnavailable": "SourceUnavailable('asleep')",
}


@pytest.mark.parametrize(("line", "error"), PASSING.items(), ids=PASSING.values())
def test_a_service_that_does_not_answer_is_tried_again(root: Path, line: str, error: str) -> None:
    with pytest.raises(SourceUnavailable, match=r"^source orders: "):
        extract(root, f"{line}\ndef fetch(window, connection):\n    yield {{'id': 'a'}}\n    raise {error}\n")
    assert nothing_landed(root)


@pytest.mark.parametrize(
    "error", ["SourceRefused('no')", "HTTPError('http://host', 401, 'no', {}, None)"], ids=["named", "a status"]
)
def test_a_service_that_refuses_is_not_tried_again(root: Path, error: str) -> None:
    head = "from lakehouse.errors import SourceRefused\nfrom urllib.error import HTTPError\n"
    with pytest.raises(SourceRefused, match=r"^source orders: "):
        extract(root, f"{head}def fetch(window, connection):\n    raise {error}\n")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import no_such_module\n", "can't be imported: ModuleNotFoundError"),
        ("def fetch(window connection)\n", "can't be imported: SyntaxError"),
        ("import sys\nsys.exit(0)\n", "can't be imported: SystemExit"),
        ("def fetsch(window, connection): ...\n", r"expected a function fetch\(window, connection\), found none"),
        ("", r"sources.orders.fetch: expected fetch\(window, connection\) in extract.py"),
    ],
    ids=["an import", "syntax", "an exit", "no function", "no file"],
)
def test_a_module_that_can_not_be_loaded_is_a_wrong_declaration(root: Path, code: str, told: str) -> None:
    with pytest.raises(DeclarationError, match=told):
        extract(root, code)


@pytest.mark.parametrize(
    "section",
    [{"file": "../extract.py"}, {"file": "extract"}, {"connection": "or ders"}, {"url": "x"}, {"connection": 5}],
    ids=str,
)
def test_a_section_that_makes_no_sense_is_refused(root: Path, section: dict[str, Any]) -> None:
    with pytest.raises(DeclarationError, match="fetch"):
        extract(root, yielding([]), fetch=section)


def test_one_source_is_read_in_one_way(root: Path) -> None:
    with pytest.raises(DeclarationError, match="expected one of these sections"):
        extract(root, yielding([]), mongo={"database": "a", "collection": "b"})


def test_no_error_shows_a_secret_of_the_connection(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTJAR_CONNECTION_SHOP", "https://ann:s3cr%2Fet@host/v1?token=t0ken99")
    quoted = "f'{{connection}} {{connection.password}} s3cr%2Fet {{connection.extra}}'"
    code = f"def fetch(window, connection):\n    raise {{}}({quoted})\n"
    for kind in ("ValueError", "ConnectionError"):
        with pytest.raises(NightjarError) as raised:
            extract(root, code.format(kind), fetch={"connection": "shop"})
        assert raised.value.__cause__ is None and raised.value.__context__ is None
        assert not [secret for secret in ("s3cr", "t0ken99") if secret in str(raised.value)]


def test_a_connection_that_is_not_set_says_which_variable(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NIGHTJAR_CONNECTION_SHOP", raising=False)
    with pytest.raises(ConnectionWrong, match="NIGHTJAR_CONNECTION_SHOP"):
        extract(root, yielding([]), fetch={"connection": "shop"})
