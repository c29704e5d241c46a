"""What a container may do on the machine that it runs on: nothing as root, and nothing outside its own folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stack.cluster.host import Host

# The number of the user in the project's own image; it owns the folder of the service there, and none of the code.
OWN_USER = 10001
# Of the images that are not ours: who owns the folder of the service in each.
USERS: Mapping[str, int] = {"chrislusf/seaweedfs": 1000, "mongo": 999, "postgres": 999}
# In memory: where programs put what lives as long as they do.
SCRATCH: Mapping[str, tuple[str, ...]] = {"postgres": ("/var/run/postgresql",)}


def user(host: Host) -> int:
    """The number of the user that the service runs as."""
    return USERS[_name(host)] if host.image else OWN_USER


def of(host: Host) -> dict[str, Any]:
    """The service's part of docker-compose.yaml that confines it.

    On a native host the same holds of the disk: only its own folder is written (`stack.cluster.disk`).
    """
    number = user(host)
    return {
        "user": f"{number}:{number}",
        "read_only": True,
        "tmpfs": ["/tmp:mode=1777", *(f"{folder}:uid={number}" for folder in SCRATCH.get(_name(host), ()))],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }


def _name(host: Host) -> str:
    return host.image.partition(":")[0]
