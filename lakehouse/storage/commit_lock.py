"""Which commits to a table may come together: a lock held around each, where the tables lie in folders."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from lakehouse import settings
from lakehouse.storage import file_locks, object_store, store_check
from lakehouse.tables import Table


def shared(table: Table) -> AbstractContextManager[None]:
    """For a commit of which delta-rs knows what it replaces: such commits may come together."""
    return _lock(table, shared=True)


def alone(table: Table) -> AbstractContextManager[None]:
    """For a commit of which it does not know that: no other one comes meanwhile."""
    return _lock(table, shared=False)


def _lock(table: Table, shared: bool) -> AbstractContextManager[None]:
    root = settings.load().lakehouse_root
    if object_store.is_address(root):
        # It has no locks: there a commit by files is guarded by the version that it begins at.
        store_check.expect_safe(root)
        return nullcontext()
    return file_locks.locked(file_locks.file_of(table.full_name), shared)
