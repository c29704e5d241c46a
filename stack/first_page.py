"""Opens the status page once, as Airflow's own user: ``python -m stack.first_page``.

The first opening imports the page, and on a machine that has no copies yet reads the logs of all tables: seconds that no person
waits for then. Failed or killed, nothing is missing.
"""

from __future__ import annotations

import os
import sys
import time

from stack.airflow_client import Airflow, AirflowClient
from stack.credentials import Credentials
from stack.errors import StackError
from stack.plan import Plan
from stack.record import Record
from stack.running import RunningStack

ADDRESS = "/nightjar/"


def main() -> int:
    """Open it on the stack that is up."""
    state_root = Plan.from_environ(os.environ).state_root
    record = Record.read(state_root)
    if record is None:
        print("The stack is down: nothing is opened.")
        return 1
    return opened(RunningStack(record.plan, Credentials.load_or_create(state_root), was_up=True))


def opened(airflow: Airflow) -> int:
    """Open it; returns 0 when it could be, and says how long it took."""
    began = time.monotonic()
    try:
        size = AirflowClient(airflow).page_size(ADDRESS)
    except StackError as error:
        print(error)
        return 1
    print(f"The status page has {size} bytes, opened in {time.monotonic() - began:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
