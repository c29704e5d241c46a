"""Starting and stopping a native cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from stack import compiled, mongo_emulator, processes
from stack.cluster import machine_fit, native, probes, topology
from stack.cluster.host import Host
from stack.cluster.native import Cluster
from stack.errors import StackError
from stack.record import locked

# Of all hosts: 75 to 110 s on two cores that others use too.
START_SECONDS = 300
PAUSE_SECONDS = 0.3

Say = Callable[[str], None]


def up(root: Path, say: Say = print, disks: Mapping[str, int] | None = None) -> Cluster:
    """Start every host, each when those that it needs are healthy, and wait until all are.

    Args:
        root: the cluster's folder; what was kept there goes on.
        say: called with a line for each host that came up.
        disks: megabytes of the disks of some hosts, by name.

    Raises:
        NotPossible: this machine can't. StackError: it runs already, or a host did not come up; then all is stopped again.
    """
    machine_fit.require()
    with locked(root):
        if Cluster.of(root) is not None and processes.marked(root):
            raise StackError(f"the cluster at {root} runs already: python -m stack.cluster down --root {root} ends it")
        _end(root)
        mongo_emulator.fetch()
        compiled.ensure()
        try:
            cluster = Cluster.made(root, os.environ)
            _start_all(cluster, say, disks or {})
        except BaseException:
            _end(root)
            raise
    return cluster


def down(root: Path) -> int:
    """End every process of the cluster at ``root`` and remove its network; returns how many processes there were."""
    with locked(root):
        return _end(root)


def status(cluster: Cluster) -> dict[str, str]:
    """The state of every host: up, does not answer, or down; done, for one that does its work and ends."""
    found = {}
    for host in topology.hosts():
        if host.once:
            found[host.name] = "done"
        elif cluster.keeper(host.name) is None:
            found[host.name] = "down"
        else:
            found[host.name] = "up" if healthy(cluster, host, 0.0) else "does not answer"
    return found


def healthy(cluster: Cluster, host: Host, since: float) -> bool:
    """Whether a host's service answers, with a sign of life after ``since``."""
    address = cluster.network.address
    return probes.healthy(host, address(host.name), address("airflow-api"), since, cluster.trust)


def await_healthy(cluster: Cluster, name: str, since: float, seconds: float = START_SECONDS) -> None:
    """Wait for a host.

    Raises:
        StackError: it did not become healthy in time.
    """
    deadline = time.monotonic() + seconds
    while not healthy(cluster, topology.named(name), since):
        if time.monotonic() > deadline:
            raise StackError(f"{name}: expected it to answer within {seconds:.0f} s; its output: {cluster.log(name)}")
        time.sleep(PAUSE_SECONDS)


def _start_all(cluster: Cluster, say: Say, disks: Mapping[str, int]) -> None:
    began, deadline = time.monotonic(), time.monotonic() + START_SECONDS
    waiting, started, ready = list(topology.hosts()), dict[str, tuple[float, psutil.Process]](), set[str]()
    while len(ready) < len(topology.hosts()):
        for host in [host for host in waiting if ready.issuperset(host.needs)]:
            started[host.name] = (time.time(), cluster.start(host, disks.get(host.name)))
            waiting.remove(host)
        for name in started.keys() - ready:
            since, process = started[name]
            if _ready(cluster, topology.named(name), since, process):
                ready.add(name)
                say(f"{time.monotonic() - began:5.0f} s  {name} ({cluster.network.address(name)})")
        if time.monotonic() > deadline:
            late = sorted(started.keys() - ready)
            raise StackError(
                f"{', '.join(late)}: expected to answer within {START_SECONDS} s; the outputs lie in {cluster.root / 'logs'}"
            )
        time.sleep(PAUSE_SECONDS)


def _ready(cluster: Cluster, host: Host, since: float, process: psutil.Process) -> bool:
    try:
        code = process.wait(timeout=0)
    except psutil.TimeoutExpired:
        return not host.once and healthy(cluster, host, since)
    if code != 0 or not host.once:
        said = cluster.log(host.name).read_text(errors="replace").strip().splitlines()
        raise StackError(f"{host.name} ended with exit code {code}: {said[-1] if said else 'it said nothing'}")
    return True


def _end(root: Path) -> int:
    count = native.end(root)
    native.remove(root)
    return count
