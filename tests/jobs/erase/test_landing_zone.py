"""Landed files without a document are, byte for byte, what would have been delivered without it."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from jobs.erase import landed_rows, reach, text_files
from jobs.erase.arguments import EraseArguments
from jobs.erase.landing_zone import LandingZone
from jobs.erase.subject import Subject
from lakehouse.extraction import landing_file
from lakehouse.ops import deliveries
from tests.jobs import notes
from tests.jobs.erase import world
from tests.jobs.erase.world import DAY, ID

NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
COLUMNS = ("note", "title", "body", "kind", "thread", "licence", "link", "gone")
MANY = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

names = st.sampled_from(["a", "b", ID, f"{ID}-2", "c"])
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=30)
rows = st.lists(st.tuples(names, texts), max_size=8)


@pytest.fixture
def document(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    return of(lakehouse_root.parent, monkeypatch)


def of(root: Path, monkeypatch: pytest.MonkeyPatch, name: str = ID, **source: Any) -> Subject:
    notes.declare(root / "own", monkeypatch, of_source={"max_reject_share": 0.9, **source})
    return reach.of(EraseArguments(source=notes.SOURCE, key=(name,), reason="r")).subjects[0]


def zone(document: Subject) -> LandingZone:
    return LandingZone(document, NOW)


def land(document: Subject, name: str, content: bytes) -> Path:
    file = zone(document).folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def as_csv(found: list[tuple[str, str]], end: str = "\n", encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end)
    writer.writerow(COLUMNS)
    for name, text in found:
        writer.writerow([name, "t", text.replace("\r", ""), "", "", "", "", "false"])
    return out.getvalue().encode(encoding)


def as_json(found: list[tuple[str, str]], ascii_only: bool) -> list[bytes]:
    return [json.dumps({"note": name, "body": text}, ensure_ascii=ascii_only).encode() for name, text in found]


def others(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [one for one in found if one[0] != ID]


@MANY
@given(rows, st.sampled_from(["\n", "\r\n"]))
def test_csv_with_lines_within_cells(document: Subject, found: list[tuple[str, str]], end: str) -> None:
    # A cell that is a row of the file by itself is another matter: such a row is rejected line by line.
    file = land(document, f"{DAY}.csv", as_csv(found, end))
    assert zone(document).take_out() == []
    assert file.read_bytes() == as_csv(others(found), end)


@MANY
@given(rows, st.booleans(), st.booleans())
def test_json_lines_packed_or_not_escaped_or_not(
    document: Subject, found: list[tuple[str, str]], packed: bool, ascii_only: bool
) -> None:
    def content(of: list[tuple[str, str]]) -> bytes:
        return b"".join(line + b"\n" for line in as_json(of, ascii_only))

    name = f"{DAY}.jsonl" + (".gz" if packed else "")
    file = land(document, name, gzip.compress(content(found)) if packed else content(found))
    assert zone(document).found()["landing rows"] == len(found) - len(others(found))
    assert zone(document).take_out() == []
    after = file.read_bytes()
    assert (gzip.decompress(after) if packed else after) == content(others(found))
    file.unlink()


@MANY
@given(st.lists(st.tuples(names, texts), min_size=1, max_size=8))
def test_an_extraction_of_the_others_would_have_these_very_bytes(
    document: Subject, found: list[tuple[str, str]]
) -> None:
    file, other = (zone(document).folder / name for name in (f"{DAY}.jsonl.gz", "other"))
    landing_file.write(file, "window", as_json(found, False))
    assert zone(document).take_out() == []
    kept = as_json(others(found), False)
    landing_file.write(other, "window", kept)
    if kept:
        assert file.read_bytes() == other.read_bytes()
        other.unlink()
    else:
        assert b'"documents": 0' in gzip.decompress(file.read_bytes())
    file.unlink()


@MANY
@given(rows, st.integers(1, 3))
def test_parquet_keeps_its_columns_and_rows(document: Subject, found: list[tuple[str, str]], group: int) -> None:
    def table(of: list[tuple[str, str]]) -> pa.Table:
        columns = {name: pa.array([None] * len(of), pa.string()) for name in COLUMNS}
        columns |= {"note": pa.array([one for one, _ in of], pa.string())}
        columns |= {
            "body": pa.array([text for _, text in of], pa.string()),
            "gone": pa.array([False] * len(of), pa.bool_()),
        }
        return pa.table(columns).replace_schema_metadata({"told": "by us"})

    file = zone(document).folder / f"{DAY}.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table(found), file, row_group_size=group, compression="zstd")
    assert zone(document).take_out() == []
    after = parquet.ParquetFile(file)
    assert after.read().equals(table(others(found)), check_metadata=True)
    if after.num_row_groups:
        assert after.metadata.row_group(0).column(0).compression == "ZSTD"
    file.unlink()


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-be", "utf-8-sig", "cp1252", "utf-32"])
def test_a_file_of_another_encoding(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    document = of(lakehouse_root.parent, monkeypatch, format={"encoding": encoding})
    found = [("a", "é"), (ID, "x\ny"), ("b", "ü")]
    file = land(document, f"{DAY}.csv", as_csv(found, encoding=encoding))
    assert zone(document).take_out() == []
    assert file.read_bytes() == as_csv(others(found), encoding=encoding)


def test_an_encoding_with_its_bytes_in_the_other_order(tmp_path: Path) -> None:
    content = b"\xfe\xff" + "a\nb\nc\n".encode("utf-16-be")
    (tmp_path / "f").write_bytes(content)
    text_files.write_without(tmp_path / "f", tmp_path / "g", {2}, "utf-16", False)
    assert (tmp_path / "g").read_bytes() == b"\xfe\xff" + "a\nc\n".encode("utf-16-be")


def test_a_number_is_found_however_it_is_written(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [one | ({"type": "long"} if one["name"] == "note" else {}) for one in notes.source()["columns"]]
    document = of(lakehouse_root.parent, monkeypatch, "007", columns=columns)
    file = land(document, f"{DAY}.jsonl", b'{"note":7}\n{"note":"+07"}\n{"note":70}\n{"note":{"$numberLong":"7"}}\n')
    assert zone(document).take_out() == []
    assert file.read_bytes() == b'{"note":70}\n'


@pytest.mark.parametrize(
    ("key", "delivered"),
    [
        ("[1,20]", b'{"note": [1, 20]}\n'),
        ('{"a":1}', b'{"note": {"a": 1}}\n'),
        ("2024-03-01T04:05:06.000Z", b'{"note": {"$date": {"$numberLong": "1709265906000"}}}\n'),
    ],
)
def test_what_json_writes_in_another_way_is_found(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, key: str, delivered: bytes
) -> None:
    document = of(lakehouse_root.parent, monkeypatch, key)
    file = land(document, f"{DAY}.jsonl", b'{"note": "b"}\n' + delivered)
    assert zone(document).take_out() == []
    assert file.read_bytes() == b'{"note": "b"}\n'


def test_parts_of_a_folder_keep_one_delivery_also_when_the_folder_is_not_whole_yet(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = of(lakehouse_root.parent, monkeypatch, files={"marker": "_SUCCESS"})
    first = land(document, f"{DAY}/part-0.csv", as_csv([("a", "x"), (ID, "y")]))
    second = land(document, f"{DAY}/part-1.csv", as_csv([(ID, "z"), ("b", "x")]))
    land(document, f"{DAY}/_SUCCESS", b"")
    world.ingest()
    (before,) = deliveries.lines_of([notes.SOURCE])
    late = land(document, "2024-01-02/part-0.csv", as_csv([(ID, "y")]))
    assert zone(document).take_out() == []
    (after,) = deliveries.lines_of([notes.SOURCE])
    assert (after.delivery_id, after.delivered_rows) == (before.delivery_id, 4) and after.checksum != before.checksum
    assert world.ingest().status == "unchanged"
    assert [file.read_bytes() for file in (first, second, late)] == [
        as_csv([("a", "x")]),
        as_csv([("b", "x")]),
        as_csv([]),
    ]


def test_when_a_file_landed_and_who_may_read_it_stays(document: Subject) -> None:
    file = land(document, f"{DAY}.csv", as_csv([("a", "x"), (ID, "y")]))
    file.chmod(0o640)
    os.utime(file, ns=(1, 5_000_000_007))
    assert zone(document).take_out() == []
    found = file.stat()
    assert (found.st_mtime_ns, found.st_mode & 0o777) == (5_000_000_007, 0o640)


def test_what_killed_writers_left_is_removed_and_what_is_being_written_is_named(document: Subject) -> None:
    import fcntl

    land(document, f".{DAY}.csv.erasing", as_csv([(ID, "y")]))
    land(document, f".{DAY}.jsonl.gz.partial", b"half")
    busy = land(document, ".2024-01-02.jsonl.gz.partial", b"half")
    with busy.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (said,) = zone(document).take_out()
    assert said.startswith(f"{busy}: an extraction is writing it")
    assert [file.name for file in zone(document).folder.iterdir()] == [busy.name]


def test_files_without_the_id_are_not_parsed(document: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    file = land(document, f"{DAY}.csv", as_csv([("a", "x" * 100_000), ("b", "y")]))
    monkeypatch.setattr(landed_rows.parse, "tables", None)
    assert landed_rows.find(file, document) == landed_rows.Found()


def test_a_broken_line_that_names_it_goes_and_a_broken_line_that_does_not_stays(document: Subject) -> None:
    file = land(document, f"{DAY}.jsonl", f'{{"note": "{ID}", broken\n{{"note": "a", broken\n'.encode())
    assert zone(document).take_out() == []
    assert file.read_bytes() == b'{"note": "a", broken\n'


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('{"note": "zebra-4711", "body": ', True),
        ('{"note":{"$oid":"zebra-4711"},"body"', True),
        ('{"body": "see zebra-4711, please", "note": ', False),
        ('{"body": "x,zebra-4711,y", "note": ', False),
        ('{"note": "zebra-4711-2", ', False),
        ('zebra-4711,"a title', True),
        ('a,"see zebra-4711 please', False),
    ],
)
def test_a_broken_line_names_it_by_its_key_and_not_in_its_prose(document: Subject, line: str, named: bool) -> None:
    assert document.named_in(pa.array([line])).to_pylist() == [named]
