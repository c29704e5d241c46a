"""``ops.costs``: what runs cost, taken from the journal of this host, and costed again where the rate card has changed."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import settings
from lakehouse.declaration import rates
from lakehouse.declaration.rates import RateCard
from lakehouse.errors import BadArguments, DeclarationError
from lakehouse.ops import cost_journal, releases, run_cost
from lakehouse.ops.run_cost import DONE, FAILED, KILLED, RunCost
from lakehouse.storage import arrow_dataset, commits, delta_log, file_locks, object_store, sql_quoting
from lakehouse.tables import COSTS

log = logging.getLogger(__name__)

LOCK = "fold of ops.costs"


def fold() -> int:
    """Take the runs that have ended out of the journal into the table; how many they were.

    One process of a host does it at a time. Anyone who finds one at it leaves: that one looks again before it goes.
    """
    root = settings.load().lakehouse_root
    if not object_store.is_address(root) and not Path(root).is_dir():
        # A look at a lakehouse that is not there makes none.
        return 0
    if releases.newest()[0] != releases.LAYOUT:
        # Of a release that writes otherwise: the journal keeps them until code that may write comes by.
        return 0
    taken, more = 0, True
    while more and (lock := file_locks.hold_if_free(file_locks.file_of(LOCK))) is not None:
        with lock:
            found = _fold()
        taken += found
        more = found > 0 and cost_journal.waiting()
    return taken


def read(where: pc.Expression | None = None, columns: Iterable[str] = COSTS.column_names) -> pa.Table:
    """The table's rows that satisfy ``where``; none when it does not exist."""
    return arrow_dataset.read(COSTS, where, columns=list(columns))


def cost_again(first: dt.date | None, last: dt.date | None, dry_run: bool = False) -> int:
    """Cost the runs that began on these days, or on any, by the rate card as it is now; how many cost something else.

    Args:
        first: day.
        last: day.
        dry_run: change nothing.

    Raises:
        BadArguments: there is no rate card. DeclarationError: it is wrong. WriteConflict: others came first again and again.
    """
    card = rates.load()
    if card is None:
        raise BadArguments(
            f"expected a rate card, {rates.FILE} in a folder of USE_CASE_ROOTS, found none; what is recorded stays as it is"
        )
    if not delta_log.exists(COSTS):
        return 0
    # By month: a change is asked again where another writer came first.
    changed: dict[str, int] = {}
    for month in sorted(set(read(columns=("month",))["month"].to_pylist())):

        def again(rows: list[dict[str, Any]], month: str = month) -> list[dict[str, Any]] | None:
            wanted = [
                row | run_cost.money(row, card)
                if (first is None or row["day"] >= first) and (last is None or row["day"] <= last)
                else row
                for row in rows
            ]
            changed[month] = sum(new != old for new, old in zip(wanted, rows, strict=True))
            return wanted if changed[month] and not dry_run else None

        commits.amend_rows(COSTS, pc.field("month") == month, f"month = {sql_quoting.literal(month)}", again)
    return sum(changed.values())


def _fold() -> int:
    found = list(cost_journal.ended())
    if not found:
        return 0
    card = _card()
    parts: dict[tuple[str, str, dt.date], list[dict[str, Any]]] = defaultdict(list)
    for file, used in found:
        killed = file.suffix == cost_journal.OPEN
        row = used.row(card) | ({"status": KILLED} if killed else {})
        parts[row["month"], row["host"], row["day"]].append(row)
    for (month, host, day), rows in parts.items():
        _put(month, host, day, rows)
    for file, _ in found:
        file.unlink(missing_ok=True)
    return len(found)


def _put(month: str, host: str, day: dt.date, rows: list[dict[str, Any]]) -> None:
    """Add a host's runs of a day to those that the table has of them, so that a day stays one file."""

    def add(present: list[dict[str, Any]]) -> list[dict[str, Any]]:
        of_runs: dict[str, dict[str, Any]] = {}
        for row in (*present, *rows):
            # One that was killed right after its end has ended, and its last note is older.
            if row["status"] != KILLED or of_runs.get(row["run_id"], row)["status"] == KILLED:
                of_runs[row["run_id"]] = row
        return list(of_runs.values())

    where = (pc.field("month") == month) & (pc.field("host") == host) & (pc.field("day") == day)
    sql = (
        f"month = {sql_quoting.literal(month)} AND host = {sql_quoting.literal(host)} AND "
        f"{sql_quoting.is_one_of('day', [day])}"
    )
    commits.amend_rows(COSTS, where, sql, add)


def _card() -> RateCard | None:
    try:
        return rates.load()
    except DeclarationError as error:
        log.warning("costs: %s; what runs cost is not known: correct it, then python -m jobs costs --again", error)
        return None


__all__ = ["DONE", "FAILED", "KILLED", "RunCost", "cost_again", "fold", "read"]
