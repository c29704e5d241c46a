"""A server that speaks MongoDB's wire protocol on loopback: mongo-java-server, an EMULATOR in memory, not MongoDB.

What is shown with it holds for this emulator; production code keeps to what MongoDB documents. It knows no users, no
sessions and no change streams, and answers as a server of wire version 8 (pymongo up to 4.17). It needs a Java runtime
alone: py4j, which comes with PySpark, starts a JVM and makes the server in it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

from stack import jars

COORDINATES = "de.bwaldvogel:mongo-java-server:1.47.0"
# In the environment, beside the other jars: fetched once, gone with `make clean-all`.
FOLDER = Path(sys.prefix) / "share" / "nightjar" / "mongo-java-server"
# What it needs besides and Spark has, so that it is not fetched (`jars.SHIPPED_WITH_SPARK`).
OF_SPARK = ("slf4j-api", "py4j", "netty")


class Emulator:
    """One server. It forgets everything when it is stopped."""

    def __init__(self, memory: str = "256m", address: tuple[str, int] | None = None, pair: bytes | None = None) -> None:
        """Start a JVM with a server.

        Args:
            memory: the JVM's heap.
            address: where it listens; on a free port of loopback when not given.
            pair: a key and a certificate in PEM, by which it serves by TLS; without one it does not.
        """
        spark_jars = jars.spark_home() / "jars"
        classpath = [*FOLDER.glob("*.jar"), *(jar for name in OF_SPARK for jar in spark_jars.glob(f"{name}-*.jar"))]
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
        if pair is not None:
            self._encrypt(java, pair)
        bound = self._server.bind() if address is None else self._server.bind(*address)
        self.port = (bound if address is None else self._server.getLocalAddress()).getPort()

    def _encrypt(self, java: Any, pair: bytes) -> None:
        key, certificate = load_pem_private_key(pair, password=None), x509.load_pem_x509_certificate(pair)
        kind = "RSA" if isinstance(key, rsa.RSAPrivateKey) else "EC"
        written = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        factory = java.java.security.KeyFactory.getInstance(kind)
        private = factory.generatePrivate(java.java.security.spec.PKCS8EncodedKeySpec(written))
        chain = self._gateway.new_array(java.java.security.cert.X509Certificate, 1)
        content = java.java.io.ByteArrayInputStream(certificate.public_bytes(Encoding.DER))
        chain[0] = java.java.security.cert.CertificateFactory.getInstance("X.509").generateCertificate(content)
        self._server.enableSsl(private, None, chain)

    @property
    def uri(self) -> str:
        """The server's address."""
        return f"mongodb://127.0.0.1:{self.port}/"

    def close(self) -> None:
        """End the JVM."""
        self._server.shutdownNow()
        self._gateway.shutdown()


@contextmanager
def running(memory: str = "256m") -> Iterator[Emulator]:
    """A server for the block; its jars are fetched where they are not there."""
    fetch()
    emulator = Emulator(memory)
    try:
        yield emulator
    finally:
        emulator.close()


def fetch() -> None:
    """Bring the jars from Maven Central with Spark's resolver, as ``make env`` brings Delta's, unless they are there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not jars.installed(FOLDER, [COORDINATES]):
        jars.install(FOLDER, [COORDINATES])
