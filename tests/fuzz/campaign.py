"""Takes drawn files in through the real job, some hundred days at a time, and checks the accounts of each."""

from __future__ import annotations

import datetime as dt
import os
import random
from collections import Counter
from pathlib import Path
from unittest import mock

import pyarrow.compute as pc
from deltalake import DeltaTable

from jobs.ingest import job
from jobs.ingest.arguments import IngestArguments
from lakehouse.errors import DeliveryRejected
from lakehouse.ops import deliveries
from tests.fuzz import accounts
from tests.fuzz.damaged_files import KINDS, DamagedFile, drawn
from tests.jobs.ingest.changing_contract import NAME, ChangingContract

FIRST = dt.date(2000, 1, 1)
COLUMNS = (
    {"name": "kind", "type": "string", "allowed": list(KINDS)},
    {"name": "count", "type": "int", "minimum": 0},
    {"name": "price", "type": "double"},
    {"name": "note", "type": "string", "nullable": True},
)


def run(root: Path, seed: int, files: int) -> Counter[str]:
    """Draw so many files, take each in as the delivery of a day of its own, and check them.

    Returns:
        How many files were ingested and refused, and how many had each damage.

    Raises:
        AssertionError: naming the damage of a file whose accounts are wrong.
    """
    dice = random.Random(seed)
    with mock.patch.dict(os.environ, _places(root)):
        stock = ChangingContract(root)
        # With a low limit on rejects most damaged files are refused; with a high one their good rows are taken in.
        limit = dice.choice([0.05, 0.5])
        stock.declare(*COLUMNS, max_reject_share=limit)
        by_day = {FIRST + dt.timedelta(days=number): drawn(dice) for number in range(files)}
        folder = root / "landing" / NAME
        folder.mkdir(parents=True, exist_ok=True)
        for day, file in by_day.items():
            (folder / f"{day}.csv").write_bytes(file.content)
        _ingest(by_day, stock, limit)
        return _check(root, by_day)


def _ingest(by_day: dict[dt.date, DamagedFile], stock: ChangingContract, limit: float) -> None:
    """All that is refused is in the ledger then; what it kept from being taken in comes with the next run."""
    first, last = min(by_day), max(by_day)
    days = set(by_day)
    while days:
        try:
            job.run(IngestArguments(source=NAME, partition=first, through=last))
        except DeliveryRejected:
            refused = {line.partition for line in deliveries.lines_of([NAME]) if line.status == deliveries.REFUSED}
            for day in refused & days:
                file = Path(os.environ["LANDING_ROOT"]) / NAME / f"{day}.csv"
                file.rename(file.with_suffix(".refused"))
            days -= refused
            # From now on days may be without a file: theirs were refused.
            stock.declare(*COLUMNS, max_reject_share=limit, cadence="occasional")
        else:
            return


def _check(root: Path, by_day: dict[dt.date, DamagedFile]) -> Counter[str]:
    books = {line.partition: line for line in deliveries.lines_of([NAME])}
    bronze = DeltaTable(root / "warehouse" / "bronze" / NAME).to_pyarrow_table()
    path = root / "warehouse" / "silver" / NAME
    silver = DeltaTable(path).to_pyarrow_table() if path.exists() else None
    told = Counter[str]()
    for day, file in by_day.items():
        rows = bronze.filter(pc.equal(bronze.column("partition"), day)).to_pylist()
        good = [] if silver is None else silver.filter(pc.equal(silver.column("partition"), day)).to_pylist()
        accounts.check(file, rows, good, books[day])
        told.update([books[day].status, *file.damage])
    return told


def _places(root: Path) -> dict[str, str]:
    return {
        "LAKEHOUSE_ROOT": str(root / "warehouse"),
        "LANDING_ROOT": str(root / "landing"),
        "NIGHTJAR_HOME": str(root / "state"),
        "USE_CASE_ROOTS": str(root / "changed"),
    }
