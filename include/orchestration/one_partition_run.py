"""One waiting run for each day of a DAG, for an Airflow whose database lets several write at once: PostgreSQL.

When an asset of a day is updated, Airflow looks whether a run of that day waits already, and makes one if none does. It holds the
row of that asset meanwhile. Two assets that a DAG waits for have two rows: updated in the same moment, each makes a waiting run,
each run then has some of the day's assets, and none ever has all. The day is never built, and nothing says so. (Airflow 3.3.2; two
ingestions that end together are enough. SQLite has one writer, who holds the whole database.)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.assets import manager
from sqlalchemy import func, select
from sqlalchemy.orm import Session

# Of PostgreSQL's advisory locks, which are numbers: any that nobody else takes.
LOCK = 0x6E69676874
POSTGRESQL = "postgresql"

_of_the_asset = manager._lock_asset_model


@contextmanager
def one_at_a_time(*, session: Session, asset_id: int, **options: Any) -> Iterator[None]:
    """Airflow's own lock, within one for all assets that is held until the transaction ends."""
    if session.get_bind().dialect.name == POSTGRESQL:
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    with _of_the_asset(session=session, asset_id=asset_id, **options):
        yield


def install() -> None:
    """Let Airflow look and make under this lock, in this process."""
    manager._lock_asset_model = one_at_a_time
