"""Starting and stopping a stack. `running_stack` is for programs, `up` and `down` for commands."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from stack import airflow_config, databases, java, processes
from stack.credentials import Credentials
from stack.environment import environment, write_env_file
from stack.errors import StackError
from stack.plan import Plan
from stack.record import Record, locked
from stack.running import RunningStack
from stack.services import Service, log_file, prepare_spark, services
from stack.termination import sigterm_as_exit

START_SECONDS = 180


def up(plan: Plan, say: Callable[[str], None] = print, wait_for: Collection[str] | None = None) -> RunningStack:
    """Start what does not run yet of the stack that ``plan`` describes, and wait until all of it is well.

    Args:
        plan: the stack.
        say: told what happens, a line each.
        wait_for: names of services; only these are waited for, and the others by :func:`await_all`.

    Raises:
        StackError: Java is missing, a port is taken, a service died or did not come up, or the stack runs already with
            other folders or ports. What this call started is stopped again.
    """
    java.require_java(os.environ)
    with locked(plan.state_root):
        record = Record.read(plan.state_root) or Record(plan)
        all_services = services(record.plan)
        _await_begun(record, all_services)
        ill = [it for it in all_services if not (record.runs(it.name) and it.healthy(record.since(it.name)))]
        if len(ill) < len(all_services) and record.plan != plan:
            raise StackError(
                f"The stack at {plan.state_root} is up with other folders or ports than asked for now: "
                "run make down first, then make up."
            )
        if not ill:
            return RunningStack(plan, Credentials.of(plan.state_root), was_up=True)
        if len(ill) < len(all_services):
            say(f"Starting again what does not answer: {', '.join(it.name for it in ill)}")
        else:
            say("Starting Spark, MLflow and Airflow (half a minute) ...")
        record = Record(
            plan, {name: pid for name, pid in record.started.items() if name not in {it.name for it in ill}}
        )
        names = [it.name for it in ill]
        try:
            return _start(record, [it for it in services(plan) if it.name in names], wait_for)
        except BaseException:
            _stop(plan.state_root, names)
            if not record.started.keys() - set(names):
                Record.forget(plan.state_root)
            raise


def await_all(stack: RunningStack) -> None:
    """Wait until every service of a stack is well that was not waited for when it was started.

    Raises:
        StackError: a service died or did not come up.
    """
    record = Record.read(stack.plan.state_root) or Record(stack.plan)
    _await(record, services(record.plan), time.monotonic() + START_SECONDS)


def down(state_root: Path) -> int:
    """Stop every process of the stack at ``state_root``, whoever started it; returns how many there were."""
    with locked(state_root):
        count = _stop(state_root)
        Record.forget(state_root)
        return count


def status(state_root: Path) -> dict[str, str]:
    """Of every service of the stack at ``state_root``: up, starting or ill (lives but does not answer), or down."""
    record = Record.read(state_root)
    if record is None:
        return {}
    told = {}
    for service in services(record.plan):
        if not record.runs(service.name):
            told[service.name] = "down"
        else:
            told[service.name] = "up" if service.healthy(record.since(service.name)) else "does not answer"
    return told


@contextmanager
def running_stack(
    plan: Plan, say: Callable[[str], None] = print, wait_for: Collection[str] | None = None
) -> Iterator[RunningStack]:
    """The stack of ``plan``, up inside the block; afterwards down again, unless it was up before. Arguments as of :func:`up`.

    SIGTERM ends the block like Ctrl-C does, so that a program which is told to stop leaves no service behind.
    """
    with sigterm_as_exit():
        stack = up(plan, say, wait_for)
        try:
            yield stack
        finally:
            if not stack.was_up:
                down(plan.state_root)


def _start(record: Record, wanted: list[Service], wait_for: Collection[str] | None) -> RunningStack:
    plan, state_root = record.plan, record.plan.state_root
    # What a crash left of these services (a worker without its scheduler, say) goes before its successor comes.
    _stop(state_root, [it.name for it in wanted])
    plan.ports.require_free(port for it in wanted for port in it.ports)
    credentials = Credentials.of(state_root)
    environ = environment(plan, credentials, os.environ)
    airflow_config.write(plan, credentials)
    write_env_file(plan, credentials)
    prepare_spark(plan, os.environ)
    databases.write_ahead(airflow_config.database_file(plan), plan.mlflow_home / "mlflow.db")

    def begin(service: Service) -> None:
        own = {key: value for key, value in environ.items() if key not in service.without} | service.variables
        record.add(
            service.name,
            processes.start(service.name, service.command, own, plan.state_root, log_file(plan, service.name)),
        )
        record.write()

    deadline = time.monotonic() + START_SECONDS
    for service in wanted:
        if not service.needs_database:
            begin(service)
    if any(it.needs_database for it in wanted):
        databases.migrate(plan, environ, START_SECONDS)
        for service in wanted:
            if service.needs_database:
                begin(service)
    _await(record, [it for it in wanted if wait_for is None or it.name in wait_for], deadline)
    return RunningStack(plan, credentials, was_up=False)


def _await_begun(record: Record, all_services: list[Service]) -> None:
    """Wait for what another program has just started: it is no reason to start it anew."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and any(
        record.runs(it.name)
        and time.time() - record.since(it.name) < START_SECONDS
        and not it.healthy(record.since(it.name))
        for it in all_services
    ):
        time.sleep(0.25)


def _await(record: Record, wanted: list[Service], deadline: float) -> None:
    waiting = list(wanted)
    while waiting:
        for service in wanted:
            if not record.runs(service.name):
                raise StackError(
                    f"{service.name} ended while starting: {_last_words(record.plan, service.name)} "
                    f"(all of it in {log_file(record.plan, service.name)})"
                )
        waiting = [it for it in waiting if not it.healthy(record.since(it.name))]
        if waiting and time.monotonic() > deadline:
            late = waiting[0].name
            raise StackError(f"{late} did not answer within {START_SECONDS} s: see {log_file(record.plan, late)}")
        time.sleep(0.25)


def _last_words(plan: Plan, name: str) -> str:
    lines = [line.strip() for line in log_file(plan, name).read_text(errors="replace").splitlines()]
    # Of a Java stack trace the head says what happened, the frames below it only where.
    telling = [line for line in lines if line and not line.startswith("at ")]
    return " / ".join(telling[-2:])[-400:] if telling else "it said nothing"


def _stop(state_root: Path, names: list[str] | None = None) -> int:
    if names is None:
        return processes.stop(lambda: processes.marked(state_root))
    wanted = {*names, databases.MIGRATION}
    return processes.stop(lambda: [it for name in wanted for it in processes.marked(state_root, name)])
