"""What a lakehouse holds, as readers that are not ours see it: delta-rs reads the logs and DuckDB the rows.

Tables are compared part by part. A part is what one commit replaces: a day, or a day and role. Of the platform's own tables,
whose commits replace single rows, each row is a part.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable

from lakehouse.ops import model_events
from lakehouse.storage import arrow_dataset

# Columns that say when or by which attempt a row was made. They differ between any two runs, killed or not.
AUDIT: Mapping[str, str] = {
    "ingested_at": "the clock",
    "scored_at": "the clock",
    "happened_at": "the clock",
    "recorded_at": "the clock",
    "run_id": "MLflow gives every run a random name",
    "features_version": "counts a table's commits, and a killed attempt may have made one",
}
# The same within the evidence of ops.model_events.
AUDIT_EVIDENCE = {"features_version", "labels_version"}
# Paths are compared below the landing zone, for each lakehouse has its own.
PATHS = {"origin"}
# What a job has in hand: empty before a step and after it.
IN_WORK = {"ops.owed_verdicts"}
# What each attempt has used, those that were killed among them.
OF_ATTEMPTS = {"ops.costs"}
# Rows that say that an attempt failed, by table the column and its value: a job whose server was killed records it, as it should.
OF_FAILURES = {"ops.model_events": ("event", model_events.TRAINING_FAILED)}

Part = tuple[str, str]
Contents = Mapping[Part, str]


def contents(warehouse: Path, landing: Path, without: Mapping[str, Collection[str]] | None = None) -> dict[Part, str]:
    """A digest of every part of every table there is, by table and part; ``without``: further columns to leave out, by table."""
    found: dict[Part, str] = {}
    for log in sorted(warehouse.glob("*/*/_delta_log")):
        name = f"{log.parent.parent.name}.{log.parent.name}"
        if not DeltaTable.is_deltatable(str(log.parent)):
            # What a kill leaves of a table that was about to be made: nobody can see it yet.
            continue
        if name in OF_ATTEMPTS:
            continue
        columns, rows = read(log.parent)
        parts: dict[str, list[str]] = {}
        for row in rows:
            kept = list(zip(columns, row, strict=True))
            if name in OF_FAILURES and OF_FAILURES[name] in kept:
                continue
            left_out = (without or {}).get(name, ())
            told = _without_audit({column: value for column, value in kept if column not in left_out}, landing)
            text = json.dumps(told, default=str, sort_keys=True)
            part = (
                text
                if name.startswith("ops.")
                else " ".join(str(told[key]) for key in ("partition", "role") if key in told)
            )
            parts.setdefault(part, []).append(text)
        for part, texts in parts.items():
            digest = hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()[:16]
            found[name, part] = f"{len(texts)} rows {digest}"
    return found


def read(table: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names of a table's columns and its rows, without Spark."""
    dataset = arrow_dataset.open_dataset(DeltaTable(str(table)), str(table))
    relation = _duckdb().from_arrow(dataset)
    return relation.columns, relation.fetchall()


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    """One for all tables: each opens threads of its own, and these tables have some rows."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def differences(found: Contents, expected: Contents) -> list[str]:
    """What differs, one line a part."""
    return [
        f"{table} {part}: expected {expected.get((table, part), 'nothing')}, found {found.get((table, part), 'nothing')}"
        for table, part in sorted({*found, *expected})
        if found.get((table, part)) != expected.get((table, part))
    ]


def halves(found: Contents, before: Contents, after: Contents) -> list[str]:
    """The parts that are neither as they were before a step nor as they are after it."""
    return [
        f"{table} {part}: expected {before.get((table, part), 'nothing')} or {after.get((table, part), 'nothing')}, "
        f"found {found.get((table, part), 'nothing')}"
        for table, part in sorted({*found, *before, *after})
        if table not in IN_WORK
        and found.get((table, part)) not in (before.get((table, part)), after.get((table, part)))
    ]


def tables(found: Contents) -> Counter[str]:
    """How many parts each table has."""
    return Counter(table for table, _ in found)


def _without_audit(row: dict[str, Any], landing: Path) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in AUDIT}
    for name in PATHS & kept.keys():
        kept[name] = str(kept[name]).removeprefix(str(landing))
    if "evidence" in kept:
        evidence = json.loads(kept["evidence"])
        kept["evidence"] = {name: value for name, value in evidence.items() if name not in AUDIT_EVIDENCE}
    return kept
