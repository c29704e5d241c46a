"""A small platform for tests: tables by the door, deliveries, MLflow's and Airflow's databases with files beside them."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from lakehouse.ops import builds, deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import commits, table_schema
from lakehouse.tables import Table
from lakehouse.tables.table import INPUTS_FINGERPRINT, PARTITION, col

FIRST = dt.date(2024, 3, 1)
AT = dt.datetime(2024, 3, 1, 4, tzinfo=dt.UTC)

# A gold table of no use case: what it is called decides when it is read.
FEATURES = Table(
    layer="gold",
    name="bakery_features",
    columns=(col("entity", "string"), col("value", "double"), col(INPUTS_FINGERPRINT, "string"), PARTITION),
    key=("entity", "partition"),
    partition_by=("partition",),
    description="features of tests",
    indexed=(INPUTS_FINGERPRINT,),
)


def build(day: dt.date, value: float = 1.0, table: Table = FEATURES) -> str:
    """Build a day of a gold table, as jobs do: first the line in ops.builds, then the rows; its fingerprint."""
    digest = builds.record(table, {day: {"a delivery": f"{day} {value}"}})[day]
    rows = pa.table(
        {"entity": ["a", "b"], "value": [value, value + 1], INPUTS_FINGERPRINT: [digest] * 2, "partition": [day] * 2}
    ).cast(table_schema.arrow_schema(table))
    commits.replace_table(rows, table, {"partition": [day]})
    return digest


def deliver(day: dt.date, name: str = "s") -> None:
    """A line of the ledger."""
    delivery = deliveries.delivery_id(name, day, "x")
    deliveries.record([Delivery(name, delivery, day, f"{day}.csv", "x", 3, 2, 1, 0, deliveries.INGESTED, AT)])


def make(root: Path) -> None:
    """Tables, deliveries and services' state below a folder, as the environment of the tests has them."""
    for ahead in range(3):
        day = FIRST + dt.timedelta(days=ahead)
        deliver(day)
        build(day)
    build(FIRST, 7.0)
    landing = root / "landing" / "s"
    landing.mkdir(parents=True)
    (landing / f"{FIRST}.csv").write_text("a,b\n1,2\n")
    (landing / f".{FIRST}.csv.partial").write_text("half")
    mlflow = root / "state" / "mlflow"
    (mlflow / "artifacts" / "1").mkdir(parents=True)
    (mlflow / "artifacts" / "1" / "model.json").write_text("{}")
    with closing(sqlite3.connect(mlflow / "mlflow.db")) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE runs (run_uuid TEXT, artifact_uri TEXT)")
        connection.execute("INSERT INTO runs VALUES ('r', ?)", (f"{mlflow}/artifacts/1/r",))
        connection.execute("INSERT INTO runs VALUES ('q', ?)", (f"file://{mlflow}/artifacts/1/q",))
        connection.execute("INSERT INTO runs VALUES ('p', 'mlflow-artifacts:/1/p')")
        connection.execute("INSERT INTO runs VALUES ('o', ?)", (f"{mlflow}/artifacts2/o",))
    (root / "state" / "airflow").mkdir()
    with closing(sqlite3.connect(root / "state" / "airflow" / "airflow.db")) as connection, connection:
        connection.execute("CREATE TABLE dag_run (run_id TEXT)")
        connection.execute("INSERT INTO dag_run VALUES ('night')")


def contents(root: str) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables below a folder or an address, by table, in some order that equal rows share."""
    from lakehouse.analyst import listing
    from lakehouse.storage import arrow_dataset

    return {
        table.full_name: sorted(
            arrow_dataset.open_dataset(table.open(), table.location).to_table().to_pylist(), key=repr
        )
        for table in listing.find(root)
    }
