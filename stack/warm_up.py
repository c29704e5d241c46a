"""The first work of a young stack, beside everything else, and nobody waits for it: what the first night and the first look at the
page would pay for otherwise.
"""

from __future__ import annotations

import sys

from stack import processes
from stack.running import RunningStack
from stack.services import log_file

# Of Spark's server.
NAME = "warm-up"
WORKS = {NAME: "jobs.features.warm_up", "first-page": "stack.first_page"}


def begin(stack: RunningStack) -> None:
    """Start them; they end by themselves, or with the stack."""
    for name, module in WORKS.items():
        command = [sys.executable, "-m", module]
        processes.start(name, command, stack.env, stack.plan.state_root, log_file(stack.plan, name))
