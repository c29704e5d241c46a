"""Great deliveries are taken in by Spark's workers, piece by piece, and end as small ones do."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from jobs.ingest import bronze, job, pieces, replay
from jobs.ingest.arguments import IngestArguments, ReplayArguments
from lakehouse.errors import DeliveryRejected
from lakehouse.ops import deliveries, erasures
from lakehouse.storage import commits
from tests.jobs.ingest.changing_contract import DAY, NAME, ChangingContract
from tests.use_cases import bakery

DAYS = [DAY + dt.timedelta(days=number) for number in range(2)]


def content(seed: int) -> list[str]:
    """Rows of all kinds: good, bad, of keys that come again, with line breaks in quotes, and with stray quotes."""
    dice = random.Random(seed)
    good = [f"item{dice.randrange(60)},{dice.randrange(100)},note {number}" for number in range(100)]
    honest = [f'item{dice.randrange(60)},{dice.randrange(100)},"two\nlines, and\n""more"""' for _ in range(8)]
    bad = ["item1,x,note", "item2,,note", "item3,5", 'item4,5,"stray"x', 'item5,6,"\nitem6,7,"']
    rows = [*good, *honest, *bad]
    dice.shuffle(rows)
    return ["item,value,note,more", *(f"{row},{seed}" for row in rows)]


def tables(root: Path) -> dict[str, Any]:
    """The rows of all of the source's tables, and the ledger, without the clock."""
    found: dict[str, Any] = {}
    for name in (f"bronze/{NAME}", f"silver/{NAME}", f"silver/{NAME}_rejects"):
        rows = DeltaTable(root / name).to_pyarrow_table().to_pylist()
        found[name] = sorted(repr({key: row[key] for key in sorted(row) if key != "ingested_at"}) for row in rows)
    found["books"] = [
        (line.partition, line.delivered_rows, line.accepted_rows, line.rejected_rows, line.duplicate_rows, line.status)
        for line in deliveries.lines_of([NAME])
    ]
    return found


def walk(stock: ChangingContract) -> None:
    """History, an erased document, a correction, a file that is refused, and a contract that is stricter."""
    erasures.ask(NAME, "item7", "asked", "desk", dt.datetime(2024, 6, 1, tzinfo=dt.UTC))
    for number, day in enumerate(DAYS):
        bakery.write(stock.root / "landing", NAME, day, content(number))
    job.run(IngestArguments(source=NAME, partition=DAYS[0], through=DAYS[-1]))
    bakery.write(stock.root / "landing", NAME, DAYS[1], content(7))
    job.run(IngestArguments(source=NAME, partition=DAYS[1]))
    bakery.write(stock.root / "landing", NAME, DAYS[-1], ["item,value,note", *["a,x,y"] * 9])
    with pytest.raises(DeliveryRejected):
        job.run(IngestArguments(source=NAME, partition=DAYS[-1]))
    declare(stock, maximum=80)
    replay.run(ReplayArguments(source=NAME))


def declare(stock: ChangingContract, **more: Any) -> None:
    stock.declare({"name": "value", "type": "int", **more}, {"name": "note", "type": "string"})


def test_by_sparks_workers_every_table_is_the_same_as_in_one_process(
    spark: SparkSession, stock: ChangingContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(stock)
    walk(stock)
    here = tables(stock.root / "warehouse")
    monkeypatch.setattr(bronze, "HERE_BYTES", 0)
    monkeypatch.setattr(commits, "COLLECTED_ROWS", 0)
    monkeypatch.setattr(pieces, "BLOCK_BYTES", 900)
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(stock.root / "by_spark"))
    declare(stock)
    walk(stock)
    assert tables(stock.root / "by_spark") == here
    # Each file was several pieces.
    assert len(list((stock.root / "by_spark" / "bronze" / NAME / f"partition={DAYS[0]}").glob("*.parquet"))) > 2
