"""``python -m tests.torture --kills 200 --seed 7``: kill jobs and their Spark server at random, retry, and compare."""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.torture import torture
from tests.torture.campaign import steps


def main() -> int:
    """Run, print the table and the verdict; 1 when the platform did not survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="how many")
    parser.add_argument("--seed", type=int, default=None, help="draws the moments; a random one when not given")
    parser.add_argument("--short", action="store_true", help="the campaign of the tests")
    asked = parser.parse_args()
    seed = secrets.randbelow(10_000) if asked.seed is None else asked.seed
    began = time.monotonic()
    print(f"{asked.kills} kills; to repeat: make torture N={asked.kills} SEED={seed}", flush=True)

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {line}", flush=True)

    folder = Path(tempfile.mkdtemp(prefix="nightjar-torture-")).resolve()
    verdict = torture.run(steps(asked.short), asked.kills, seed, folder, say)
    print(f"\n{verdict.table()}\n")
    for error in verdict.tally.errors:
        print(f"a job whose server was killed: {error}")
    print(
        f"{verdict.walks} walk(s), {verdict.seconds:.0f} s (undisturbed {verdict.ordinary_seconds:.0f} s), seed {verdict.seed}; "
        f"{verdict.tally.survived} jobs outlived their server"
    )
    print("every table equals the undisturbed run" if verdict.broken is None else f"BROKEN: {verdict.broken}")
    if verdict.broken is None:
        shutil.rmtree(folder)
    return 0 if verdict.broken is None else 1


if __name__ == "__main__":
    sys.exit(main())
