"""Whether a service answers. Every check is short, and goes to no proxy."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any

from stack.ports import HOST

# Straight to this machine: without the environment's proxy.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def listens(port: int, host: str = HOST) -> bool:
    """Whether a process accepts connections on ``port`` of a host, by default this machine's own 127.0.0.1."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def answers(url: str) -> bool:
    """Whether ``url`` answers with success."""
    return _get(url) is not None


def airflow_component(airflow_url: str, component: str, since: float) -> bool:
    """Whether Airflow calls ``component`` (scheduler, dag_processor, triggerer) healthy by a heartbeat after ``since``.

    Args:
        airflow_url: address of Airflow's API.
        component: as its health page names it.
        since: seconds since the epoch when the component's process was started. An older heartbeat is a predecessor's.
    """
    body = _get(f"{airflow_url}/api/v2/monitor/health")
    if body is None:
        return False
    health: dict[str, Any] = json.loads(body).get(component) or {}
    heartbeat = health.get(f"latest_{component}_heartbeat")
    if health.get("status") != "healthy" or not heartbeat:
        return False
    return datetime.fromisoformat(heartbeat).timestamp() >= since


def _get(url: str) -> bytes | None:
    try:
        with _OPENER.open(url, timeout=5) as response:
            body: bytes = response.read()
            return body
    except (OSError, urllib.error.URLError):
        return None
