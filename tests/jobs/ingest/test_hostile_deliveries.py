"""Whatever is delivered ends in silver, in the rejects with its reasons, or in a named error: never lost."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from jobs.arguments import Arguments
from jobs.ingest import job
from lakehouse import ledger
from lakehouse.errors import DeliveryRejected

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
    "the header again": (text(HEADER), "bread: expected one of rye, wheat, spelt, found 'bread'"),
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


def ingest(landing_root: Path, content: bytes) -> None:
    folder = landing_root / "bakery_plan"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{DAY}.csv").write_bytes(content)
    job.run(Arguments(stage="ingest", source="bakery_plan", partition=DAY))


def rows(root: Path, table: str) -> list[dict[str, object]]:
    return list(DeltaTable(root / "silver" / table).to_pyarrow_table().to_pylist())


@pytest.mark.parametrize(("content", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_can_not_be_a_delivery_is_refused_by_name(
    spark: SparkSession, lakehouse_root: Path, landing_root: Path, content: bytes, expected: str
) -> None:
    with pytest.raises(DeliveryRejected, match=expected):
        ingest(landing_root, content)
    (line,) = ledger.of_sources(["bakery_plan"])
    assert (line.status, line.accepted_rows, line.delivered_rows) == (ledger.REFUSED, 0, line.rejected_rows)
    assert not (lakehouse_root / "silver/bakery_plan").exists()


@pytest.mark.parametrize(("content", "expected"), REJECTED.values(), ids=REJECTED)
def test_a_row_that_is_wrong_is_rejected_with_its_reason_and_the_others_are_kept(
    spark: SparkSession, lakehouse_root: Path, landing_root: Path, content: bytes, expected: str
) -> None:
    ingest(landing_root, content)
    (reject,) = rows(lakehouse_root, "bakery_plan_rejects")
    assert expected in str(reject["reasons"])
    assert str(reject["raw"]) in content.decode().replace("\0", "\\0")
    (line,) = ledger.of_sources(["bakery_plan"])
    assert (line.delivered_rows, line.accepted_rows, line.rejected_rows) == (61, 60, 1)
    assert len(rows(lakehouse_root, "bakery_plan")) == 60


@pytest.mark.parametrize("content", ACCEPTED.values(), ids=ACCEPTED)
def test_a_file_that_is_only_written_differently_is_taken_in(
    spark: SparkSession, lakehouse_root: Path, landing_root: Path, content: bytes
) -> None:
    ingest(landing_root, content)
    assert sorted(str(row["shop"]) for row in rows(lakehouse_root, "bakery_plan")) == SHOPS
    (line,) = ledger.of_sources(["bakery_plan"])
    assert (line.delivered_rows, line.accepted_rows, line.rejected_rows) == (60, 60, 0)
