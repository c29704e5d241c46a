"""What is declared of one host of the cluster: a machine, or a container, that runs one service."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field

# The one folder of a host that is its own and lasts: a volume in a container, a private mount on a native host.
HOME = "/srv"
# Where a host finds its certificates (`stack.cluster.certificates`).
TLS = f"{HOME}/tls"
AUTHORITY, JAVA_AUTHORITY, SERVER = "ca.pem", "ca.p12", "server.pem"
TRUST = f"{TLS}/{AUTHORITY}"
JAVA_TRUST = f"{TLS}/{JAVA_AUTHORITY}"
# A key and its certificate, in one file; of a host that serves by TLS.
PAIR = f"{TLS}/{SERVER}"


@dataclass(frozen=True)
class Port:
    """A port that other hosts reach.

    Attributes:
        number: where the service listens.
        what: for whom it is there.
        published: the port of the machine's own 127.0.0.1 that leads to it under Docker; None for none.
    """

    number: int
    what: str
    published: int | None = None


@dataclass(frozen=True)
class Native:
    """What stands natively for a container image that is not ours.

    Attributes:
        command: the program, as the image's own entry point would start it.
        what: which program it is, for the page that says what was tested.
        ends_by: the signal by which it ends at once and in order.
    """

    command: tuple[str, ...]
    what: str
    ends_by: str = "SIGTERM"


@dataclass(frozen=True)
class Host:
    """One host and its one service.

    A value of ``variables`` may hold ``$NAME``: a secret of `stack.cluster.secrets`, or a place of `stack.cluster.places`.
    No command holds one, for every user of a machine can read the arguments of every process.

    Attributes:
        name: its name in the network.
        about: what it does, in one line.
        command: what is run.
        ports: where it listens for others.
        variables: of its environment.
        needs: names of the hosts that have to be healthy before it starts; of one that runs once, to have ended well.
        probe: how its health is seen from outside: ``tcp:PORT``, ``https:PORT/PATH`` or ``airflow:COMPONENT``; empty for not.
        once: it does its work and ends.
        keeps: whether its folder outlives it.
        folder: where an image that is not ours keeps what lasts.
        image: the container image; empty for the project's own.
        bare: whether the image's own entry point is left out, because it would add to the command.
        check: the same health, asked within an image that is not ours.
        native: what is run where there is no container; None for the same.
        serves: whether by TLS: it has a key, and a certificate with its name.
        trusts: the files by which it knows other hosts.
    """

    name: str
    about: str
    command: tuple[str, ...]
    ports: tuple[Port, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    probe: str = ""
    once: bool = False
    keeps: bool = True
    folder: str = HOME
    image: str = ""
    bare: bool = False
    check: tuple[str, ...] = ()
    native: Native | None = None
    serves: bool = False
    trusts: tuple[str, ...] = (AUTHORITY,)

    def filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """The variables with these values in the place of their ``$NAME``.

        Raises:
            KeyError: for a name that has no value.
        """
        return {name: string.Template(text).substitute(values) for name, text in self.variables.items()}

    def asks_for(self) -> set[str]:
        """The names that its variables hold."""
        return {name for text in self.variables.values() for name in string.Template(text).get_identifiers()}
