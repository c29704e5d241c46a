"""Whether somebody has written work for the scheduler into Airflow's database."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from airflow.configuration import conf
from sqlalchemy.engine import make_url

# When each of the database's files was written, and how long it is.
Seen = tuple[tuple[int, int], ...]
# Runs that have not ended, and assets that were updated for runs that have not begun.
WORK = """
SELECT EXISTS (SELECT 1 FROM dag_run WHERE state = 'queued') OR EXISTS (SELECT 1 FROM dag_run WHERE state = 'running')
    OR EXISTS (SELECT 1 FROM asset_dag_run_queue)
    OR EXISTS (SELECT 1 FROM asset_partition_dag_run WHERE created_dag_run_id IS NULL)
"""


@dataclass
class DatabaseWatch:
    """Watches the files of an SQLite database; of another database nothing is seen.

    Airflow's components write there that they live, every few seconds each. So what is written counts where there is work.

    Attributes:
        files: the database and its write-ahead log; none where the database is no file.
    """

    files: tuple[Path, ...]
    _seen: Seen = field(default=(), init=False)

    @classmethod
    def of_airflow(cls) -> DatabaseWatch:
        """Of the database that Airflow's configuration names."""
        address = make_url(conf.get("database", "sql_alchemy_conn"))
        if not address.drivername.startswith("sqlite") or not address.database:
            return cls(())
        return cls((Path(address.database), Path(f"{address.database}-wal")))

    def look(self) -> None:
        """Remember what has been written until now."""
        self._seen = self._now()

    def work_came(self) -> bool:
        """Whether something was written since the last look, and there is work."""
        if self._now() == self._seen:
            return False
        self.look()
        return self._work()

    def _work(self) -> bool:
        try:
            with closing(sqlite3.connect(f"{self.files[0].as_uri()}?mode=ro", uri=True, timeout=1)) as database:
                return bool(database.execute(WORK).fetchone()[0])
        except sqlite3.Error:
            # Another Airflow's tables, or a database that is being made: the scheduler knows better.
            return True

    def _now(self) -> Seen:
        return tuple(_of_file(file) for file in self.files)


def _of_file(file: Path) -> tuple[int, int]:
    try:
        status = os.stat(file)
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)
