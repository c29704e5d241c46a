"""A real Kafka broker on loopback (KRaft, one node), from Maven Central, behind a line that can be cut."""

from __future__ import annotations

import ctypes
import datetime as dt
import ipaddress
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic  # type: ignore[attr-defined]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stack import jars
from stack.ports import free_ports
from tests.wire import Wire

COORDINATES = "org.apache.kafka:kafka_2.13:4.1.0"
# In the environment, beside the other jars: fetched once, gone with `make clean-all`.
FOLDER = Path(sys.prefix) / "share" / "nightjar" / "kafka"
# Of Spark's own jars, those that the broker needs too and that are left out when its jars are fetched.
OF_SPARK = (
    *("jackson-*", "log4j-*", "slf4j-api-*", "scala-library-*", "snappy-java-*", "zstd-jni-*"),
    *("commons-cli-*", "commons-lang3-*", "commons-logging-*"),
)
JAVA = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData")
START_SECONDS = 60
# Of prctl(2).
PR_SET_PDEATHSIG = 1

USER = "nightjar"
# With signs that an address has to encode.
PASSWORD = "s3cret/@:x"
QUOTED = "s3cret%2F%40%3Ax"

LOGINS = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "OPEN:PLAINTEXT,CLOSED:SASL_PLAINTEXT,TLS:SASL_SSL,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "OPEN",
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.closed.plain.sasl.jaas.config": LOGINS,
    "listener.name.tls.plain.sasl.jaas.config": LOGINS,
    "listener.name.tls.ssl.keystore.type": "PEM",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    # Messages of years ago stay, and what is deleted is gone at once.
    "log.retention.ms": "-1",
    "log.cleaner.backoff.ms": "500",
    "log.cleaner.dedupe.buffer.size": "2097152",
    "log.segment.delete.delay.ms": "0",
    "num.io.threads": "2",
    "num.network.threads": "1",
}

# Key, value and timestamp in milliseconds; None: a tombstone.
Message = tuple[str | bytes | None, Any, int]


class Kafka:
    """One broker. Its line can be cut and joined again; topics are made and filled by the test."""

    def __init__(self) -> None:
        """Start a JVM with a broker, and wait until it answers."""
        fetch()
        self._home = Path(tempfile.mkdtemp(prefix="nightjar-kafka-"))
        direct, closed, tls, controller = free_ports(4)
        # The broker tells its clients the line's address, so that none goes round it.
        self._wire = Wire(direct)
        self._wire.cut()
        self.closed_port, self.tls_port = closed, tls
        self.authority = self._home / "authority.pem"
        self.authority.write_bytes(_certificate(self._home / "key.pem"))
        logs = self._home / "logs"
        logs.mkdir()
        (logs / "meta.properties").write_text(
            "version=1\ncluster.id=bmlnaHRqYXItdGVzdC0wMQ\nnode.id=1\ndirectory.id=bmlnaHRqYXItdGVzdC0wMg\n"
        )
        own = {
            "log.dirs": str(logs),
            "listeners": f"OPEN://127.0.0.1:{direct},CLOSED://127.0.0.1:{closed},TLS://127.0.0.1:{tls},"
            f"CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"OPEN://127.0.0.1:{self._wire.port},CLOSED://127.0.0.1:{closed},TLS://127.0.0.1:{tls}",
            "listener.name.tls.ssl.keystore.location": str(self._home / "key.pem"),
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        }
        file = self._home / "server.properties"
        file.write_text("".join(f"{name}={value}\n" for name, value in (SETTINGS | own).items()))
        self._log = self._home / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    "java",
                    *JAVA,
                    "-cp",
                    _class_path(self._home),
                    "kafka.Kafka",
                    str(file),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_ends_with_its_parent,
            )
        self._admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        self._wait(direct)
        # One request at a time: to a topic that was just made the first may be sent again, behind the second.
        in_order = {"linger.ms": 5, "max.in.flight.requests.per.connection": 1}
        self._producer = Producer({"bootstrap.servers": self.address, "log_level": 0, **in_order})
        self._topics = 0

    @property
    def address(self) -> str:
        """Host and port of the listener that is open to anybody."""
        return f"127.0.0.1:{self._wire.port}"

    @property
    def url(self) -> str:
        """The same as a connection's address."""
        return f"kafka://{self.address}"

    @property
    def tls_url(self) -> str:
        """The address of the encrypted listener, which wants a login too, with the authority that signed its certificate."""
        return f"kafka://{USER}:{QUOTED}@127.0.0.1:{self.tls_port}?ssl.ca.location={self.authority}"

    @property
    def closed_url(self) -> str:
        """The address of the listener that wants a login."""
        return f"kafka://{USER}:{QUOTED}@127.0.0.1:{self.closed_port}?security.protocol=SASL_PLAINTEXT"

    def topic(self, partitions: int = 1, name: str = "", **config: str) -> str:
        """Make a topic, of a new name where none is given."""
        self._topics += 1
        name = name or f"topic-{self._topics}"
        options = {key.replace("_", "."): value for key, value in config.items()}
        self._admin.create_topics([NewTopic(name, partitions, 1, config=options)])[name].result(10)
        return name

    def delete(self, topic: str) -> None:
        """Delete a topic, and wait until it is gone."""
        self._admin.delete_topics([topic])[topic].result(10)
        while topic in self._producer.list_topics(timeout=10).topics:
            time.sleep(0.05)

    def add_partitions(self, topic: str, total: int) -> None:
        """Give a topic more partitions."""
        self._admin.create_partitions([NewPartitions(topic, total)])[topic].result(10)
        # The producer has to know them too.
        while len(self._producer.list_topics(topic, timeout=10).topics[topic].partitions) < total:
            time.sleep(0.05)

    def expire(self, topic: str, before: Mapping[int, int]) -> None:
        """Delete the messages of partitions before an offset, as retention does."""
        records = [TopicPartition(topic, number, offset) for number, offset in before.items()]
        for done in self._admin.delete_records(records).values():
            done.result(10)

    def send(self, topic: str, messages: Iterable[Message], partition: int = 0) -> None:
        """Write messages into a partition, in this order; a value that is no bytes is written as JSON."""
        for key, value, timestamp in messages:
            content = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
            self._producer.produce(topic, content, key, partition, timestamp=timestamp)
            self._producer.poll(0)
        if left := self._producer.flush(20):
            raise AssertionError(f"{left} messages were not written")

    def transaction(self, topic: str, messages: Iterable[Message], commit: bool, partition: int = 0) -> None:
        """Write messages in one transaction, which is committed or aborted."""
        producer = self.begin(topic, messages, partition)
        if commit:
            producer.commit_transaction(20)
        else:
            producer.abort_transaction(20)

    def begin(self, topic: str, messages: Iterable[Message], partition: int = 0) -> Producer:
        """Write messages in a transaction that stays open."""
        producer = Producer(
            {"bootstrap.servers": self.address, "transactional.id": f"of-{topic}-{partition}", "log_level": 0}
        )
        producer.init_transactions(20)
        producer.begin_transaction()
        for key, value, timestamp in messages:
            producer.produce(topic, json.dumps(value), key, partition, timestamp=timestamp)
        producer.flush(20)
        return producer

    def start(self) -> None:
        """Be reachable, under the same address as before."""
        self._wire.join()

    def lose(self) -> None:
        """Drop every connection and answer no more, in the middle of whatever is being said."""
        self._wire.cut()

    def close(self) -> None:
        """End the JVM and remove its data."""
        self._wire.cut()
        self._process.kill()
        self._process.wait(timeout=30)
        shutil.rmtree(self._home, ignore_errors=True)

    def _wait(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"Kafka did not come up:\n{self._log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)
        self._wire.join()
        self._admin.list_topics(timeout=START_SECONDS)


def fetch() -> None:
    """Bring the jars from Maven Central with Spark's resolver, unless they are there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not jars.installed(FOLDER, [COORDINATES]):
        jars.install(FOLDER, [COORDINATES])


def _certificate(keystore: Path) -> bytes:
    """Write a key with its certificate for 127.0.0.1, signed by itself; returns the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    keystore.write_bytes(secret + made)
    return made


def _ends_with_its_parent() -> None:
    """A test run that is killed leaves no broker, where the system is Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _class_path(home: Path) -> str:
    (home / "log4j2.properties").write_text(
        "rootLogger.level = warn\nrootLogger.appenderRef.out.ref = OUT\nappender.out.type = Console\nappender.out.name = OUT\n"
        "appender.out.layout.type = PatternLayout\nappender.out.layout.pattern = %p %c{1} %m%n\n"
    )
    spark = jars.spark_home() / "jars"
    shared = [jar for pattern in OF_SPARK for jar in sorted(spark.glob(f"{pattern}.jar"))]
    return ":".join(map(str, [home, *sorted(FOLDER.glob("*.jar")), *shared]))


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
