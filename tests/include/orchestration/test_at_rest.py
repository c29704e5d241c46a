"""Airflow's DAG processor and triggerer rest while they have nothing to do, and not while they have."""

from __future__ import annotations

import asyncio
from collections import deque
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from airflow.cli.commands import dag_processor_command
from airflow.dag_processing.manager import DagFileProcessorManager
from airflow.jobs import triggerer_job_runner
from airflow.jobs.triggerer_job_runner import TriggerRunner, TriggerRunnerSupervisor

from include.orchestration import at_rest
from include.orchestration.at_rest import RestingProcessor, RestingRunner, RestingSupervisor


def test_airflows_commands_use_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dag_processor_command, "DagFileProcessorManager", DagFileProcessorManager)
    monkeypatch.setattr(triggerer_job_runner, "TriggerRunnerSupervisor", TriggerRunnerSupervisor)
    used: list[type] = []

    def command() -> None:
        runner = dag_processor_command._create_dag_processor_job_runner(SimpleNamespace(bundle_name=None, num_runs=1))
        used.extend([type(runner.processor), triggerer_job_runner.TriggerRunnerSupervisor])

    monkeypatch.setattr(at_rest.airflow, "main", command)
    at_rest.main()
    assert used == [RestingProcessor, RestingSupervisor]


@pytest.mark.parametrize(
    ("parsing", "waiting", "waits"),
    [({}, {}, at_rest.REST_SECONDS), ({"file": "process"}, {}, 0.5), ({}, {"file": None}, 0.5)],
)
def test_the_dag_processor_rests_when_no_file_is_parsed_or_waits(
    monkeypatch: pytest.MonkeyPatch, parsing: dict[str, Any], waiting: dict[str, Any], waits: float
) -> None:
    asked: list[float] = []
    monkeypatch.setattr(
        DagFileProcessorManager, "_service_processor_sockets", lambda self, timeout: asked.append(timeout)
    )
    processor = RestingProcessor(max_runs=1)
    processor._processors, processor._file_queue = parsing, waiting
    processor._service_processor_sockets(timeout=0.5)
    assert asked == [waits]


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> RestingSupervisor:
    """One without its process; ``looks`` are the seconds that it waited, ``rounds`` how often it did what is to be done."""
    made = RestingSupervisor.__new__(RestingSupervisor)
    made.running_triggers, made.events, made.failed_triggers = set(), deque(), deque()
    made.stop, made.looks, made.rounds = False, [], []
    monkeypatch.setattr(RestingSupervisor, "is_alive", lambda self: True)
    monkeypatch.setattr(TriggerRunnerSupervisor, "run_once", lambda self: self.rounds.append(1))
    monkeypatch.setattr(RestingSupervisor, "_service_subprocess", lambda self, seconds: self.looks.append(seconds))
    return made


def test_a_triggerer_without_triggers_rests_before_it_looks_for_some(
    supervisor: RestingSupervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, *(at_rest.REST_SECONDS * share for share in (0.1, 0.5, 0.9, 1.1))])
    monkeypatch.setattr(at_rest, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    supervisor.run_once()
    assert len(supervisor.looks) == 3
    assert supervisor.rounds == [1]


@pytest.mark.parametrize(
    ("name", "value"),
    [("running_triggers", {1}), ("events", deque([1])), ("failed_triggers", deque([(1, None)])), ("stop", True)],
)
def test_a_triggerer_with_something_to_do_does_not_rest(supervisor: RestingSupervisor, name: str, value: Any) -> None:
    setattr(supervisor, name, value)
    supervisor.run_once()
    assert (supervisor.looks, supervisor.rounds) == ([], [1])


def test_what_a_trigger_says_ends_the_rest(supervisor: RestingSupervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RestingSupervisor, "_service_subprocess", lambda self, seconds: self.events.append("said"))
    supervisor.run_once()
    assert supervisor.rounds == [1]


@pytest.mark.parametrize(("triggers", "rests"), [({}, True), ({1: "a trigger"}, False)])
def test_the_process_of_the_triggers_asks_at_once_while_it_has_some_and_when_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch, triggers: dict[int, Any], rests: bool
) -> None:
    told: list[bool] = []

    async def ask(self: TriggerRunner, finished: list[int]) -> None:
        told.append(self._stop_event.is_set())

    monkeypatch.setattr(TriggerRunner, "sync_state_to_supervisor", ask)

    async def go() -> None:
        runner = RestingRunner()
        runner.triggers, runner._stop_event = triggers, anyio.Event()
        asking = asyncio.create_task(runner.sync_state_to_supervisor([]))
        await asyncio.sleep(0)
        runner._stop_event.set()
        await asking

    asyncio.run(go())
    # One that rests asks only after the stop has ended its rest.
    assert told == [rests]
