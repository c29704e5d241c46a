"""What all tests share: one local Spark with Delta, and a lakehouse of its own for each test."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import kept_places, lanes

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.http_server import Orders
    from tests.kafka_server import Kafka
    from tests.mongo_server import Server
    from tests.postgres_server import Postgres
    from tests.s3_server import S3
    from tests.store_proxy import Proxy

TESTS = Path(__file__).resolve().parent
# Quick tests that take half a minute together.
LONG = ("test_whatever_loads_runs.py",)

# Tests of tasks copy this process, in which others may have left a client of Spark: gRPC's own handling of a copy crashes it, once
# in a dozen, if its threads are at work. A task's process on the stack has no such threads, or is not copied.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
# Two workers and Spark share the cores, and a test trains on few rows: a thread of OpenMP or OpenBLAS that waits for the others by
# turning in circles takes the core from the one that it waits for, and a training of a tenth of a second takes one second. Each
# library reads this when it is loaded; so do the processes that tests start.
os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}
# Every trial and run of a training, every task of the scheduler and every commit of a test waits for the disk, some milliseconds
# each: the folders of the tests are in memory where there is room for some runs of half a gigabyte.
MEMORY, ROOM = "/dev/shm", 4 << 30
if "PYTEST_DEBUG_TEMPROOT" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ["PYTEST_DEBUG_TEMPROOT"] = MEMORY
# A job that a test runs keeps its cost and its indexes in the home of this run, and never in the project's own. The workers have it
# from the process that starts them.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["NIGHTJAR_HOME"] = tempfile.mkdtemp(prefix="nightjar-home-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))
    atexit.register(shutil.rmtree, os.environ["NIGHTJAR_HOME"], ignore_errors=True)

# No test is of how long something takes: on a busy machine a drawn case of any test may take long once.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

lanes.install()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    with lanes.guarded(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    with lanes.guarded(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    with lanes.guarded(item):
        return (yield)


# Before pytest chooses by -m.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The kills begin first and the scheduler's test half-way through the jobs' rooms: neither runs beside the other, or
    alone to the end while the other core idles. The files of quick tests come last, so that two workers end together.
    """
    for item in items:
        lanes.assign(item)
    slow = {item.path for item in items if item.get_closest_marker(lanes.QUICK) is None}

    def place(item: pytest.Item) -> tuple[int, str]:
        room, *inner = item.path.relative_to(TESTS).parts
        if room == "torture":
            return 0, ""
        if room in ("jobs", "end_to_end"):
            return 1, inner[0] if room == "jobs" else "n"
        return (2 if item.path in slow or room in LONG else 3), ""

    items.sort(key=place)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--own-spark", action="store_true", help="Spark in the tests' own process instead of on a server")


@pytest.fixture(scope="session")
def spark(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session on the server that all tests share; jobs that ask lakehouse.storage.spark_session for one get the same."""
    from lakehouse.storage import spark_config
    from lakehouse.storage.spark_session import leave, session
    from tests import services, shared_service

    spark_config.CONFIG |= services.SMALL
    # Whatever the shell works with: a stack that is up, or a cluster.
    os.environ.pop("SPARK_REMOTE", None)
    os.environ["SPARK_MASTER"] = "local[2]"
    if pytestconfig.getoption("--own-spark"):
        yield session("tests")
        return
    with shared_service.spark(_of_run(tmp_path_factory) / "spark") as address:
        os.environ["SPARK_REMOTE"] = address
        yield session("tests")
        # Else the process asks the server for a last cleaning when it ends, and waits 50 s for one that is gone.
        leave()


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server that lives as long as the tests; all share it: use model names of the test's own."""
    from tests import shared_service

    with shared_service.mlflow(_of_run(tmp_path_factory) / "mlflow") as address:
        yield address


def _of_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the whole run: each of xdist's workers has one of its own in it."""
    folder = tmp_path_factory.getbasetemp().resolve()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def mongo_emulator() -> Iterator[Server]:
    """A server that speaks MongoDB's wire protocol: an emulator in memory, not MongoDB (tests/mongo_server.py)."""
    from tests import mongo_server

    mongo_server.fetch()
    server = mongo_server.Server()
    yield server
    server.close()


@pytest.fixture
def mongo(mongo_emulator: Server) -> Iterator[Server]:
    """The emulator, running and without documents."""
    mongo_emulator.start()
    mongo_emulator.clear()
    yield mongo_emulator
    mongo_emulator.start()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL of the tests' own on loopback; the tests that need one are skipped where its programs are not installed."""
    from tests import postgres_server

    server = postgres_server.Postgres(postgres_server.programs())
    yield server
    server.close()


@pytest.fixture
def postgres(postgres_server: Postgres) -> Postgres:
    """The server, running, with an empty database ``test``."""
    postgres_server.start()
    postgres_server.clear()
    return postgres_server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """An S3 server of the tests' own on loopback: SeaweedFS; skipped where it is not installed."""
    from tests import s3_server

    server = s3_server.S3(s3_server.program())
    yield server
    server.close()


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[Kafka]:
    """A Kafka broker on loopback (tests/kafka_server.py); its jars come from Maven Central."""
    from tests.kafka_server import Kafka

    server = Kafka()
    yield server
    server.close()


@pytest.fixture(scope="session")
def losing_way(s3_server: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A way to the S3 server that loses what a test says."""
    from tests.store_proxy import Proxy

    proxy = Proxy(s3_server.port, tmp_path_factory.mktemp("way") / "files")
    yield proxy
    proxy.close()


@pytest.fixture
def store_root(s3_server: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty lakehouse and landing zone beside one another at an address, and the environment that reaches them."""
    kept_places.empty(tmp_path, monkeypatch)
    s3_server.start()
    place = s3_server.place()
    # Completed by code that reads the environment, and taken back after the test.
    for name in ("AWS_DEFAULT_REGION", "AWS_ALLOW_HTTP"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name, value in s3_server.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LAKEHOUSE_ROOT", f"{place}/warehouse")
    monkeypatch.setenv("LANDING_ROOT", f"{place}/landing")
    return f"{place}/warehouse"


@pytest.fixture
def kafka(kafka_server: Kafka) -> Kafka:
    """The broker, reachable. Topics are the test's own."""
    kafka_server.start()
    return kafka_server


@pytest.fixture(scope="session")
def orders_server() -> Iterator[Orders]:
    """An HTTP service with pages, on loopback (tests/http_server.py)."""
    from tests.http_server import Orders

    server = Orders()
    yield server
    server.close()


@pytest.fixture
def lakehouse_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty lakehouse, landing zone and state folder, and the tests' own use cases beside the one that ships."""
    kept_places.empty(tmp_path, monkeypatch)
    return tmp_path / "warehouse"


@pytest.fixture
def landing_root(lakehouse_root: Path) -> Path:
    """The landing zone beside ``lakehouse_root``."""
    return lakehouse_root.parent / "landing"
