"""A Spark server by its address: its name, and its processes where they are on this host."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from lakehouse import settings
from lakehouse.metering import process_tree
from lakehouse.metering.process_tree import ProcessTree

DEFAULT_PORT = 15002


def name_of(remote: str) -> str:
    """Host and port of an address such as ``sc://host:port/;session_id=...``."""
    address = urlsplit(remote)
    return f"{address.hostname or 'localhost'}:{address.port or DEFAULT_PORT}"


def tree_of(server: str) -> ProcessTree | None:
    """The server's processes, where they are on this host and can be seen."""
    import psutil

    host, _, port = server.rpartition(":")
    try:
        here = {"127.0.0.1", "::1", *(one.address for found in psutil.net_if_addrs().values() for one in found)}
        if socket.gethostbyname(host) not in here:
            return None
        pid = _listener(int(port))
        return None if pid is None else ProcessTree(pid)
    except (OSError, psutil.Error):
        return None


def _listener(port: int) -> int | None:
    """The process that listens on the port, as another run has found it, or as it is found now: which takes 30 ms."""
    file = folder() / f"port-{port}.json"
    with suppress(OSError, ValueError, TypeError):
        pid, began = json.loads(file.read_text(encoding="utf-8"))
        if began and process_tree.began(pid) == began:
            return int(pid)
    found = process_tree.listener(port)
    if found is not None:
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps([found, process_tree.began(found)]), encoding="utf-8")
    return found


def folder() -> Path:
    """Where the runs of this host note what they use of servers."""
    return settings.load().state_root / "costs" / "servers"
