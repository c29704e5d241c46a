"""What holds of deliveries in a folder holds of those in an object store: the same tests, at addresses."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from jobs.erase import reach
from jobs.erase.arguments import EraseArguments
from jobs.erase.landing_zone import LandingZone
from lakehouse.errors import DeliveryMissing
from lakehouse.extraction import envelope, landing_file
from lakehouse.ops import deliveries
from lakehouse.storage import places
from tests.jobs import notes
from tests.jobs.erase import world
from tests.jobs.ingest.changing_contract import DAY, NAME, ChangingContract
from tests.jobs.ingest.test_ingest_job import (  # noqa: F401  # they are collected here again
    test_a_correction_is_taken_back_by_delivering_the_first_bytes_again,
    test_a_day_that_has_not_landed_is_named,
    test_a_range_in_one_run_equals_the_days_one_by_one,
    test_other_bytes_under_the_same_name_are_a_correction,
    test_the_same_delivery_again_changes_no_table,
)
from tests.jobs.ingest.test_kinds_of_deliveries import (  # noqa: F401
    VALUE,
    ingest,
    land,
    test_a_folder_is_whole_when_it_has_the_declared_number_of_files,
    test_a_snapshot_takes_out_what_it_leaves_out_and_bronze_keeps_it,
    values,
)
from tests.jobs.ingest.test_migrate import (  # noqa: F401
    test_a_migration_is_one_commit_a_table_and_none_when_repeated,
    test_a_renamed_column_takes_its_values_along,
)


@pytest.fixture
def lakehouse_root(store_root: str) -> Path:
    return places.of(store_root)


@pytest.fixture
def landing_root(lakehouse_root: Path) -> Path:
    return lakehouse_root.parent / "landing"


@pytest.fixture
def stock(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChangingContract:
    contract = ChangingContract(tmp_path)
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "changed"))
    contract.root = lakehouse_root.parent
    return contract


def as_parquet(rows: pa.Table) -> bytes:
    held = io.BytesIO()
    parquet.write_table(rows, held)
    return held.getvalue()


def test_a_folder_of_parts_of_all_kinds_is_one_delivery_once_its_marker_is_there(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    land(stock, f"{DAY}/part-1.csv", "item,value\na,1\nb,1\n")
    land(stock, f"{DAY}/part-2.jsonl.gz", gzip.compress(b'{"item":"b","value":2}\n'))
    land(stock, f"{DAY}/part-3.parquet", as_parquet(pa.table({"item": ["c"], "value": [3.0]})))
    with pytest.raises(DeliveryMissing, match=rf"{DAY} is there and lacks its marker _SUCCESS"):
        ingest()
    land(stock, f"{DAY}/_SUCCESS", "")
    ingest()
    assert values(stock) == {"a": 1.0, "b": 2.0, "c": 3.0}
    (line,) = deliveries.lines_of([NAME])
    assert (line.delivered_rows, line.accepted_rows, line.duplicate_rows) == (4, 3, 1)
    assert line.origin == str(stock.root / "landing" / NAME / str(DAY))
    assert ingest()["status"] == "unchanged"


def test_an_extraction_lands_whole_and_is_taken_in_by_its_window(stock: ChangingContract) -> None:
    stock.declare(VALUE)
    file = stock.root / "landing" / NAME / f"{DAY}.jsonl.gz"
    assert landing_file.write(file, "the window", []) == 0
    assert not file.exists()

    def broken() -> Iterator[bytes]:
        yield b'{"item":"a","value":1}'
        raise KeyError

    with pytest.raises(KeyError):
        landing_file.write(file, "the window", broken())
    assert not file.exists()
    assert landing_file.write(file, "the window", [b'{"item":"a","value":1}', b'{"item":"b","value":2}']) == 2
    ingest()
    assert values(stock) == {"a": 1.0, "b": 2.0}
    (line,) = deliveries.lines_of([NAME])
    assert line.origin == "the window"


@pytest.mark.parametrize("ending", ["csv", "jsonl.gz", "parquet"])
def test_a_document_is_taken_out_of_landed_objects_and_the_ledger_knows(
    store_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    notes.declare(tmp_path / "own", monkeypatch, of_source={"max_reject_share": 0.9})
    local = tmp_path / "delivered"
    with monkeypatch.context() as here:
        here.setenv("LANDING_ROOT", str(local))
        delivered = world.land(ending, "a", world.ID, "b")
    landed = places.of(store_root).parent / "landing" / notes.SOURCE / delivered.name
    typed = pa.Table.from_pylist([world.delivered(name) | {"gone": False} for name in ("a", world.ID, "b")])
    landed.write_bytes(as_parquet(typed) if ending == "parquet" else delivered.read_bytes())
    world.ingest()
    zone = LandingZone(
        reach.of(EraseArguments(source=notes.SOURCE, key=(world.ID,), reason="r")).subjects[0], world.NOW
    )
    assert zone.found() == {"landing rows": 1}
    assert zone.take_out() == []
    assert zone.found() == {"landing rows": 0}
    assert [file.name for file in landed.parent.iterdir()] == [landed.name]
    # The same delivery, by the digest of what lies there now.
    assert world.ingest().status == "unchanged"


def test_an_envelope_says_where_an_extraction_came_from(stock: ChangingContract) -> None:
    file = stock.root / "landing" / NAME / f"{DAY}.jsonl.gz"
    landing_file.write(file, "the window", [b"{}"])
    with file.open("rb") as opened, gzip.GzipFile(fileobj=opened) as lines:
        first, _, last = lines.read().decode().splitlines()
    assert envelope.origin(first) == "the window"
    assert envelope.documents(last) == 1
