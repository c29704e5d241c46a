"""Whether a service answers. Every check is short, and goes to no proxy."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.error
import urllib.request
from datetime import datetime
from functools import lru_cache
from typing import Any

from stack.ports import HOST


def listens(port: int, host: str = HOST) -> bool:
    """Whether a process accepts connections on ``port`` of a host, by default this machine's own 127.0.0.1."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def answers(url: str, trust: str | None = None) -> bool:
    """Whether ``url`` answers with success, by a certificate that the file ``trust`` knows where it is given."""
    return _get(url, trust) is not None


def airflow_component(airflow_url: str, component: str, since: float, trust: str | None = None) -> bool:
    """Whether Airflow calls ``component`` (scheduler, dag_processor, triggerer) healthy by a heartbeat after ``since``.

    Args:
        airflow_url: address of Airflow's API.
        component: as its health page names it.
        since: seconds since the epoch when the component's process was started. An older heartbeat is a predecessor's.
        trust: as of :func:`answers`.
    """
    body = _get(f"{airflow_url}/api/v2/monitor/health", trust)
    if body is None:
        return False
    health: dict[str, Any] = json.loads(body).get(component) or {}
    heartbeat = health.get(f"latest_{component}_heartbeat")
    if health.get("status") != "healthy" or not heartbeat:
        return False
    return datetime.fromisoformat(heartbeat).timestamp() >= since


@lru_cache(maxsize=8)
def _opener(trust: str | None) -> urllib.request.OpenerDirector:
    # Straight to this machine: without the environment's proxy.
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if trust is not None:
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=trust)))
    return urllib.request.build_opener(*handlers)


def _get(url: str, trust: str | None) -> bytes | None:
    try:
        with _opener(trust).open(url, timeout=5) as response:
            body: bytes = response.read()
            return body
    except (OSError, urllib.error.URLError):
        return None
