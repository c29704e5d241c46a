"""Starting and stopping a stack. `running_stack` is for programs, `up` and `down` for commands."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path

import psutil

from stack import airflow_config, java, processes
from stack.credentials import Credentials
from stack.environment import environment, write_env_file
from stack.errors import StackError
from stack.plan import Plan
from stack.record import Record, locked
from stack.running import RunningStack
from stack.services import Service, log_file, migrate_command, prepare_spark, services
from stack.termination import sigterm_as_exit

START_SECONDS = 180


def up(plan: Plan, say: Callable[[str], None] = print) -> RunningStack:
    """Start what does not run yet of the stack that ``plan`` describes, and wait until all of it is well.

    Args:
        plan: the stack.
        say: told what happens, a line each.

    Raises:
        StackError: Java is missing, a port is taken, a service died or did not come up, or the stack runs already with
            other folders or ports. What this call started is stopped again.
    """
    java.require_java(os.environ)
    with locked(plan.state_root):
        record = Record.read(plan.state_root) or Record(plan)
        all_services = services(record.plan)
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
            return _start(record, [it for it in services(plan) if it.name in names])
        except BaseException:
            _stop(plan.state_root, names)
            if not record.started.keys() - set(names):
                Record.forget(plan.state_root)
            raise


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
def running_stack(plan: Plan, say: Callable[[str], None] = print) -> Iterator[RunningStack]:
    """The stack of ``plan``, up inside the block; afterwards down again, unless it was up before.

    SIGTERM ends the block like Ctrl-C does, so that a program which is told to stop leaves no service behind.
    """
    with sigterm_as_exit():
        stack = up(plan, say)
        try:
            yield stack
        finally:
            if not stack.was_up:
                down(plan.state_root)


def _start(record: Record, wanted: list[Service]) -> RunningStack:
    plan, state_root = record.plan, record.plan.state_root
    # What a crash left of these services (a worker without its scheduler, say) goes before its successor comes.
    _stop(state_root, [it.name for it in wanted])
    plan.ports.require_free(port for it in wanted for port in it.ports)
    credentials = Credentials.of(state_root)
    environ = environment(plan, credentials, os.environ)
    airflow_config.write(plan, credentials)
    write_env_file(plan, credentials)
    prepare_spark(plan, os.environ)
    for database in (airflow_config.database_file(plan), plan.mlflow_home / "mlflow.db"):
        _write_ahead(database)

    def begin(service: Service) -> None:
        own = {key: value for key, value in environ.items() if key not in service.without} | service.variables
        record.add(service.name, _launch(service.name, service.command, own, plan))
        record.write()

    deadline = time.monotonic() + START_SECONDS
    for service in wanted:
        if not service.needs_database:
            begin(service)
    if any(it.needs_database for it in wanted):
        _migrate(plan, environ)
        for service in wanted:
            if service.needs_database:
                begin(service)
    _await(record, wanted, deadline)
    return RunningStack(plan, credentials, was_up=False)


def _launch(name: str, command: list[str], environ: Mapping[str, str], plan: Plan) -> psutil.Process:
    return processes.start(name, command, environ, plan.state_root, log_file(plan, name))


def _migrate(plan: Plan, environ: Mapping[str, str]) -> None:
    """Make or upgrade Airflow's database, if this release has not done so already."""
    done = plan.airflow_home / "migrated"
    if done.exists() and done.read_text() == version("apache-airflow"):
        return
    process = _launch("airflow-database", migrate_command(), environ, plan)
    if process.wait(timeout=START_SECONDS) != 0:
        raise StackError(f"Airflow's database could not be made: see {log_file(plan, 'airflow-database')}")
    done.write_text(version("apache-airflow"))


def _write_ahead(database: Path) -> None:
    """Let readers of an SQLite database go on while somebody writes; the setting stays in the file."""
    database.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


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
    wanted = {*names, "airflow-database"}
    return processes.stop(lambda: [it for name in wanted for it in processes.marked(state_root, name)])
