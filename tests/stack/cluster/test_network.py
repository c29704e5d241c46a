from __future__ import annotations

from pathlib import Path

import pytest

from stack.cluster import network, topology
from stack.cluster.network import Network
from stack.errors import StackError

NAMES = tuple(host.name for host in topology.hosts())


@pytest.fixture
def planned() -> Network:
    return Network(network.key_of(Path("/somewhere/cluster")), "10.77.3.0/24", NAMES)


def test_every_host_has_an_address_of_its_own_in_the_subnet(planned: Network) -> None:
    addresses = [planned.address(name) for name in NAMES]
    assert len(set(addresses)) == len(NAMES)
    assert all(address.startswith("10.77.3.") for address in addresses)
    assert planned.gateway not in addresses


def test_names_of_interfaces_fit_into_what_the_system_allows(planned: Network) -> None:
    assert all(len(planned.outside(name)) <= 15 for name in NAMES)
    assert len(planned.bridge) <= 15


def test_a_hosts_file_names_every_host(planned: Network) -> None:
    lines = planned.hosts_file("store").splitlines()
    assert {f"{planned.address(name)} {name}" for name in NAMES} <= set(lines)


def test_clusters_in_two_folders_share_no_name() -> None:
    one, other = (Network(network.key_of(Path(folder)), "10.77.0.0/24", NAMES) for folder in ("/a", "/b"))
    assert one.bridge != other.bridge
    assert not {one.namespace(name) for name in NAMES} & {other.namespace(name) for name in NAMES}


def test_a_subnet_that_something_uses_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_used", lambda: ["10.77.0.0/24", "10.77.1.7", "192.168.1.0/24"])
    assert network.plan(Path("/a"), NAMES).subnet == "10.77.2.0/24"


def test_a_machine_whose_subnets_are_all_used_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_used", lambda: ["10.0.0.0/8"])
    with pytest.raises(StackError, match=r"no subnet of 10\.77\.0\.0/16 is free"):
        network.plan(Path("/a"), NAMES)
