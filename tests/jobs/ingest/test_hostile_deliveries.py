"""Whatever is delivered ends in silver, in the rejects with its reasons, or in a named error: never lost."""

from __future__ import annotations

import datetime as dt
import gzip
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from jobs.ingest import job
from jobs.ingest.arguments import IngestArguments
from lakehouse.errors import DeliveryRejected
from lakehouse.ops import deliveries
from tests.jobs.bakery_days import prepared

DAY = dt.date(2024, 3, 5)
HEADER = "shop,bread,planned,price"
# So many that one or two bad rows stay below the limit of rejects.
SHOPS = ["shop" + "abcdefghij"[number // 10] + "abcdefghij"[number % 10] for number in range(60)]
GOOD = [f"{shop},rye,{number},4.5" for number, shop in enumerate(SHOPS)]


def text(*rows: str, header: str = HEADER, end: str = "\n") -> bytes:
    return (end.join([header, *GOOD, *rows]) + end).encode()


WHOLE = text()
REFUSED = {
    "zero bytes": (b"", "the file is empty"),
    "a header alone": (f"{HEADER}\n".encode(), "found none: the file is empty or has a header alone"),
    "a truncated gzip": (gzip.compress(WHOLE)[:-20], "expected UTF-8 text or gzip of it"),
    "another encoding": (WHOLE.replace(b"shopah,", "caf\xe9,".encode("latin-1")), "expected UTF-8 text"),
    "a column renamed": (text(header="shop,bread,planned,cost"), "missing column.s. price"),
    "a column twice": (text(header="shop,bread,planned,price,price"), "named twice: price"),
    "a column of another type": (
        text().replace(b",4.5\n", b",EUR 4.50\n"),
        "found 60 of 60, most of them by one rule, such as: price: expected a double, found 'EUR 4.50'",
    ),
    "a last line cut in the middle": (WHOLE[:-12], "truncated: the last line, 61, has no end and is broken"),
    "a cut within quotes": (WHOLE + b'"can', "truncated: the last line, 62, has no end"),
    "binary rubbish": (bytes(range(1, 256)) * 40, "expected"),
}
REJECTED = {
    "the header again": (text(HEADER), "expected a row, found the header again"),
    "a ragged row": (text("canal,rye,3"), "expected 4 columns, found 3"),
    "an endless line": (text("x" * 10_000_000), "can't be split into columns"),
    "unbalanced quotes": (text('"canal,rye,3,4'), "can't be split into columns"),
    "a number beyond all": (text("canal,rye,3,1e400"), "price: expected a finite number"),
    "a day that does not exist": (text("canal,rye,2013-02-30,4"), "planned: expected an int, found '2013-02-30'"),
    "no number": (text("canal,rye,3,NaN"), "price: expected a finite number"),
    "a NUL byte": (text("ca\0nal,rye,3,4"), "NUL"),
    "a number with words": (text("canal,rye,three,4"), "planned: expected an int, found 'three'"),
}
ACCEPTED = {
    "a byte order mark": b"\xef\xbb\xbf" + WHOLE,
    "line ends of Windows": text(end="\r\n"),
    "columns in another order": "\n".join(
        ["planned,price,shop,bread", *(f"{number},4.5,{shop},rye" for number, shop in enumerate(SHOPS))]
    ).encode(),
    "no line end at the end": WHOLE[:-1],
    "gzip": gzip.compress(WHOLE),
    "a new column": text(header=HEADER).replace(b"price\n", b"price,baker\n", 1).replace(b",4.5\n", b",4.5,Ann\n"),
    "blank lines": WHOLE.replace(b"\n", b"\n\n"),
}


class Shop:
    """A lakehouse of its own into which hostile files were taken by one run, each as the delivery of a day of its own."""

    def __init__(self, root: Path, contents: Mapping[str, bytes]) -> None:
        self._root, self.error = root, ""
        self._days = {name: DAY + dt.timedelta(days=number) for number, name in enumerate(contents)}
        folder = root / "landing" / "bakery_plan"
        folder.mkdir(parents=True)
        for name, content in contents.items():
            (folder / f"{self._days[name]}.csv").write_bytes(content)
        run = IngestArguments(source="bakery_plan", partition=DAY, through=max(self._days.values()))
        try:
            job.run(run)
        except DeliveryRejected as error:
            self.error = str(error)

    def rows(self, table: str, name: str) -> list[dict[str, Any]]:
        """The rows of that file's day; none when there is no such table."""
        folder = self._root / "warehouse" / table
        if not folder.exists():
            return []
        made = DeltaTable(folder).to_pyarrow_dataset().to_table(filter=pc.field("partition") == self._days[name])
        return list(made.to_pylist())

    def why(self, name: str) -> str:
        """What the error says of that file."""
        (said,) = re.findall(
            rf"{self._days[name]}\.csv[^:]*: (.*?)(?:; bakery_plan/|; silver is untouched)", self.error
        )
        return str(said)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    with prepared(tmp_path_factory.mktemp("refused")) as root:
        return Shop(root, {name: content for name, (content, _) in REFUSED.items()})


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    with prepared(tmp_path_factory.mktemp("taken_in")) as root:
        return Shop(root, {**{name: content for name, (content, _) in REJECTED.items()}, **ACCEPTED})


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_can_not_be_a_delivery_is_refused_by_name(refused: Shop, name: str) -> None:
    assert re.search(REFUSED[name][1], refused.why(name))
    (line,) = refused.rows("ops/deliveries", name)
    assert (line["status"], line["accepted_rows"]) == (deliveries.REFUSED, 0)
    assert line["delivered_rows"] == line["rejected_rows"]
    assert not refused.rows("silver/bakery_plan", name)


@pytest.mark.parametrize("name", REJECTED)
def test_a_row_that_is_wrong_is_rejected_with_its_reason_and_the_others_are_kept(taken_in: Shop, name: str) -> None:
    content, expected = REJECTED[name]
    (reject,) = taken_in.rows("silver/bakery_plan_rejects", name)
    assert expected in str(reject["reasons"])
    assert str(reject["raw"]) in content.decode().replace("\0", "\\0")
    (line,) = taken_in.rows("ops/deliveries", name)
    assert (line["delivered_rows"], line["accepted_rows"], line["rejected_rows"]) == (61, 60, 1)
    assert len(taken_in.rows("silver/bakery_plan", name)) == 60


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_file_that_is_only_written_differently_is_taken_in(taken_in: Shop, name: str) -> None:
    assert sorted(row["shop"] for row in taken_in.rows("silver/bakery_plan", name)) == SHOPS
    (line,) = taken_in.rows("ops/deliveries", name)
    assert (line["delivered_rows"], line["accepted_rows"], line["rejected_rows"]) == (60, 60, 0)


def test_one_refused_delivery_leaves_the_good_ones_of_its_run_to_the_next(
    lakehouse_root: Path, landing_root: Path
) -> None:
    shop = Shop(lakehouse_root.parent, {"good": WHOLE, "empty": b""})
    assert "the file is empty" in shop.why("empty")
    assert not shop.rows("silver/bakery_plan", "good") and not shop.rows("silver/bakery_plan", "empty")
    job.run(IngestArguments(source="bakery_plan", partition=DAY)).as_json()
    assert len(shop.rows("silver/bakery_plan", "good")) == 60
