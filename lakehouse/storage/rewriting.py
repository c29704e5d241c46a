"""Rows of a table changed or left out wherever they are, by files in the place of theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.storage import commit_lock, delta_log, file_commits
from lakehouse.storage.commit_retry import commit
from lakehouse.storage.partition_files import WrittenFile
from lakehouse.storage.purging import Affected
from lakehouse.tables import Table


def rewrite(table: Table, columns: Sequence[str], affected: Affected, change: Callable[[pa.Table], pa.Table]) -> bool:
    """Change rows wherever in a table they are, in one commit; whether there were any. Nothing of them gets into the log.

    Args:
        table: one that does not exist has none.
        columns: those that ``affected`` looks at.
        affected: which rows are to be changed.
        change: given rows of a file with affected ones, gives those that take their place; it may leave some out.

    Raises:
        WriteConflict: when other writers came first again and again.
    """
    if not delta_log.exists(table):
        return False
    done: list[bool] = []
    known: dict[str, list[WrittenFile] | None] = {}

    def change_files(opened: DeltaTable, mark: dict[str, str]) -> None:
        old, added = file_commits.rewritten(opened, table, columns, affected, change, known)
        done.append(bool(old))
        file_commits.put(opened, mark, table, old, added)

    with commit_lock.alone(table):
        commit(table, change_files)
    return done[-1]
