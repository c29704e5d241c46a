"""The topology: every host of the cluster, declared once for docker-compose.yaml, the native launch and the page about it."""

from __future__ import annotations

from stack.cluster import airflow, spark, stores
from stack.cluster.host import Host

# The network's name under Docker, and what all are called by on it.
NETWORK = "nightjar"


def hosts() -> tuple[Host, ...]:
    """All of them, in the order in which they may start."""
    return (*stores.hosts(), *spark.hosts(), *airflow.hosts())


def named(name: str) -> Host:
    """The host of that name.

    Raises:
        KeyError: when there is none.
    """
    return {host.name: host for host in hosts()}[name]
