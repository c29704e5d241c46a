"""Work on a disk that is too small, or that can't be written to; then mend it and run the same command again.

Run by the tests beside it in a mount namespace of its own, where any disk can be mounted without being root:
``unshare -rm python -m tests.jobs.narrow_disk full|read_only <folder>``. Prints what happened as one JSON object.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from tests.use_cases import bakery

FIRST, LAST = dt.date(2024, 3, 1), dt.date(2024, 3, 20)


def full(folder: Path) -> dict[str, object]:
    """Ingest until the disk is full; make room and ingest again."""
    warehouse = folder / "warehouse"
    warehouse.mkdir()
    mount("-t", "tmpfs", "-o", "size=72k", "tmpfs", str(warehouse))
    os.environ |= {
        "LAKEHOUSE_ROOT": str(warehouse),
        "LANDING_ROOT": str(folder / "landing"),
        "USE_CASE_ROOTS": str(Path(bakery.__file__).parent),
    }
    bakery.deliver(folder / "landing", FIRST, LAST)
    first = ingest(folder)
    mount("-o", "remount,size=200m", str(warehouse))
    again = ingest(folder)
    from deltalake import DeltaTable

    from lakehouse.storage import arrow_dataset

    location = str(warehouse / "silver/bakery_plan")
    silver = arrow_dataset.open_dataset(DeltaTable(location), location).to_table(columns=["partition", "shop", "bread"])
    rows = {(row["partition"], row["shop"], row["bread"]) for row in silver.to_pylist()}
    return {"first": first, "again": again, "rows": len(silver), "keys": len(rows)}


def read_only(folder: Path) -> dict[str, object]:
    """Land deliveries in a folder that can't be written to; mend it and land them again."""
    from include.flight_delays.demo.feed import main as feed

    landing = folder / "landing"
    landing.mkdir()
    mount("-t", "tmpfs", "-o", "ro", "tmpfs", str(landing))
    os.environ["LANDING_ROOT"] = str(landing)
    asked = ["--from", "2013-01-02", "--to", "2013-01-04", "--source", "weather"]
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as said:
        first = feed(asked)
        mount("-o", "remount,rw", str(landing))
        again = feed(asked)
    files = sorted(str(file.relative_to(landing)) for file in landing.rglob("*") if file.is_file())
    return {"first": first, "said": said.getvalue(), "again": again, "files": files}


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
    print(json.dumps({"full": full, "read_only": read_only}[sys.argv[1]](Path(sys.argv[2]))))
