"""``python -m stack.cluster compose|certificates|up|down|status|exec``."""

from __future__ import annotations

import argparse
import datetime as dt
import subprocess
import sys
import time
from pathlib import Path

from tabulate import tabulate

from lakehouse.settings import PROJECT_ROOT
from stack.airflow_config import USER
from stack.cluster import certificates, compose, lifecycle, topology
from stack.cluster.host import AUTHORITY
from stack.cluster.machine_fit import NotPossible
from stack.cluster.native import CERTIFICATES, Cluster
from stack.errors import StackError
from stack.termination import sigterm_as_exit

ROOT = PROJECT_ROOT / ".nightjar" / "cluster"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the cluster is as requested, 2 where this machine can't have one, else 1 with one line that says why."""
    parser = argparse.ArgumentParser(prog="python -m stack.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("compose", help="write docker-compose.yaml to the output")
    made = commands.add_parser(
        "certificates", help="make the certificates of every host, or those that end in a month anew"
    )
    made.add_argument("--to", type=Path, required=True, help="the folder; what is good there stays")
    made.add_argument(
        "--name", action="append", default=[], metavar="HOST=NAME", help="another name of a host; can be repeated"
    )
    for name, what in (("up", "start it natively"), ("down", "end it"), ("status", "which hosts run")):
        commands.add_parser(name, help=what).add_argument("--root", type=Path, default=ROOT, help="its folder")
    run = commands.add_parser(
        "exec", help="run a command on a host, such as: exec worker-1 -- python -m lakehouse tables"
    )
    run.add_argument("--root", type=Path, default=ROOT, help="its folder")
    run.add_argument("host")
    run.add_argument("line", nargs=argparse.REMAINDER)
    asked = parser.parse_args(arguments)
    try:
        if asked.command == "compose":
            print(compose.text(topology.hosts()), end="")
            return 0
        if asked.command == "certificates":
            return _certificates(asked.to.resolve(), asked.name)
        root = asked.root.resolve()
        if asked.command == "exec":
            return _exec(root, asked.host, asked.line[1:] if asked.line[:1] == ["--"] else asked.line)
        return {"up": _up, "down": _down, "status": _status}[asked.command](root)
    except NotPossible as error:
        print(error, file=sys.stderr)
        return 2
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; what was started is stopped again.", file=sys.stderr)
        return 130


def _up(root: Path) -> int:
    began = time.monotonic()
    with sigterm_as_exit():
        cluster = lifecycle.up(root, say=lambda line: print(line, flush=True))
    print(f"The cluster is up after {time.monotonic() - began:.0f} s.")
    print(_addresses(cluster))
    return 0


def _down(root: Path) -> int:
    began = time.monotonic()
    count = lifecycle.down(root)
    print(f"The cluster is down: {count} processes ended in {time.monotonic() - began:.1f} s.")
    return 0


def _status(root: Path) -> int:
    cluster = _running(root)
    states = lifecycle.status(cluster)
    left = certificates.left(root / CERTIFICATES, dt.datetime.now(dt.UTC))
    rows = [
        (f"  {host.name}", cluster.network.address(host.name), states[host.name], _days(left.get(host.name)))
        for host in topology.hosts()
    ]
    print(tabulate(rows, tablefmt="plain", preserve_whitespace=True))
    print(f"  {_days(left[AUTHORITY])} by the authority in {cluster.trust}")
    print(_addresses(cluster))
    return 0 if set(states.values()) <= {"up", "done"} else 1


def _days(left: int | None) -> str:
    if left is None:
        return ""
    if left < 0:
        return f"certificate EXPIRED {-left} days ago"
    return f"certificate for {left} days"


def _certificates(folder: Path, further: list[str]) -> int:
    servers = {host.name: host for host in topology.hosts() if host.serves}
    called = {name: certificates.names(host) for name, host in servers.items()}
    for one in further:
        host, _, name = one.partition("=")
        if host not in called or not name:
            raise StackError(f"--name: expected HOST=NAME with one of {', '.join(called)}, found {one}")
        called[host].append(name)
    now = dt.datetime.now(dt.UTC)
    made = certificates.ensure(folder, called, now)
    commands = certificates.give(folder, list(servers.values()))
    print("\n".join(f"made {file}" for file in made) or "All are good for a month and more; nothing was made.")
    rows = [(f"  {name}", _days(days)) for name, days in certificates.left(folder, now).items()]
    print(tabulate(rows, tablefmt="plain", preserve_whitespace=True))
    for command in commands:
        print(f"as root, for the service's user alone may read its key: {command}")
    if made:
        print("Start the hosts of what was made again: a server reads its certificate when it starts.")
    return 0


def _exec(root: Path, host: str, line: list[str]) -> int:
    cluster = _running(root)
    variables = cluster.variables(topology.named(host)) | {"HOME": "/srv/home", "TMPDIR": "/tmp"}
    return subprocess.run(cluster.within(host, line or ["bash"]), env=variables).returncode


def _running(root: Path) -> Cluster:
    cluster = Cluster.of(root)
    if cluster is None:
        raise StackError(f"no cluster runs at {root}: python -m stack.cluster up --root {root} starts it")
    return cluster


def _addresses(cluster: Cluster) -> str:
    address, secrets = cluster.network.address, cluster.root / "secrets.json"
    return "\n".join(
        [
            f"  Airflow  https://{address('airflow-api')}:8080  user {USER}, password AIRFLOW_ADMIN_PASSWORD of {secrets}",
            f"  known by {cluster.trust}",
            f"  shell    python -m stack.cluster exec --root {cluster.root} worker-1",
            f"  logs     {cluster.root / 'logs'}",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
