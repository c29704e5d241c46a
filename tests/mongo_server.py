"""The emulator of MongoDB (stack/mongo_emulator.py) behind a line that can be cut."""

from __future__ import annotations

from typing import Any

from pymongo import MongoClient

from stack.mongo_emulator import Emulator, fetch
from tests.wire import Wire

__all__ = ["Server", "fetch"]


class Server:
    """One server. It can go away, as if the network were lost, and come back with the same documents."""

    def __init__(self, memory: str = "256m") -> None:
        """Start a JVM with a server; ``memory`` is the JVM's heap."""
        self._emulator = Emulator(memory)
        self.direct_port = self._emulator.port
        # The emulator forgets everything when it is stopped, so it is its line that gets cut.
        self._wire = Wire(self.direct_port)

    @property
    def uri(self) -> str:
        """The server's address."""
        return f"mongodb://127.0.0.1:{self._wire.port}/"

    def start(self) -> None:
        """Be reachable, under the same address as before."""
        self._wire.join()

    def lose(self) -> None:
        """Drop every connection and answer no more, in the middle of whatever is being answered."""
        self._wire.cut()

    def clear(self) -> None:
        """Drop every database."""
        with MongoClient[dict[str, Any]](self.uri) as client:
            for name in client.list_database_names():
                client.drop_database(name)

    def close(self) -> None:
        """End the JVM."""
        self.lose()
        self._emulator.close()
