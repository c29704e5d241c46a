"""Runs jobs as the stack's tasks do, each in a copy of a process that has imported what jobs import.

``python -m tests.bench.copied_job '[[["ingest", ...], ["ingest", ...]], [["features", ...]]]'`` runs one group of jobs after
another, those of a group side by side, and prints the seconds of each group as JSON.
"""

from __future__ import annotations

import json
import sys
import time

import jobs.preload  # noqa: F401
from include.orchestration import job_copy


def main() -> int:
    """Run the groups of command lines that the argument has."""
    took = []
    for group in json.loads(sys.argv[1]):
        began = time.monotonic()
        started = [job_copy.start(arguments, {}, 0) for arguments in group]
        for _, output, wait in started:
            said = output.read()
            if wait() != 0:
                raise SystemExit(said.decode(errors="replace")[-1500:])
        took.append(time.monotonic() - began)
    print(json.dumps(took))
    return 0


if __name__ == "__main__":
    sys.exit(main())
