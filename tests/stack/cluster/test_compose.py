from __future__ import annotations

from typing import Any

import pytest
import yaml

from lakehouse.settings import PROJECT_ROOT
from stack.cluster import compose, secrets, topology
from stack.cluster.host import PAIR, TRUST, Host

HOSTS = topology.hosts()
FILE = PROJECT_ROOT / "docker-compose.yaml"


@pytest.fixture(scope="module")
def content() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


def test_the_file_is_what_the_topology_gives() -> None:
    assert FILE.read_text(encoding="utf-8") == compose.text(HOSTS), (
        "python -m stack.cluster compose > docker-compose.yaml"
    )


def test_it_has_every_host_and_no_other(content: dict[str, Any]) -> None:
    assert list(content["services"]) == [host.name for host in HOSTS]


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_a_service_has_its_hosts_command_variables_ports_and_folder(host: Host, content: dict[str, Any]) -> None:
    service = content["services"][host.name]
    assert [*service.get("entrypoint", []), *service["command"]] == list(host.command)
    assert set(service.get("environment", {})) == set(host.variables)
    assert service.get("expose", []) == [str(port.number) for port in host.ports]
    assert service["hostname"] == host.name
    assert service["volumes"] == [f"{host.name}:{host.folder}" if host.keeps else host.folder]
    assert host.keeps == (host.name in content["volumes"])
    assert set(service.get("depends_on", {})) == set(host.needs)


def test_every_published_port_is_of_loopback_alone(content: dict[str, Any]) -> None:
    published = [port for service in content["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_no_secret_has_a_default(content: dict[str, Any]) -> None:
    text = FILE.read_text(encoding="utf-8")
    for name in secrets.NAMES:
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text
        assert f"${{{name}}}" not in text


def test_no_variable_of_the_file_is_asked_for_that_its_head_does_not_name() -> None:
    head, _, body = FILE.read_text(encoding="utf-8").partition("\nname: ")
    asked = {piece.partition(":?")[0] for piece in body.split("${")[1:]}
    assert asked == secrets.NAMES.keys()
    assert all(f"#   {name}: " in head for name in asked)


def test_only_a_service_that_can_say_that_it_is_healthy_is_waited_for(content: dict[str, Any]) -> None:
    services = content["services"]
    for service in services.values():
        for name, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert services[name]["healthcheck"]["test"][0] == "CMD"


def test_no_container_is_root_or_may_become_it(content: dict[str, Any]) -> None:
    for name, service in content["services"].items():
        user, _, group = service["user"].partition(":")
        assert int(user) > 0 and int(group) > 0, name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"] and "cap_add" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "pid", "network_mode", "ipc", "devices"} & service.keys(), name
        # No folder of the machine's own, and not Docker's socket.
        assert not any(volume.startswith(("/", ".")) for volume in service["volumes"] if ":" in volume), name


def test_the_image_gives_the_services_folder_and_no_code_to_its_user(content: dict[str, Any]) -> None:
    (made,) = {service["build"]["dockerfile_inline"] for service in content["services"].values() if "build" in service}
    lines = made.splitlines()
    assert lines[-2] == "USER 10001"
    assert [line for line in lines if "chown" in line] == [
        "RUN useradd --uid 10001 --home-dir /srv --no-create-home nightjar && chown 10001: /srv"
    ]


def test_certificates_are_mounted_as_secrets_each_key_on_its_own_host_alone(content: dict[str, Any]) -> None:
    files = {name: secret["file"] for name, secret in content["secrets"].items()}
    assert not any("ca.key.pem" in file for file in files.values())
    for host in HOSTS:
        mounted = {one["target"]: files[one["source"]] for one in content["services"][host.name].get("secrets", [])}
        assert mounted[TRUST] == "./certificates/ca.pem"
        assert mounted.get(PAIR) == (f"./certificates/{host.name}/server.pem" if host.serves else None)
        keys = [file for file in mounted.values() if file.endswith("server.pem")]
        assert len(keys) == host.serves


def test_no_key_gets_into_an_image_or_into_git() -> None:
    for file in (".dockerignore", ".gitignore"):
        lines = (PROJECT_ROOT / file).read_text(encoding="utf-8").splitlines()
        assert {line.strip("/") for line in lines} >= {"certificates"}
