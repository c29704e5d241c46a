"""The network of a native cluster: a bridge, and for each host a namespace with an address of its own.

The machine itself has the first address, so that a person or a test on it reaches the hosts; it forwards nothing, and none of its
own addresses is listened on.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from stack.errors import StackError

# Subnets to choose from: private, and seldom anybody's.
SUBNETS = [IPv4Network(f"10.77.{number}.0/24") for number in range(256)]
HOSTS_FOLDER = Path("/etc/netns")
LOCK = Path("/run/lock/nightjar-cluster.lock")


@dataclass(frozen=True)
class Network:
    """The network of one cluster.

    Attributes:
        key: six letters of its folder's name, part of every name that it gives.
        subnet: its addresses.
        names: of its hosts; the first of them has the second address.
    """

    key: str
    subnet: str
    names: tuple[str, ...]

    @property
    def bridge(self) -> str:
        """The bridge's name."""
        return f"nj{self.key}"

    @property
    def gateway(self) -> str:
        """The machine's own address in it."""
        return str(IPv4Network(self.subnet)[1])

    def address(self, name: str) -> str:
        """A host's address."""
        return str(IPv4Network(self.subnet)[10 + self.names.index(name)])

    def namespace(self, name: str) -> str:
        """A host's network namespace."""
        return f"nj{self.key}-{name}"

    def outside(self, name: str) -> str:
        """The machine's end of a host's line; an interface's name has 15 letters at most."""
        return f"nj{self.key}v{self.names.index(name)}"

    def hosts_file(self, name: str) -> str:
        """What ``/etc/hosts`` says on a host."""
        lines = ["127.0.0.1 localhost", *(f"{self.address(one)} {one}" for one in self.names)]
        return f"# of {name}\n" + "\n".join(lines) + "\n"


def key_of(root: Path) -> str:
    """The letters that stand for a cluster's folder."""
    return hashlib.sha256(str(root).encode()).hexdigest()[:6]


def plan(root: Path, names: Sequence[str]) -> Network:
    """A network for the cluster at ``root``, on a subnet that nothing on this machine uses.

    Raises:
        StackError: every subnet is used.
    """
    used = [IPv4Network(text, strict=False) for text in _used()]
    for subnet in SUBNETS:
        if not any(subnet.overlaps(one) for one in used):
            return Network(key_of(root), str(subnet), tuple(names))
    raise StackError(
        "no subnet of 10.77.0.0/16 is free: expected one; see ip route, and end clusters that are not needed"
    )


def make(network: Network) -> None:
    """Make bridge, namespaces, lines and names.

    Raises:
        StackError: the system refused.
    """
    _ip("link", "add", network.bridge, "type", "bridge")
    _ip("addr", "add", f"{network.gateway}/24", "dev", network.bridge)
    _ip("link", "set", network.bridge, "up")
    for name in network.names:
        space, outside = network.namespace(name), network.outside(name)
        folder = HOSTS_FOLDER / space
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hosts").write_text(network.hosts_file(name), encoding="utf-8")
        # No name server: what is not in the file does not exist.
        (folder / "resolv.conf").write_text("", encoding="utf-8")
        _ip("netns", "add", space)
        _ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("link", "set", outside, "master", network.bridge, "up")
        _ip("-n", space, "addr", "add", f"{network.address(name)}/24", "dev", "eth0")
        _ip("-n", space, "link", "set", "eth0", "up")
        _ip("-n", space, "link", "set", "lo", "up")


def remove(key: str) -> None:
    """Remove all that a cluster's network has on this machine, also what a crash has left."""
    for space in _names("netns"):
        if space.startswith(f"nj{key}-"):
            _ip("netns", "del", space, must=False)
    for link in _names("link"):
        if link == f"nj{key}" or link.startswith(f"nj{key}v"):
            _ip("link", "del", link, must=False)
    for folder in HOSTS_FOLDER.glob(f"nj{key}-*"):
        shutil.rmtree(folder)
    if HOSTS_FOLDER.is_dir() and not any(HOSTS_FOLDER.iterdir()):
        HOSTS_FOLDER.rmdir()


def cut(network: Network, one: str, other: str) -> None:
    """Let nothing pass between two hosts, in silence as a broken line does: each sends to a card that nobody has."""
    for here, there in ((one, other), (other, one)):
        lost = ("lladdr", "02:00:00:00:00:01", "nud", "permanent", "dev", "eth0")
        _ip("-n", network.namespace(here), "neigh", "replace", network.address(there), *lost)


def join(network: Network, one: str, other: str) -> None:
    """Undo :func:`cut`."""
    for here, there in ((one, other), (other, one)):
        _ip("-n", network.namespace(here), "neigh", "del", network.address(there), "dev", "eth0", must=False)


@contextmanager
def chosen_alone() -> Iterator[None]:
    """Two clusters that start at once choose one after the other."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _used() -> list[str]:
    routes = [route["dst"] for route in _asked("route", "show", "table", "all")]
    own = [one["local"] for link in _asked("addr") for one in link.get("addr_info", ())]
    return [text for text in (*routes, *own) if text[0].isdigit()]


def _names(kind: str) -> list[str]:
    if kind == "netns":
        return [one["name"] for one in _asked("netns", "list")]
    return [one["ifname"] for one in _asked("link")]


def _asked(*arguments: str) -> list[dict[str, Any]]:
    answer = subprocess.run(["ip", "-j", "-4", *arguments], capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(answer.stdout or "[]")
    return found


def _ip(*arguments: str, must: bool = True) -> None:
    answer = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if must and answer.returncode != 0:
        raise StackError(f"ip {' '.join(arguments)}: expected to succeed, found: {answer.stderr.strip()}")
