"""`python -m stack up|down|status`."""

from __future__ import annotations

import argparse
import sys
import time

from tabulate import tabulate

from lakehouse.code_version import RELEASE
from stack import lifecycle, warm_up
from stack.credentials import Credentials
from stack.errors import StackError
from stack.plan import Plan
from stack.record import Record
from stack.running import RunningStack
from stack.termination import sigterm_as_exit


def main() -> int:
    """Exit code 0 when the stack is as requested, 1 when it is not (with one line that gives the reason)."""
    parser = argparse.ArgumentParser(prog="python -m stack", description="The embedded stack on this machine.")
    parser.add_argument("command", choices=["up", "down", "status"])
    command = parser.parse_args().command
    try:
        plan = Plan.from_environ()
        return {"up": _up, "down": _down, "status": _status}[command](plan)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; what was started is stopped again.", file=sys.stderr)
        return 130


def _up(plan: Plan) -> int:
    begin = time.monotonic()
    with sigterm_as_exit():
        stack = lifecycle.up(plan, say=lambda line: print(line, flush=True))
        if not stack.was_up:
            warm_up.begin(stack)
    print("The stack is up already." if stack.was_up else f"The stack is up after {time.monotonic() - begin:.0f} s.")
    print(stack.addresses())
    return 0


def _down(plan: Plan) -> int:
    begin = time.monotonic()
    count = lifecycle.down(plan.state_root)
    message = f"The stack is down: {count} processes ended in {time.monotonic() - begin:.1f} s."
    print(message if count else "Nothing to stop: no process of this stack runs.")
    return 0


def _status(plan: Plan) -> int:
    record = Record.read(plan.state_root)
    if record is None:
        print("The stack is down. make up starts it.")
        return 1
    states = lifecycle.status(plan.state_root)
    print(f"Nightjar {RELEASE}")
    print(
        tabulate([(f"  {name}", state) for name, state in states.items()], tablefmt="plain", preserve_whitespace=True)
    )
    print(RunningStack(record.plan, Credentials.load_or_create(plan.state_root), was_up=True).addresses())
    unhealthy = [name for name, state in states.items() if state != "up"]
    if unhealthy:
        print(f"Not up: {', '.join(unhealthy)}. make up starts them again; their logs are in {record.plan.logs}.")
    return 1 if unhealthy else 0


if __name__ == "__main__":
    sys.exit(main())
