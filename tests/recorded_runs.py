"""Runs as they are recorded, for tests of what is made of them."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

from lakehouse.ops.cost_journal import OpenRun
from lakehouse.ops.run_cost import DONE, RunCost

AT = dt.datetime(2024, 6, 10, 2, tzinfo=dt.UTC)


def a_run(**columns: Any) -> RunCost:
    """A run of an hour of one core and one GB, with other columns as they are given."""
    usual: dict[str, Any] = {
        "run_id": uuid.uuid4().hex,
        "stage": "score",
        "use_case": "m",
        "started_at": AT,
        "ended_at": columns.get("started_at", AT) + dt.timedelta(hours=1),
        "status": DONE,
        "outcome": "scored",
        "wall_seconds": 3600.0,
        "processor_seconds": 3600.0,
        "memory_bytes": 2**30,
        "rows": 1000,
        "predictions": 500,
        "commits": 2,
        "bytes_written": 2**30,
        "actor": "job",
        "host": "h",
        "host_kind": "",
    }
    return RunCost(**usual | columns)


def leave(run: RunCost) -> None:
    """Have it in the journal, ended."""
    file = OpenRun(run.run_id)
    file.write(run)
    file.end(run)


def declare_rates(roots: Path, text: str = "") -> None:
    """A rate card in a folder of USE_CASE_ROOTS: an hour of a core costs 2, of a GB 1, a written GB 0.5, a run 0.25."""
    roots.mkdir(exist_ok=True)
    usual = "{from: 2024-01-01, processor_hour: 2, memory_gb_hour: 1, written_gb: 0.5, run: 0.25}"
    (roots / "rates.yaml").write_text(text or f"currency: EUR\nrates:\n  - {usual}\n", encoding="utf-8")
