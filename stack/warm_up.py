"""The first work of a Spark server, beside everything else: `jobs.features.warm_up`, which nobody waits for."""

from __future__ import annotations

import sys

from stack import processes
from stack.running import RunningStack
from stack.services import log_file

NAME = "warm-up"


def begin(stack: RunningStack) -> None:
    """Start it; it ends by itself, or with the stack."""
    command = [sys.executable, "-m", "jobs.features.warm_up"]
    processes.start(NAME, command, stack.env, stack.plan.state_root, log_file(stack.plan, NAME))
