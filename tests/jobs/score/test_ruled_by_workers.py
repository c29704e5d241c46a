"""Workers decide by rules and fallbacks as the process does."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse import tables
from lakehouse.models import registry
from lakehouse.storage import commits, day_parts, row_limits, worker_tasks
from tests.jobs.score.ruled import Rows, features_of, in_a_worker, label, opened, rows_of, score
from tests.jobs.shelf import ROWS, Shelf, day

CANARY = {"shadow": True, "canary_share": 0.3}


@pytest.mark.parametrize("case", ["by model", "some absent", "model gone", "no features"])
def test_workers_write_what_the_process_does(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch, case: str
) -> None:
    on_both_sides(opened(tmp_path, patch, 0, 1, rollout=CANARY), patch, case)


def test_sparks_workers_do_too(
    spark: SparkSession, lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    on_both_sides(opened(tmp_path, patch, 0, 1, rollout=CANARY), patch, "some absent", really=True)


def on_both_sides(shelf: Shelf, patch: pytest.MonkeyPatch, case: str, really: bool = False) -> None:
    """Score day 1 in the process, then by workers; ``really``: by Spark's."""
    shelf.aliases[registry.CHALLENGER] = 2
    score(0)
    label(shelf, 0, {key: float(key < 10) for key in range(ROWS)})
    features = features_of(shelf, 1)
    if case == "model gone":
        shelf.broken.add(1)
    if case in ("some absent", "no features"):
        left = [row for key, row in features.items() if key % 4 and case == "some absent"]
        commits.replace_rows(tables.features(shelf.use_case), left, f"partition = '{day(1)}'")
    few = score(1)
    expected = {role: rows_of(shelf, 1, role) for role in ("champion", "challenger")}
    patch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
    patch.setattr(day_parts, "ROWS_A_PART", 15)
    if not really:
        patch.setattr(worker_tasks, "run", in_a_worker)
    many = score(1, force=True)
    for role, rows in expected.items():
        found = rows_of(shelf, 1, role)
        assert without_time(found) == without_time(rows)
    assert {name: few.get(name) for name in ("decided_by", "rows", "fallback_days")} == {
        name: many.get(name) for name in ("decided_by", "rows", "fallback_days")
    }
    both = [row for rows in expected.values() for row in rows.values()]
    # One row an entity decides, but for those that a rule withholds.
    deciding = sorted(row["appointment"] for row in both if row["decides"])
    assert len(deciding) == len(set(deciding))
    counted = {row["appointment"] for row in both if row["decides"] or row["withheld"]}
    assert counted == set(range(ROWS))


def without_time(rows: Rows) -> Rows:
    return {key: {k: v for k, v in row.items() if k not in ("scored_at", "decides_at")} for key, row in rows.items()}
