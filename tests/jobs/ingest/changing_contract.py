"""A source whose contract a test changes: one table, its deliveries, and the commands that an error prints."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path
from typing import Any

import yaml
from deltalake import DeltaTable

from jobs.ingest import job, migrate
from jobs.ingest.arguments import IngestArguments, MigrateArguments
from lakehouse.errors import MigrationNeeded
from lakehouse.ops import deliveries
from tests.use_cases import bakery

DAY = dt.date(2024, 3, 5)
NAME = "stock"


class ChangingContract:
    """The source ``stock`` beside those of the bakery: key ``item``, and one column ``value`` unless told otherwise."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._file = root / "changed" / "bakery_sales" / "use_case.yaml"
        shutil.copytree(Path(bakery.__file__).parent / "bakery_sales", self._file.parent)
        self._rest = yaml.safe_load(self._file.read_text())

    def declare(self, *columns: dict[str, Any], **more: Any) -> None:
        """Write the contract: ``item`` and these columns."""
        item = {"name": "item", "type": "string"}
        source = {"name": NAME, "key": ["item"], "max_reject_share": 0.5, "columns": [item, *columns], **more}
        content = {**self._rest, "sources": [*self._rest["sources"], source]}
        self._file.write_text(yaml.safe_dump(content, sort_keys=False))

    def deliver(self, day: dt.date, header: str, *rows: str) -> None:
        """Land a delivery and take it in."""
        bakery.write(self.root / "landing", NAME, day, [header, *rows])
        self.ingest(day)

    def ingest(self, day: dt.date) -> None:
        """Take in what has landed; where the error prints a command, run that and try again."""
        try:
            job.run(IngestArguments(source=NAME, partition=day))
        except MigrationNeeded as error:
            found = re.findall(r"python -m lakehouse migrate --source (\w+)( --dry-run)?", str(error))
            assert found == [(NAME, " --dry-run"), (NAME, "")]
            migrate.run(MigrateArguments(source=NAME, dry_run=True))
            migrate.run(MigrateArguments(source=NAME))
            job.run(IngestArguments(source=NAME, partition=day))

    def silver(self) -> list[dict[str, Any]]:
        """The rows of silver by key, without the platform's columns."""
        rows = DeltaTable(self.root / "warehouse" / "silver" / NAME).to_pyarrow_table().to_pylist()
        kept = [{name: one[name] for name in one if name not in ("delivery_id", "line")} for one in rows]
        return sorted(kept, key=lambda one: (str(one["partition"]), str(one["item"])))

    def rejects(self) -> list[str]:
        """The reasons of the rejected rows."""
        table = self.root / "warehouse" / "silver" / f"{NAME}_rejects"
        return sorted(str(one["reasons"]) for one in DeltaTable(table).to_pyarrow_table().to_pylist())

    def commits(self) -> dict[str, int]:
        """The version of each of the source's tables."""
        names = (f"bronze/{NAME}", f"silver/{NAME}", f"silver/{NAME}_rejects")
        return {name: DeltaTable(self.root / "warehouse" / name).version() for name in names}

    def books(self) -> list[tuple[int, int, int]]:
        """Delivered, accepted and rejected rows of each delivery."""
        lines = deliveries.lines_of([NAME])
        return [(line.delivered_rows, line.accepted_rows, line.rejected_rows) for line in lines]
