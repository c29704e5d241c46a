"""What a source still has of an erased document does not land again."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from lakehouse.extraction import extract as extraction
from lakehouse.extraction.kept_out_lines import without_erased
from lakehouse.ops import erasures
from tests.jobs import notes
from tests.lakehouse.extraction import shipments

DAY = dt.date(2024, 3, 5)
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
GONE = "zebra-4711"
INSTANT = "2024-03-05T00:00:00.000000+00:00"


def lines(root: Path, *values: Any, erased: str = GONE, type_: str = "string") -> list[Any]:
    columns = [column | ({"type": type_} if column["name"] == "note" else {}) for column in notes.source()["columns"]]
    dataset = notes.declare(root, of_source={"columns": columns})
    erasures.ask(notes.SOURCE, erased, "asked", "desk", NOW)
    given = [json.dumps({"note": value, "body": "b"}).encode() for value in values]
    return [json.loads(line)["note"] for line in without_erased(dataset.source, given)]


@pytest.fixture
def root(tmp_path: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "own"))
    return tmp_path / "own"


def test_lines_of_erased_documents_are_left_out_and_no_other(root: Path) -> None:
    assert lines(root, "a", GONE, {"$oid": GONE}, {"other": GONE}, None, f"{GONE}1", [GONE]) == [
        "a",
        {"other": GONE},
        None,
        f"{GONE}1",
        [GONE],
    ]


def test_a_number_is_left_out_however_it_is_written(root: Path) -> None:
    assert lines(root, 7, 70, {"$numberLong": "7"}, "7", "07", erased="7", type_="long") == [70]


def test_an_instant_and_a_number_with_decimals_are_left_out_however_they_are_written(root: Path) -> None:
    day = {"$date": "2024-03-05T01:00:00+01:00"}
    milliseconds = {"$date": {"$numberLong": "1709596800000"}}
    left = lines(root, day, milliseconds, "2024-03-05 00:00", "2024-03-06", erased=INSTANT, type_="timestamp")
    assert left == ["2024-03-06"]
    assert lines(root, 0.5, {"$numberDouble": "5e-1"}, "0.50", 0.25, erased="0.5", type_="double") == [0.25]


def test_where_nothing_was_erased_lines_are_not_even_read(root: Path) -> None:
    dataset = notes.declare(root)
    given = iter([b"no json at all"])
    assert without_erased(dataset.source, given) is given


def test_a_fetched_row_of_an_erased_document_does_not_land(root: Path) -> None:
    rows = [{"shipment": "a"}, {"shipment": GONE}]
    code = f"def fetch(window, connection):\n    yield from {rows!r}\n"
    use_case, declared = shipments.declare(root, code)
    (key,) = declared.key
    code = code.replace("shipment", next(one.delivered_name for one in declared.columns if one.name == key))
    use_case, declared = shipments.declare(root, code)
    erasures.ask(declared.name, GONE, "asked", "desk", NOW)
    result = extraction.extract(use_case, declared, DAY, DAY, NOW, nullcontext)
    assert result["documents"] == 1
    assert GONE not in gzip.decompress(Path(result["file"]).read_bytes()).decode()
