"""What happens to a cluster in mid-work: processes killed, a broken line, a full disk, a wrong clock."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.cluster import lifecycle, network, topology
from stack.cluster.host import HOME
from stack.cluster.native import Cluster

# Both small enough to be filled in a moment, and large enough for what runs there.
DISKS = {"worker-2": 600, "spark-worker-2": 600}
CUT_SECONDS, FULL_SECONDS = 60, 45
COMPILER, CLOCK = shutil.which("cc"), Path(__file__).with_name("wrong_clock.c")
KILL_SECONDS = 30


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: as the command line and the table call it.
        hosts: on one of them it happens; drawn, of those that run a task in that moment where some do.
        happen: lets it happen on that host, and puts an end to it where an operator would.
        begin: before the night begins, for what can't begin in its middle.
        end: after the night has ended.
    """

    name: str
    hosts: Sequence[str]
    happen: Callable[[Cluster, str], str]
    begin: Callable[[Cluster, str], None] = lambda cluster, host: None
    end: Callable[[Cluster, str], None] = lambda cluster, host: None


def kill(cluster: Cluster, host: str) -> str:
    """SIGKILL a host's service, as a machine that runs out of memory does; its supervisor starts it again."""
    deadline = time.monotonic() + KILL_SECONDS
    while (service := cluster.service(host)) is None:
        assert time.monotonic() < deadline, f"{host}: expected a service to kill, found none"
        time.sleep(0.1)
    service.kill()
    return "killed"


def cut(cluster: Cluster, host: str) -> str:
    """Let nothing pass between a host and the object store for a minute."""
    network.cut(cluster.network, host, "store")
    try:
        time.sleep(CUT_SECONDS)
    finally:
        network.join(cluster.network, host, "store")
    return f"no line to the store for {CUT_SECONDS} s"


def fill(cluster: Cluster, host: str) -> str:
    """Fill a host's disk to its last byte, and make room again."""
    file = f"{HOME}/full"
    _on(
        cluster,
        host,
        f"dd if=/dev/zero of={file} bs=1M 2>/dev/null; dd if=/dev/zero of={file}.2 bs=1 count=4096 2>/dev/null",
    )
    left = _on(cluster, host, f"df --output=avail -k {HOME} | tail -1").strip()
    try:
        time.sleep(FULL_SECONDS)
    finally:
        _on(cluster, host, f"rm -f {file} {file}.2")
    return f"{left} KB left for {FULL_SECONDS} s"


def wrong_clock(cluster: Cluster, host: str) -> None:
    """Start a host anew with a time of day that is two hours ahead; namespaces share the machine's."""
    assert COMPILER is not None
    library = cluster.root / "hosts" / host / "wrong_clock.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", str(library), str(CLOCK), "-ldl"], check=True)
    _anew(cluster, host, {"LD_PRELOAD": f"{HOME}/{library.name}"})


def right_clock(cluster: Cluster, host: str) -> None:
    """Start it anew with the machine's clock."""
    _anew(cluster, host, {})


def look(cluster: Cluster, host: str) -> str:
    """What is seen in mid-work of a night that is wrong from its beginning."""
    ahead = float(_on(cluster, host, f"LD_PRELOAD={HOME}/wrong_clock.so date +%s")) - time.time()
    return f"{ahead / 3600:.1f} h ahead, all night"


def _anew(cluster: Cluster, host: str, extra: dict[str, str]) -> None:
    cluster.stop(host)
    began = time.time()
    cluster.start(topology.named(host), DISKS.get(host), extra)
    lifecycle.await_healthy(cluster, host, began)


def _on(cluster: Cluster, host: str, script: str) -> str:
    command = cluster.within(host, ["bash", "-c", script])
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


FAULTS = (
    Fault("spark-worker", ("spark-worker-1", "spark-worker-2"), kill),
    Fault("connect", ("spark-connect",), kill),
    Fault("airflow-worker", ("worker-1", "worker-2"), kill),
    Fault("scheduler", ("airflow-scheduler",), kill),
    Fault("postgres", ("database",), kill),
    Fault("store", ("store",), kill),
    Fault("mlflow", ("mlflow",), kill),
    Fault("partition", ("worker-1", "worker-2", "spark-worker-1", "spark-worker-2"), cut),
    Fault("disk", tuple(DISKS), fill),
    Fault("clock", ("worker-1",), look, wrong_clock, right_clock),
)


def chosen(names: str | None) -> list[Fault]:
    """The faults of these names, separated by commas; all when none are named.

    Raises:
        ValueError: for a name that no fault has.
    """
    known = {fault.name: fault for fault in FAULTS}
    wanted = list(known) if not names else [name.strip() for name in names.split(",") if name.strip()]
    if strange := [name for name in wanted if name not in known]:
        raise ValueError(f"FAULTS: expected some of {', '.join(known)}, found {', '.join(strange)}")
    return [known[name] for name in wanted]


def missing(fault: Fault) -> str | None:
    """Why this machine can't let a fault happen; None when it can."""
    if fault.name == "clock" and COMPILER is None:
        return "needs a C compiler (Debian: apt install gcc libc6-dev)"
    return None


def draw(fault: Fault, chance: random.Random, seconds: float) -> tuple[list[str], float]:
    """The hosts in a drawn order, and how many seconds after the night began, of a night that takes so many."""
    return chance.sample(fault.hosts, len(fault.hosts)), chance.uniform(0.1, 0.8) * seconds
