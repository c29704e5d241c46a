"""A server that speaks MongoDB's wire protocol on loopback: mongo-java-server, an EMULATOR in memory, not MongoDB.

What a test shows with it holds for this emulator; production code keeps to what MongoDB documents. It knows no users, no
sessions and no change streams, and answers as a server of wire version 8 (pymongo up to 4.17). It needs a Java runtime
alone: py4j, which comes with PySpark, starts a JVM and makes the server in it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway
from pymongo import MongoClient

from stack import jars
from tests.wire import Wire

COORDINATES = "de.bwaldvogel:mongo-java-server:1.47.0"
# In the environment, beside the other jars: fetched once, gone with `make clean-all`.
FOLDER = Path(sys.prefix) / "share" / "nightjar" / "mongo-java-server"


class Server:
    """One server. It can go away, as if the network were lost, and come back with the same documents."""

    def __init__(self, memory: str = "256m") -> None:
        """Start a JVM with a server; ``memory`` is the JVM's heap."""
        spark_jars = jars.spark_home() / "jars"
        classpath = [*FOLDER.glob("*.jar"), *spark_jars.glob("slf4j-api-*.jar"), *spark_jars.glob("py4j-*.jar")]
        port = launch_gateway(
            jarpath=str(next(spark_jars.glob("py4j-*.jar"))),
            classpath=":".join(map(str, classpath)),
            javaopts=[f"-Xmx{memory}"],
            die_on_exit=True,
        )
        self._gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port))
        java: Any = self._gateway.jvm
        packages = java.de.bwaldvogel.mongo
        self._server = packages.MongoServer(packages.backend.memory.MemoryBackend())
        self.direct_port = self._server.bind().getPort()
        # The emulator forgets everything when it is stopped, so it is its line that gets cut.
        self._wire = Wire(self.direct_port)

    @property
    def uri(self) -> str:
        """The server's address."""
        return f"mongodb://127.0.0.1:{self._wire.port}/"

    def start(self) -> None:
        """Be reachable, under the same address as before."""
        self._wire.mend()

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
        self._server.shutdownNow()
        self._gateway.shutdown()


def fetch() -> None:
    """Bring the jars from Maven Central with Spark's resolver, as ``make env`` brings Delta's, unless they are there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not jars.installed(FOLDER, [COORDINATES]):
        jars.install(FOLDER, [COORDINATES])
