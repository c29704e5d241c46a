"""What all tests share: one local Spark with Delta, and a lakehouse of its own for each test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stack.services import JAVA_OPTIONS
from tests import mongo_server
from tests.mongo_server import Server

TESTS = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The one that takes minutes begins first, and the scheduler's does not run beside it: begun last, either would leave a
    core idle to the end.
    """
    order = ("torture", "jobs", "end_to_end")
    place = {folder: number for number, folder in enumerate(order)}
    items.sort(key=lambda item: place.get(item.path.relative_to(TESTS).parts[0], len(order)))


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A local session with Delta; jobs that ask lakehouse.spark for one get the same."""
    os.environ.pop("SPARK_REMOTE", None)
    os.environ["SPARK_MASTER"] = "local[2]"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # It lives for ten minutes and plans thousands of queries, so that optimised code pays: 27 tests that took 523 s on
    # one core without the optimising compiler took 380 s with the stack's own options.
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--driver-java-options '{JAVA_OPTIONS}' pyspark-shell"
    from lakehouse import spark_config
    from lakehouse.spark import session

    spark_config.CONFIG |= {
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "1",
    }

    made = session("tests")
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def mongo_emulator() -> Iterator[Server]:
    """A server that speaks MongoDB's wire protocol: an emulator in memory, not MongoDB (tests/mongo_server.py)."""
    mongo_server.fetch()
    server = Server()
    yield server
    server.close()


@pytest.fixture
def mongo(mongo_emulator: Server) -> Iterator[Server]:
    """The emulator, running and without documents."""
    mongo_emulator.start()
    mongo_emulator.clear()
    yield mongo_emulator
    mongo_emulator.start()


@pytest.fixture
def lakehouse_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty lakehouse, landing zone and state folder, and the tests' own use cases beside the one that ships."""
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "warehouse"))
    monkeypatch.setenv("LANDING_ROOT", str(tmp_path / "landing"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "state"))
    # The one that ships by itself: whoever adds use cases to include/, the bakery among them, still has tests that pass.
    shipped = tmp_path / "use_cases"
    shipped.mkdir()
    (shipped / "flight_delays").symlink_to(TESTS.parent / "include" / "flight_delays")
    monkeypatch.setenv("USE_CASE_ROOTS", os.pathsep.join([str(shipped), str(TESTS / "use_cases")]))
    return tmp_path / "warehouse"


@pytest.fixture
def landing_root(lakehouse_root: Path) -> Path:
    """The landing zone beside ``lakehouse_root``."""
    return lakehouse_root.parent / "landing"
