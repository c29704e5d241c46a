"""The settings of Kafka's client from a named connection. No error shows a password."""

from __future__ import annotations

from typing import Any

from lakehouse.connections.service import Service
from lakehouse.errors import ConnectionWrong

PORT = 9092
SERVERS = "bootstrap.servers"

# What the connection may set otherwise.
USUAL: dict[str, Any] = {
    # Brokers that check groups want one that the login may read; nothing is ever written into it.
    "group.id": "nightjar",
    "client.id": "nightjar",
    # A broker that is gone is asked twice a second, not a hundred times.
    "reconnect.backoff.ms": 500,
    # The end of a partition is told when nothing came for so long.
    "fetch.wait.max.ms": 100,
    "queued.max.messages.kbytes": 16_384,
    "fetch.max.bytes": 16 * 2**20,
}
# What it may not: the offsets of a window rest on it.
OURS: dict[str, Any] = {
    "isolation.level": "read_committed",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "enable.partition.eof": True,
    "allow.auto.create.topics": False,
    "check.crcs": True,
    # The client writes to the standard error output, and the errors are told by us.
    "log_level": 0,
}


def settings_of(service: Service) -> dict[str, Any]:
    """The settings for librdkafka, by its names.

    The connection's host may be several, each with its port, after commas. Its extra has any of librdkafka's settings, such as
    ``security.protocol``; ``bootstrap.servers`` there comes before the host. With a login and no protocol it is SASL_SSL, with the
    mechanism PLAIN: to send a password over an open line one has to say so.

    Raises:
        ConnectionWrong: when the connection names no broker.
    """
    extra = {name: value for name, value in service.extra.items() if value not in (None, "")}
    servers = extra.get(SERVERS) or ",".join(_with_port(host, service.port) for host in service.host.split(",") if host)
    if strange := [name for name, value in extra.items() if not isinstance(value, str | int | float)]:
        raise ConnectionWrong(
            f"connection {service.name}: expected texts, numbers, true or false in its extra, found something else for "
            f"{', '.join(strange)}; its value is not shown"
        )
    if not servers:
        raise ConnectionWrong(
            f"connection {service.name}: expected the address of a Kafka broker, such as kafka://user:password@host:{PORT} or "
            f"{SERVERS} in its extra, found none"
        )
    login: dict[str, Any] = {}
    if service.login is not None:
        login = {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": service.login}
        if "sasl.mechanisms" in extra:
            del login["sasl.mechanism"]
        login["sasl.password"] = service.password or ""
    return {**USUAL, **login, **extra, SERVERS: servers, **OURS}


def _with_port(host: str, port: int | None) -> str:
    return host if ":" in host else f"{host}:{port or PORT}"
