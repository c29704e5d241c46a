"""A native cluster: its folder, its network, its secrets, and the processes of its hosts."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil
from pydantic import TypeAdapter

from lakehouse.settings import PROJECT_ROOT
from stack import jars, processes
from stack.airflow_config import USER
from stack.cluster import certificates, network, places, secrets, topology
from stack.cluster.host import AUTHORITY, SERVER, TLS, Host
from stack.cluster.machine import Machine
from stack.cluster.network import Network
from stack.credentials import write_private
from stack.errors import StackError

# Of the machine's environment a host gets these alone.
KEPT = ("LANG", "LC_ALL", "TZ", "JAVA_HOME", "PYTHONDONTWRITEBYTECODE", "USE_CASE_ROOTS")
CERTIFICATES = "certificates"
# A little longer than a host gives its service.
GRACE_SECONDS = 15
_JSON = TypeAdapter(Network)


@dataclass(frozen=True)
class Cluster:
    """One native cluster.

    Attributes:
        root: its folder.
        network: its addresses.
        values: what stands for each ``$NAME``.
    """

    root: Path
    network: Network
    values: Mapping[str, str]

    @classmethod
    def made(cls, root: Path, environ: Mapping[str, str]) -> Self:
        """A new one: its network is made, none of its hosts runs.

        Raises:
            StackError: when no subnet is free, or a certificate that was brought is not good.
        """
        with network.chosen_alone():
            planned = network.plan(root, [host.name for host in topology.hosts()])
            write_private(_record(root), _JSON.dump_json(planned, indent=2).decode() + "\n")
            network.make(planned)
        servers = [host for host in topology.hosts() if host.serves]
        called = {host.name: certificates.names(host, [planned.address(host.name)]) for host in servers}
        certificates.ensure(root / CERTIFICATES, called, dt.datetime.now(dt.UTC))
        return cls(root, planned, _values(root, environ))

    @classmethod
    def of(cls, root: Path) -> Self | None:
        """The cluster that runs at ``root``; None when none was started since the last ``down``."""
        if not _record(root).exists():
            return None
        return cls(root, _JSON.validate_json(_record(root).read_bytes()), _values(root, {}))

    @property
    def airflow_url(self) -> str:
        """The address of Airflow's page and API."""
        return f"https://{self.network.address('airflow-api')}:8080"

    @property
    def trust(self) -> str:
        """The file of the authority that its hosts are known by."""
        return str(self.root / CERTIFICATES / AUTHORITY)

    @property
    def airflow_user(self) -> str:
        """Airflow's user."""
        return USER

    @property
    def airflow_password(self) -> str:
        """The password of Airflow's user."""
        return self.values["AIRFLOW_ADMIN_PASSWORD"]

    def variables(self, host: Host) -> dict[str, str]:
        """The whole environment of a host."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        scripts = [str(Path(sys.prefix) / "bin"), str(jars.spark_home() / "bin")]
        path = os.pathsep.join([*scripts, os.environ.get("PATH", os.defpath)])
        # The project's packages are this folder's, whatever the environment has installed.
        return kept | {"PATH": path, "PYTHONPATH": str(PROJECT_ROOT)} | host.filled(self.values)

    def start(self, host: Host, megabytes: int | None = None, extra: Mapping[str, str] | None = None) -> psutil.Process:
        """Start a host; ``megabytes`` is the size of its disk, ``extra`` are variables besides its own."""
        home = self.root / "hosts" / host.name
        self._lay(host, home / Path(TLS).name)
        command = list(host.native.command if host.native else host.command)
        hidden = [str(self.root)]
        ends_by = host.native.ends_by if host.native else "SIGTERM"
        machine = Machine(host.name, command, host.once, str(home), hidden, str(PROJECT_ROOT), megabytes, ends_by)
        inside = ["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]
        started = [sys.executable, "-m", "stack.cluster.machine", machine.text()]
        whole = ["ip", "netns", "exec", self.network.namespace(host.name), *inside, *started]
        environ = self.variables(host) | dict(extra or {})
        return processes.start(host.name, whole, environ, self.root, self.log(host.name))

    def _lay(self, host: Host, folder: Path) -> None:
        """Give a host its certificates, as secrets are mounted into a container."""
        made = self.root / CERTIFICATES
        folder.mkdir(parents=True, exist_ok=True)
        files = {name: made / name for name in host.trusts} | (
            {SERVER: made / host.name / SERVER} if host.serves else {}
        )
        for name, file in files.items():
            shutil.copy(file, folder / name)

    def stop(self, name: str) -> int:
        """End a host and all that runs on it; returns how many processes there were."""
        return end(self.root, name)

    def keeper(self, name: str) -> psutil.Process | None:
        """The first process of a host's namespaces; None while there is none."""
        return next(iter(_keepers(self.root, name)), None)

    def service(self, name: str) -> psutil.Process | None:
        """The process that is a host's service; None while there is none."""
        keeper = self.keeper(name)
        try:
            return next(iter(keeper.children()), None) if keeper else None
        except psutil.NoSuchProcess:
            return None

    def within(self, name: str, command: list[str]) -> list[str]:
        """The command line that runs ``command`` on a host.

        Raises:
            StackError: when the host does not run.
        """
        keeper = self.keeper(name)
        if keeper is None:
            raise StackError(f"{name} does not run: python -m stack.cluster status shows which hosts do")
        entered = ["nsenter", "-t", str(keeper.pid), "-m", "-u", "-i", "-n", "-p", f"--wd=/proc/{keeper.pid}/cwd"]
        return [*entered, "--", *command]

    def log(self, name: str) -> Path:
        """What a host's service wrote to its output."""
        return self.root / "logs" / f"{name}{os.extsep}log"

    def forget(self) -> None:
        """No host runs any more: remove the network."""
        remove(self.root)


def end(root: Path, name: str | None = None) -> int:
    """End a host, or all of them, in order where they heed; returns how many processes there were.

    The first process of a host ends its service, and whatever else runs there ends with that process.
    """
    before = len(processes.marked(root, name))
    keepers = _keepers(root, name)
    for keeper in keepers:
        with contextlib.suppress(psutil.NoSuchProcess):
            keeper.terminate()
    psutil.wait_procs(keepers, timeout=GRACE_SECONDS)
    processes.stop(lambda: processes.marked(root, name), grace_seconds=0)
    return before


def _keepers(root: Path, name: str | None) -> list[psutil.Process]:
    found = []
    for process in processes.marked(root, name):
        with contextlib.suppress(psutil.Error):
            command = process.cmdline()
            if command[:1] == [sys.executable] and "stack.cluster.machine" in command:
                found.append(process)
    return found


def remove(root: Path) -> None:
    """Remove the network of the cluster at ``root``, also where a crash left no record of it."""
    network.remove(network.key_of(root))
    _record(root).unlink(missing_ok=True)


def _record(root: Path) -> Path:
    return root / "cluster.json"


def _values(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    return {**secrets.load_or_make(root, environ), **places.native()}
