"""Starting and stopping a stack. `running_stack` is for programs, `up` and `down` for commands."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from stack import airflow_config, compiled, databases, java, processes
from stack.credentials import Credentials
from stack.environment import environment, write_env_file
from stack.errors import StackError
from stack.plan import Plan
from stack.record import Record, locked
from stack.running import RunningStack
from stack.services import Service, log_file, prepare_spark, services
from stack.termination import sigterm_as_exit

START_SECONDS = 180


def up(
    plan: Plan,
    say: Callable[[str], None] = print,
    wait_for: Collection[str] | None = None,
    only: Collection[str] | None = None,
) -> RunningStack:
    """Start the services of ``plan`` that do not run yet, and wait until all of them are healthy.

    Args:
        plan: the stack.
        say: called with a line for each step.
        wait_for: names of services; only these are waited for; :func:`await_all` waits for the others.
        only: names of the services that are needed; no other is started. All by default.

    Raises:
        StackError: Java is missing, a port is taken, a service died or did not come up, or the stack runs already with
            other folders or ports. What this call started is stopped again.
    """
    java.require_java(os.environ)
    with locked(plan.state_root):
        record = Record.read(plan.state_root) or Record(plan)
        all_services = [it for it in services(record.plan) if only is None or it.name in only]
        _await_begun(record, all_services)
        unhealthy = [it for it in all_services if not (record.runs(it.name) and it.healthy(record.since(it.name)))]
        # Those that are not needed here count too: their folders and ports are those that they were started with.
        if (len(unhealthy) < len(all_services) or any(map(record.runs, record.started))) and record.plan != plan:
            raise StackError(
                f"The stack at {plan.state_root} is up with other folders or ports than requested now: "
                "run make down first, then make up."
            )
        if not unhealthy:
            return RunningStack(plan, Credentials.load_or_create(plan.state_root), was_up=True)
        if len(unhealthy) < len(all_services):
            say(f"Restarting services that do not answer: {', '.join(it.name for it in unhealthy)}")
        else:
            say(
                "Starting Spark, MLflow and Airflow (half a minute) ..."
                if only is None
                else f"Starting {', '.join(only)} ..."
            )
        record = Record(
            plan, {name: pid for name, pid in record.started.items() if name not in {it.name for it in unhealthy}}
        )
        names = [it.name for it in unhealthy]
        try:
            return _start(record, [it for it in services(plan) if it.name in names], wait_for)
        except BaseException:
            _stop(plan.state_root, names)
            if not record.started.keys() - set(names):
                Record.forget(plan.state_root)
            raise


def await_all(stack: RunningStack) -> None:
    """Wait until every service of a stack is healthy, also those that its start did not wait for.

    Raises:
        StackError: a service died or did not come up.
    """
    record = Record.read(stack.plan.state_root) or Record(stack.plan)
    _await(record, services(record.plan), time.monotonic() + START_SECONDS)


def down(state_root: Path) -> int:
    """Stop every process of the stack at ``state_root``, also those of other programs; returns how many there were."""
    with locked(state_root):
        count = _stop(state_root)
        Record.forget(state_root)
        return count


def status(state_root: Path) -> dict[str, str]:
    """The state of every service of the stack at ``state_root``: up, down, or running and not answering."""
    record = Record.read(state_root)
    if record is None:
        return {}
    states = {}
    for service in services(record.plan):
        if not record.runs(service.name):
            states[service.name] = "down"
        else:
            states[service.name] = "up" if service.healthy(record.since(service.name)) else "does not answer"
    return states


@contextmanager
def running_stack(
    plan: Plan,
    say: Callable[[str], None] = print,
    wait_for: Collection[str] | None = None,
    only: Collection[str] | None = None,
) -> Iterator[RunningStack]:
    """The stack of ``plan``, up inside the block; afterwards down again, unless it was up before. Arguments as of :func:`up`.

    SIGTERM ends the block like Ctrl-C does, so that a program that receives it leaves no service behind.
    """
    with sigterm_as_exit():
        stack = up(plan, say, wait_for, only)
        try:
            yield stack
        finally:
            if not stack.was_up:
                down(plan.state_root)


def _start(record: Record, starting: list[Service], wait_for: Collection[str] | None) -> RunningStack:
    plan, state_root = record.plan, record.plan.state_root
    # First stop what a crash left of these services, such as a worker without its scheduler.
    _stop(state_root, [it.name for it in starting])
    plan.ports.require_free(port for it in starting for port in it.ports)
    compiled.ensure()
    credentials = Credentials.load_or_create(state_root)
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
    for service in starting:
        if not service.needs_database:
            begin(service)
    if any(it.needs_database for it in starting):
        databases.migrate(plan, environ, START_SECONDS)
        databases.give_roles(plan, credentials, environ, START_SECONDS)
        for service in starting:
            if service.needs_database:
                begin(service)
    _await(record, [it for it in starting if wait_for is None or it.name in wait_for], deadline)
    return RunningStack(plan, credentials, was_up=False)


def _await_begun(record: Record, all_services: list[Service]) -> None:
    """Wait for services that another program has just started, instead of starting them again."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and any(
        record.runs(it.name)
        and time.time() - record.since(it.name) < START_SECONDS
        and not it.healthy(record.since(it.name))
        for it in all_services
    ):
        time.sleep(0.25)


def _await(record: Record, awaited: list[Service], deadline: float) -> None:
    waiting = list(awaited)
    while waiting:
        for service in awaited:
            if not record.runs(service.name):
                raise StackError(
                    f"{service.name} ended while starting: {_last_log_lines(record.plan, service.name)} "
                    f"(the whole log: {log_file(record.plan, service.name)})"
                )
        waiting = [it for it in waiting if not it.healthy(record.since(it.name))]
        if waiting and time.monotonic() > deadline:
            late = waiting[0].name
            raise StackError(f"{late} did not answer within {START_SECONDS} s: see {log_file(record.plan, late)}")
        time.sleep(0.25)


def _last_log_lines(plan: Plan, name: str) -> str:
    lines = [line.strip() for line in log_file(plan, name).read_text(errors="replace").splitlines()]
    # The head of a Java stack trace names the error, the frames below it only the place.
    messages = [line for line in lines if line and not line.startswith("at ")]
    return " / ".join(messages[-2:])[-400:] if messages else "it logged nothing"


def _stop(state_root: Path, names: list[str] | None = None) -> int:
    if names is None:
        return processes.stop(lambda: processes.marked(state_root))
    services_and_migration = {*names, databases.MIGRATION}
    return processes.stop(lambda: [it for name in services_and_migration for it in processes.marked(state_root, name)])
