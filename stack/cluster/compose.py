"""docker-compose.yaml, made from the topology."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from stack.cluster import confinement, places, secrets
from stack.cluster.host import HOME, PAIR, SERVER, TLS, Host
from stack.cluster.topology import NETWORK

HEAD = """\
# Many machines: the same DAGs and jobs as `make up`, on services that can each move to a machine of their own.
#
# MADE by `python -m stack.cluster compose > docker-compose.yaml` from stack/cluster/: change it there. docs/cluster.md explains it.
#
# NOT RUN BY DOCKER. The same hosts, commands and variables are started natively by `make cluster-test`, in namespaces of their own;
# what stands natively for an image that is not ours is said at its service. Before you rely on it: `docker compose config`, then
# `docker compose up --build`.
#
# Certificates first, into the folder `certificates` beside this file: python -m stack.cluster certificates --to certificates
#
# Every secret comes from the environment, or from an .env file next to this one: keep it out of git.
"""
# Beside the file.
CERTIFICATES = "./certificates"

IMAGE = "nightjar:local"
DOCKERFILE = f"""\
FROM python:3.12-slim-bookworm
RUN apt-get update \\
    && apt-get install -y --no-install-recommends openjdk-17-jre-headless make procps \\
    && rm -rf /var/lib/apt/lists/*
WORKDIR {places.IN_IMAGE}
COPY . .
RUN make env
RUN useradd --uid {confinement.OWN_USER} --home-dir {HOME} --no-create-home nightjar && chown {confinement.OWN_USER}: {HOME}
USER {confinement.OWN_USER}
ENV PATH={places.IN_IMAGE}/.venv/bin:$$PATH
"""
BUILD = {"context": ".", "dockerfile_inline": DOCKERFILE}


def text(hosts: Iterable[Host]) -> str:
    """The whole file."""
    listed = "".join(f"#   {name}: {about}\n" for name, about in secrets.NAMES.items())
    body = yaml.dump(content(hosts), Dumper=_Plain, sort_keys=False, width=130, allow_unicode=True)
    return f"{HEAD}{listed}\n{body}"


def content(hosts: Iterable[Host]) -> dict[str, Any]:
    """What the file says."""
    hosts = list(hosts)
    services = {host.name: _service(host, {one.name: one for one in hosts}) for host in hosts}
    # The same object where the same is said, for it is written once then.
    shared: list[dict[str, str]] = []
    for service in services.values():
        if variables := service.get("environment"):
            known = next((one for one in shared if one == variables), None)
            if known is None:
                shared.append(variables)
            else:
                service["environment"] = known
    volumes: dict[str, dict[str, str]] = {host.name: {} for host in hosts if host.keeps}
    secrets = {name: {"file": f"{CERTIFICATES}/{file}"} for host in hosts for name, file, _ in _certificates(host)}
    return {
        "name": "nightjar",
        "services": services,
        "networks": {NETWORK: {}},
        "volumes": volumes,
        "secrets": secrets,
    }


def _certificates(host: Host) -> list[tuple[str, str, str]]:
    """Of each file of a host's certificates: its name among the secrets, where it is made, and where the host finds it."""
    trusted = [(name.replace(".", "-"), name, f"{TLS}/{name}") for name in host.trusts]
    return [*trusted, (f"{host.name}-pair", f"{host.name}/{SERVER}", PAIR)] if host.serves else trusted


def _service(host: Host, others: Mapping[str, Host]) -> dict[str, Any]:
    made: dict[str, Any] = {"image": host.image or IMAGE}
    if not host.image:
        made["build"] = BUILD
    made |= confinement.of(host)
    made |= {"hostname": host.name, "networks": [NETWORK], "command": list(host.command)}
    if host.bare:
        made |= {"entrypoint": [host.command[0]], "command": list(host.command[1:]), "working_dir": host.folder}
    if host.variables:
        made["environment"] = {name: _asked(value) for name, value in host.variables.items()}
    published = [f"127.0.0.1:{port.published}:{port.number}" for port in host.ports if port.published]
    if published:
        made["ports"] = published
    if host.ports:
        made["expose"] = [str(port.number) for port in host.ports]
    # Without a name: a disk that goes with the container.
    made["volumes"] = [f"{host.name}:{host.folder}" if host.keeps else host.folder]
    # Read-only, and of the user that the file beside this one belongs to.
    made["secrets"] = [{"source": name, "target": target} for name, _, target in _certificates(host)]
    if check := _check(host):
        made["healthcheck"] = {"test": ["CMD", *check], "interval": "5s", "timeout": "10s", "retries": 36}
    if host.needs:
        made["depends_on"] = {name: {"condition": _condition(others[name])} for name in host.needs}
    made["restart"] = "on-failure" if host.once else "unless-stopped"
    return made


def _condition(host: Host) -> str:
    if host.once:
        return "service_completed_successfully"
    return "service_healthy" if _check(host) else "service_started"


def _check(host: Host) -> list[str]:
    if host.image:
        return list(host.check)
    kind, _, what = host.probe.partition(":")
    if kind not in ("tcp", "https"):
        return []
    port = what.partition("/")[0]
    # By its name: Spark's processes don't listen on loopback.
    return ["python", "-c", f"import socket; socket.create_connection((socket.gethostname(), {port}), 5)"]


def _asked(value: str) -> str:
    """A value as the file has it: places are filled in, and a secret is asked for by name, without a default."""
    inner = {name: _ask(text) for name, text in places.IMAGE.items()}
    return string.Template(value).substitute(
        {name: f"${{{name}:?see the head of this file}}" for name in secrets.NAMES} | inner
    )


def _ask(text: str) -> str:
    return string.Template(text).safe_substitute(
        {name: f"${{{name}:?see the head of this file}}" for name in secrets.NAMES}
    )


class _Plain(yaml.SafeDumper):
    """Writes a text of many lines as a block, and what several services share once, under a name."""

    def generate_anchor(self, node: Any) -> str:
        """What the build and the variables are called."""
        keys = [key.value for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
        known = [name for name in self.anchors.values() if name]
        return "image" if "dockerfile_inline" in keys else f"variables-{len(known)}"


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


def _list(dumper: yaml.SafeDumper, value: list[str]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Plain.add_representer(str, _text)
_Plain.add_representer(list, _list)
