"""A task that has ended frees its place at once."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import time
import uuid
from types import SimpleNamespace

import psutil
import pytest
from airflow.sdk.execution_time import supervisor
from airflow.sdk.execution_time.supervisor import MIN_HEARTBEAT_INTERVAL, ActivitySubprocess

from include.orchestration import prompt_end
from include.orchestration.prompt_end import PromptlyEnding


def seconds_until_its_end_is_seen(supervising: type[ActivitySubprocess], most: float) -> float:
    """How long that supervisor waits, at most so long, for a process whose pipes it has seen closed before its end."""
    pipes = [socket.socketpair() for _ in range(4)]
    with subprocess.Popen(["sleep", "0.2"]) as child:
        its_supervisor = supervising(
            id=uuid.uuid4(),
            pid=child.pid,
            stdin=pipes[0][0],
            process=psutil.Process(child.pid),
            process_log=None,  # type: ignore[arg-type]
            client=None,  # type: ignore[arg-type]
        )
        its_supervisor._register_pipe_readers(*(ours for ours, _ in pipes), data={})
        for ours, _ in pipes:
            its_supervisor.selector.unregister(ours)
        began = time.monotonic()
        its_supervisor._service_subprocess(max_wait_time=most)
        took = time.monotonic() - began
        its_supervisor.selector.close()
    for ours, theirs in pipes:
        ours.close()
        theirs.close()
    return took


@pytest.fixture(autouse=True)
def no_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActivitySubprocess, "_get_target_loggers", lambda _: ())


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
def test_an_end_after_the_pipes_were_closed_is_seen_at_once() -> None:
    assert seconds_until_its_end_is_seen(PromptlyEnding, most=MIN_HEARTBEAT_INTERVAL) < MIN_HEARTBEAT_INTERVAL / 2


@pytest.mark.process
def test_airflow_alone_waits_for_its_next_heartbeat() -> None:
    """When this fails, Airflow sees the end itself, and PromptlyEnding can go."""
    assert seconds_until_its_end_is_seen(ActivitySubprocess, most=0.6) >= 0.6


@pytest.mark.process
def test_where_the_system_refuses_it_waits_as_airflow_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: int) -> int:
        raise PermissionError(errno.EPERM, "a container that forbids it")

    # Of this module alone: psutil asks for one too.
    monkeypatch.setattr(prompt_end, "os", SimpleNamespace(pidfd_open=refused))
    assert seconds_until_its_end_is_seen(PromptlyEnding, most=0.6) >= 0.6


def test_it_takes_the_place_of_airflows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "ActivitySubprocess", ActivitySubprocess)
    prompt_end.install()
    assert supervisor.ActivitySubprocess is PromptlyEnding
