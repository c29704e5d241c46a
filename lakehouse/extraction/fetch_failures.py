"""Errors of a use case's own fetch function as named errors, with its file and line, and without the connection's secrets."""

from __future__ import annotations

import http.client
import inspect
import socket
import ssl
import sys
import traceback
import urllib.error
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx

from lakehouse.connections.service import Service
from lakehouse.errors import ExtractBroken, NightjarError, SourceRefused, SourceUnavailable
from lakehouse.extraction.row_store import Row

# The network's errors, of the standard library and of httpx. An error of requests is one of these names.
NETWORK = (
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    ssl.SSLError,
    http.client.IncompleteRead,
    urllib.error.URLError,
    httpx.TransportError,
    httpx.DecodingError,
)
OURS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
OF_REQUESTS = ("ConnectionError", "Timeout", "ChunkedEncodingError", "ContentDecodingError")


class Running:
    """A fetch function that runs: how many rows it has yielded, and where it stands."""

    def __init__(self) -> None:
        self.count = 0
        self._yielding: Any = None

    def rows(self, yielded: Any) -> Iterator[Row]:
        """The rows of what the function returned.

        Raises:
            TypeError: when it returned no rows.
        """
        if not isinstance(yielded, Iterable) or isinstance(yielded, str | bytes | dict):
            raise TypeError(f"expected fetch to yield rows, it returned {type(yielded).__name__}")
        self._yielding = yielded
        for row in yielded:
            self.count += 1
            yield row

    @property
    def line(self) -> int | None:
        """The line of the ``yield`` at which the function waits; None when it is no generator, or is over."""
        frame = self._yielding.gi_frame if inspect.isgenerator(self._yielding) else None
        return None if frame is None else frame.f_lineno


def named(source: str, file: Path, running: Running, error: BaseException, connection: Service | None) -> NightjarError:
    """The named error for what the function of ``file`` raised, to be raised outside the handler of ``error``.

    Its cause is ``error``, unless that would show a secret of the connection in a log.

    Returns:
        ExtractBroken: the code fails. SourceUnavailable: the service did not answer. SourceRefused: it refused. Another named
        error: the same, with the source's name.
    """
    told = _named(source, file, running, error)
    if connection is not None:
        shown = "".join(traceback.format_exception(error)) + str(told)
        if shown != connection.without_secrets(shown):
            return type(told)(connection.without_secrets(str(told)))
    told.__cause__ = error
    return told


def _named(source: str, file: Path, running: Running, error: BaseException) -> NightjarError:
    if isinstance(error, NightjarError):
        about = str(error)
        return type(error)(about if about.startswith(f"source {source}") else f"source {source}: {about}")
    line = _line(error, file) or running.line
    where = f"source {source}: {file}{'' if line is None else f', line {line}'}"
    text = " ".join(str(error).split())[:500]
    found = f"{type(error).__name__}{f': {text}' if text else ''}"
    if (status := _status(error)) is not None:
        if status in (408, 425, 429) or status >= 500:
            return SourceUnavailable(f"{where}: expected an answer, found {found}; nothing has landed: run again")
        return SourceRefused(
            f"{where}: expected an answer, found {found}; nothing has landed: correct the connection or the request"
        )
    if _is_networks(error):
        return SourceUnavailable(
            f"{where}: expected an answer from the service, found {found}; nothing has landed: when it is back, run again"
        )
    row = f"row {running.count}: " if isinstance(error, TypeError) and running.count else ""
    return ExtractBroken(
        f"{where}: {row}{found}; nothing has landed: correct the function fetch, whose rows are mappings of a field's name to a "
        "text, number, boolean, date, instant or None, and run again"
    )


def _status(error: BaseException) -> int | None:
    """The HTTP status that an error of httpx, requests or urllib is about."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) and status >= 400 else None


def _is_networks(error: BaseException) -> bool:
    if isinstance(error, OURS):
        return False
    # Only where the function has imported it.
    requests = sys.modules.get("requests")
    others = tuple(getattr(requests, name) for name in OF_REQUESTS if hasattr(requests, name))
    return isinstance(error, NETWORK + others)


def _line(error: BaseException, file: Path) -> int | None:
    """The last line of ``file`` on the way to the error."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == file]
    return lines[-1] if lines else None
