"""Ingest onto a disk that is too small, then make room and run the same command again.

Run by the test beside it in a mount namespace of its own, where a disk of any size can be mounted without being root:
``unshare -rm python -m tests.jobs.full_disk <folder>``. Prints what happened as one JSON object.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.use_cases import bakery

FIRST, LAST = dt.date(2024, 3, 1), dt.date(2024, 4, 30)


def main(folder: Path) -> None:
    """Fill the disk, look, make room, and look again."""
    warehouse = folder / "warehouse"
    warehouse.mkdir()
    mount("-t", "tmpfs", "-o", "size=200k", "tmpfs", str(warehouse))
    os.environ |= {
        "LAKEHOUSE_ROOT": str(warehouse),
        "LANDING_ROOT": str(folder / "landing"),
        "USE_CASE_ROOTS": str(Path(bakery.__file__).parent),
    }
    bakery.deliver(folder / "landing", FIRST, LAST)
    full = ingest(folder)
    mount("-o", "remount,size=200m", str(warehouse))
    again = ingest(folder)
    from deltalake import DeltaTable

    silver = DeltaTable(warehouse / "silver/bakery_plan").to_pyarrow_table(columns=["partition", "shop", "bread"])
    rows = {(row["partition"], row["shop"], row["bread"]) for row in silver.to_pylist()}
    print(json.dumps({"full": full, "again": again, "rows": len(silver), "keys": len(rows)}))


def ingest(folder: Path) -> dict[str, object]:
    """The job's exit code and what it told; in this process, so that Spark starts once."""
    from jobs.__main__ import main as job

    told = folder / "result.json"
    asked = ["ingest", "--source", "bakery_plan", "--partition", str(FIRST), "--through", str(LAST)]
    return {"exit_code": job([*asked, "--result", str(told)]), **json.loads(told.read_text())}


def mount(*arguments: str) -> None:
    """Call mount(8)."""
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
