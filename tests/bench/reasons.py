"""What reasons cost a night: the score job on one day with and without them, in turns, on a copy of the lakehouse.

    make up && make bench-reasons        # after `make demo`

Both run in one warm session, as tasks on the stack do; the median of the turns is told.
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from jobs.score import job
from jobs.score.arguments import ScoreArguments
from lakehouse.declaration import loader

LAKEHOUSE = ("gold", "ops")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--use-case", default="flight_delays")
    parser.add_argument("--partition", type=dt.date.fromisoformat, default=dt.date(2013, 6, 30))
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING)
    from lakehouse import settings

    with tempfile.TemporaryDirectory(prefix="nightjar-bench-") as scratch:
        for layer in LAKEHOUSE:
            shutil.copytree(Path(settings.load().lakehouse_root) / layer, Path(scratch) / "warehouse" / layer)
        folder = loader.folder(loader.by_name(options.use_case))
        roots = {
            name: _root(Path(scratch) / name, folder, name == "with reasons") for name in ("without", "with reasons")
        }
        os.environ["LAKEHOUSE_ROOT"] = f"{scratch}/warehouse"
        seconds: dict[str, list[float]] = {name: [] for name in roots}
        rows = {}
        for turn in range(options.turns + 1):
            for name, root in roots.items():
                os.environ["USE_CASE_ROOTS"] = str(root)
                asked = ScoreArguments(use_case=options.use_case, partition=options.partition, force=True)
                started = time.monotonic()
                rows[name] = job.run(asked).as_json()
                # The first turn of each starts Spark's workers.
                if turn:
                    seconds[name].append(time.monotonic() - started)
    print(f"\n| score job of {options.partition}, median of {options.turns} turns | seconds |\n| --- | --- |")
    for name, found in seconds.items():
        reasons = rows[name]["reasons"]["rows"]
        print(f"| {name}: {rows[name]['rows']} scores, {reasons} rows of reasons | {statistics.median(found):.2f} |")
    return 0


def _root(root: Path, folder: Path, reasons: bool) -> Path:
    """A root with a copy of the use case, with its section ``reasons`` or without."""
    copied = root / folder.name
    shutil.copytree(folder, copied)
    file = copied / loader.FILE
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("reasons:")]
    file.write_text(
        "\n".join([*lines, *(["reasons: {above_threshold: true, each: 5}"] if reasons else []), ""]), encoding="utf-8"
    )
    return root


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
