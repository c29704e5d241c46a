"""Connections as Airflow reads them from the environment, in ``AIRFLOW_CONN_<ID>``: an address, or JSON."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lakehouse.connections import service
from lakehouse.connections.service import Service
from lakehouse.errors import ConnectionWrong
from lakehouse.settings import named_connection


def named(name: str) -> Service:
    """The connection ``name``: of ``NIGHTJAR_CONNECTION_<NAME>``, else of ``AIRFLOW_CONN_<NAME>``.

    Raises:
        ConnectionWrong: when neither is set, or what is set is no connection. Its text is never shown.
    """
    text, variable = named_connection.in_airflow(name), named_connection.airflow_variable(name)
    if named_connection.address(name) is not None or text is None:
        return service.named(name)
    try:
        return _of_json(name, text) if text.lstrip().startswith("{") else _of_address(name, text)
    except (ValueError, TypeError, RecursionError) as error:
        # Not the library's words: they may quote the text, and so the password.
        raise ConnectionWrong(
            f"connection {name} ({variable}): expected an address or a JSON object as Airflow reads them, found something else "
            f"({type(error).__name__}); its text is not shown"
        ) from None


def _of_json(name: str, text: str) -> Service:
    found = json.loads(text)
    extra = found.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    parts: dict[str, Any] = {part: found.get(part) for part in ("conn_type", "host", "login", "password", "schema")}
    if wrong := [part for part, value in parts.items() if not isinstance(value, str | None)]:
        raise TypeError(f"{wrong[0]} is no text")
    port = found.get("port")
    return service.of_airflow(name, port=None if port in (None, "") else int(port), extra=dict(extra), **parts)


def _of_address(name: str, text: str) -> Service:
    parts = urlsplit(text.strip())
    if "://" not in text or not parts.scheme:
        raise ValueError("no address")
    # An address without a host, such as https://:key@, has a password all the same.
    return Service(
        name,
        parts.scheme,
        unquote(parts.hostname or ""),
        parts.port,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        parts.path,
        dict(parse_qsl(parts.query, keep_blank_values=True)),
    )
