"""Named connections to services of any kind, in their parts. Neither an address nor a password is ever in an error or a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from lakehouse.errors import ConnectionWrong
from lakehouse.settings import named_connection

EXAMPLE = "https://user:password@host/path?key=value, with user, password and values percent-encoded"
# Shorter ones occur in any text.
LEAST_SECRET = 4


@dataclass(frozen=True)
class Service:
    """A service, as its connection describes it. Its ``repr`` shows no secret.

    Attributes:
        name: of the connection.
        conn_type: the scheme, such as ``https``.
        host: empty where the address has none.
        port: None where the address has none.
        login: None where the address has none.
        password: None where the address has none.
        path: what follows the host, with its leading slash; may be empty.
        extra: everything else, such as a token: in an address what follows the question mark.
    """

    name: str
    conn_type: str
    host: str = ""
    port: int | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    path: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        """The address without login, password and extra."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.conn_type}://{host}{'' if self.port is None else f':{self.port}'}{self.path}"

    def without_secrets(self, text: str) -> str:
        """``text`` with stars where it quotes the password or a value of ``extra``."""
        values = [self.password, *(value for value in self.extra.values() if isinstance(value, str))]
        for secret in sorted(
            {value for value in values if value and len(value) >= LEAST_SECRET}, key=len, reverse=True
        ):
            for form in {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}:
                text = text.replace(form, "***")
        return text


def named(name: str) -> Service:
    """The service of the connection ``name``, from the environment's ``NIGHTJAR_CONNECTION_<NAME>``.

    Raises:
        ConnectionWrong: when it is not set or is no address.
    """
    address, variable = named_connection.address(name), named_connection.variable(name)
    if not address:
        raise ConnectionWrong(
            f"connection {name}: expected the address of a service in {variable}, such as {EXAMPLE}; it is not set; inside "
            f"Airflow: add a connection {name}"
        )
    try:
        return _parsed(name, address)
    # Not the library's words: they quote the address, and so the password.
    except ValueError as error:
        raise ConnectionWrong(
            f"connection {name} ({variable}): expected an address such as {EXAMPLE}, found something else "
            f"({type(error).__name__}); its text is not shown"
        ) from None


def of_airflow(
    name: str,
    *,
    conn_type: str | None,
    host: str | None,
    port: int | None,
    login: str | None,
    password: str | None,
    schema: str | None,
    extra: Mapping[str, Any],
) -> Service:
    """The service of an Airflow connection.

    Airflow's HTTP connections have the scheme in ``schema`` or before the host; of all others ``schema`` is the path.
    """
    kind, path = conn_type or "http", "" if schema is None else f"/{schema.lstrip('/')}"
    address = host or ""
    if schema in ("http", "https"):
        kind, path = schema, ""
    if "://" in address:
        kind, _, address = address.partition("://")
    address, slash, below = address.partition("/")
    path = f"{slash}{below}".rstrip("/") + path
    # A port that was typed behind the host.
    bare, colon, digits = address.rpartition(":")
    if colon and digits.isdigit() and ":" not in bare:
        address, port = bare, port or int(digits)
    return Service(name, kind, address.strip("[]"), port, login or None, password or None, path, dict(extra))


def _parsed(name: str, address: str) -> Service:
    """The parts of an address.

    Raises:
        ValueError: when it is none, or a character of its password would be read as the end of the host's name.
    """
    parts = urlsplit(address.strip())
    after = f"{parts.path}?{parts.query}"
    if "://" not in address or not parts.scheme or parts.fragment or not (parts.hostname or parts.path):
        raise ValueError("no address")
    if "@" in after and "@" not in parts.netloc and ":" in parts.netloc:
        raise ValueError("a password that is not percent-encoded")
    # Several hosts, each with its port, as addresses of clusters have them.
    hosts = parts.netloc.rpartition("@")[2]
    host, port = (hosts, None) if "," in hosts else (parts.hostname or "", parts.port)
    return Service(
        name,
        parts.scheme,
        host,
        port,
        None if parts.username is None else unquote(parts.username),
        None if parts.password is None else unquote(parts.password),
        parts.path,
        dict(parse_qsl(parts.query, keep_blank_values=True)),
    )
