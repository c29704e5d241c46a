"""``python -m stack.cluster compose|up|down|status|exec``."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from tabulate import tabulate

from lakehouse.settings import PROJECT_ROOT
from stack.airflow_config import USER
from stack.cluster import compose, lifecycle, topology
from stack.cluster.machine_fit import NotPossible
from stack.cluster.native import Cluster
from stack.errors import StackError
from stack.termination import sigterm_as_exit

ROOT = PROJECT_ROOT / ".nightjar" / "cluster"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the cluster is as requested, 2 where this machine can't have one, else 1 with one line that says why."""
    parser = argparse.ArgumentParser(prog="python -m stack.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("compose", help="write docker-compose.yaml to the output")
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
    rows = [(f"  {host.name}", cluster.network.address(host.name), states[host.name]) for host in topology.hosts()]
    print(tabulate(rows, tablefmt="plain", preserve_whitespace=True))
    print(_addresses(cluster))
    return 0 if set(states.values()) <= {"up", "done"} else 1


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
            f"  Airflow  http://{address('airflow-api')}:8080  user {USER}, password AIRFLOW_ADMIN_PASSWORD of {secrets}",
            f"  shell    python -m stack.cluster exec --root {cluster.root} worker-1",
            f"  logs     {cluster.root / 'logs'}",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
