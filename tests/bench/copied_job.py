"""Runs a job several times as the stack's tasks do, each in a copy of a process that has imported what jobs import; prints the
seconds of each run, as JSON.
"""

from __future__ import annotations

import json
import sys
import time

import jobs.preload  # noqa: F401
from include.orchestration import job_copy


def main() -> int:
    """Arguments: how many runs, and the job's command line."""
    took = []
    for _ in range(int(sys.argv[1])):
        began = time.monotonic()
        _, output, wait = job_copy.start(sys.argv[2:], {}, 0)
        said = output.read()
        if wait() != 0:
            raise SystemExit(said.decode(errors="replace")[-1500:])
        took.append(time.monotonic() - began)
    print(json.dumps(took))
    return 0


if __name__ == "__main__":
    sys.exit(main())
