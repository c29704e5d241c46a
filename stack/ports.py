"""The four ports of a stack, all on 127.0.0.1."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from typing import Self

import psutil

from stack.errors import StackError

HOST = "127.0.0.1"
VARIABLES = {
    "airflow": "AIRFLOW_PORT",
    "mlflow": "MLFLOW_PORT",
    "spark_connect": "SPARK_CONNECT_PORT",
    "spark_ui": "SPARK_UI_PORT",
}


def free_ports(count: int) -> list[int]:
    """So many ports of `HOST` that are free at this moment."""
    with ExitStack() as held:
        # All are held until all are chosen, so that no two are the same.
        sockets = [held.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


@dataclass(frozen=True)
class Ports:
    """Where each service listens.

    Attributes:
        airflow: Airflow's API and web page.
        mlflow: MLflow's API and web page.
        spark_connect: the gRPC port that Spark sessions join.
        spark_ui: Spark's web page.
    """

    airflow: int = 8080
    mlflow: int = 5000
    spark_connect: int = 15002
    spark_ui: int = 4040

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """The ports that AIRFLOW_PORT, MLFLOW_PORT, SPARK_CONNECT_PORT and SPARK_UI_PORT name, else the defaults.

        Raises:
            StackError: a variable's value is not a port.
        """
        chosen: dict[str, int] = {}
        for name, variable in VARIABLES.items():
            value = environ.get(variable)
            if not value:
                continue
            if not value.isdecimal() or not 0 < int(value) < 65536:
                raise StackError(f"{variable}={value} is not a port: give a number from 1 to 65535.")
            chosen[name] = int(value)
        return cls(**chosen)

    @classmethod
    def free(cls) -> Self:
        """Ports that are free at this moment: for a second stack next to a user's own."""
        names = [field.name for field in fields(cls)]
        return cls(**dict(zip(names, free_ports(len(names)), strict=True)))

    def require_free(self, names: Iterable[str]) -> None:
        """Check that the ports called ``names`` (attributes of this class) can be listened on.

        Raises:
            StackError: some cannot; the message names for each the process that has it, if known, and how to choose others.
        """
        taken, others = list[str](), dict[str, int]()
        for name in names:
            port: int = asdict(self)[name]
            try:
                socket.create_server((HOST, port)).close()
            except OSError as error:
                holder = _holder(port) or f"cannot be opened ({error.strerror})"
                taken.append(f"Port {port}, which {VARIABLES[name]} gives to {name.replace('_', ' ')}, {holder}")
                others[VARIABLES[name]] = _next_free(port, {*asdict(self).values(), *others.values()})
        if taken:
            # All at once: beside another stack each try would end at the next one.
            chosen = " ".join(f"{variable}={port}" for variable, port in others.items())
            raise StackError(
                f"{'; '.join(taken)}: stop {'that' if len(taken) == 1 else 'these'}, or choose "
                f"{'another port' if len(taken) == 1 else 'other ports'}, e.g. {chosen} make up"
            )


def _holder(port: int) -> str | None:
    """The process that listens on ``port``, as the end of a sentence; None when there is none."""
    try:
        listening = [it for it in psutil.net_connections("tcp") if it.laddr and it.laddr.port == port]
        pid = next((it.pid for it in listening if it.pid is not None), None)
        if pid is None:
            return "is taken by another program" if listening else None
        return f"is taken by {psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return "is taken by another program"


def _next_free(port: int, besides: Collection[int]) -> int:
    for candidate in range(port + 1, min(port + 100, 65536)):
        if candidate in besides:
            continue
        try:
            socket.create_server((HOST, candidate)).close()
        except OSError:
            continue
        return candidate
    return Ports.free().airflow
