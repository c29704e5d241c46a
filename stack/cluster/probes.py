"""Whether a host is healthy, seen from the machine that the cluster runs on."""

from __future__ import annotations

from stack import health
from stack.cluster.host import Host

AIRFLOW_PORT = 8080


def healthy(host: Host, address: str, airflow: str, since: float, trust: str) -> bool:
    """Whether the service of ``host`` answers.

    Args:
        host: which.
        address: its address.
        airflow: the address of Airflow's API server, which knows of those of Airflow's components that listen nowhere.
        since: when the host was started, in seconds since the epoch: an older sign of life is a predecessor's.
        trust: the file of the authority that the hosts are known by.
    """
    kind, _, what = host.probe.partition(":")
    if kind == "tcp":
        return health.listens(int(what), address)
    if kind == "https":
        port, _, path = what.partition("/")
        return health.answers(f"https://{address}:{port}/{path}", trust)
    if kind == "airflow":
        return health.airflow_component(f"https://{airflow}:{AIRFLOW_PORT}", what, since, trust)
    return True
