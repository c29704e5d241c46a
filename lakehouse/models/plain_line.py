"""One question to a server by HTTP without TLS, on the straight way: what the standard library does by itself.

A job asks MLflow two or three things, and importing `requests` for them takes longer than the answers. Certificates, proxies,
passwords in ``~/.netrc`` and redirections are the work of `requests`, which `mlflow_rest` asks where one of them is needed.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Answer:
    """What a server said: the status, the type of the content, and the content."""

    status: int
    content_type: str
    content: bytes


def leads_to(address: str) -> bool:
    """Whether the straight way leads there, as far as the address and the environment say."""
    proxied = any(os.environ.get(name) for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"))
    try:
        parts = urlsplit(address)
        whole = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False  # No port, or no address at all.
    return whole and not proxied and not _kept_passwords()


def ask(
    method: str,
    address: str,
    query: Mapping[str, str] | None,
    body: bytes | None,
    login: tuple[str, str] | str | None,
    timeout: float,
) -> Answer | None:
    """The server's answer; None where it sends to another address.

    Args:
        method: of HTTP.
        address: with scheme and host, and without a query.
        query: what is asked, in the address.
        body: JSON.
        login: user and password, or a token.
        timeout: the longest silence, in seconds.

    Raises:
        OSError: when nobody answers.
    """
    from http.client import HTTPConnection, HTTPException

    parts = urlsplit(address)
    assert parts.hostname is not None
    headers = {"User-Agent": "nightjar", "Accept": "*/*"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if login is not None:
        headers["Authorization"] = f"Bearer {login}" if isinstance(login, str) else f"Basic {_encoded(*login)}"
    line = HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        line.request(method, f"{parts.path}?{urlencode(query)}" if query else parts.path, body, headers)
        answer = line.getresponse()
        if 300 <= answer.status < 400:
            return None
        return Answer(answer.status, answer.headers.get("Content-Type", ""), answer.read())
    except HTTPException as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error
    finally:
        line.close()


def _encoded(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode("latin1")).decode("ascii")


def _kept_passwords() -> bool:
    named = os.environ.get("NETRC")
    places = [Path(named)] if named else [Path("~/.netrc"), Path("~/_netrc")]
    return any(place.expanduser().exists() for place in places)
