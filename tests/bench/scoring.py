"""How fast many rows are scored: ``make bench-scoring`` (ROWS=10000000; 4 GB of tables).

One day of rows with 20 features and 200 trees of depth 6, from gold to gold, in one run and in turn:

- the score job, with and without reasons for the 10,000 highest scores;
- bare XGBoost and pyarrow in one process on all cores: read, predict, write the key and the score;
- what MLflow gives a user: ``mlflow.pyfunc.spark_udf`` on the Delta table, with compiled plans, to a Delta table.

All on one warm Spark in this process, which has as many cores as this process may use.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.score import job
from jobs.score.arguments import ScoreArguments
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import artifacts, registry, xgboost_model
from lakehouse.models.registry import ModelVersion
from lakehouse.storage import commits, delta_log, spark_config, spark_session, table_schema, table_shape
from lakehouse.storage.partition_files import TableFiles
from tests.jobs import appointments
from tests.jobs.shelf import Shelf

FEATURES = tuple(f"x{number}" for number in range(20))
DAY = appointments.START + dt.timedelta(days=10)
WARM = DAY - dt.timedelta(days=1)
WARM_ROWS = 600_000
BATCH = 500_000
TOP = 10_000
CORES = len(os.sched_getaffinity(0))
KEY = "appointment"


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        root = Path(scratch)
        for name, folder in {"LAKEHOUSE_ROOT": "warehouse", "NIGHTJAR_HOME": "state"}.items():
            patch.setenv(name, str(root / folder))
        patch.setenv("SPARK_MASTER", f"local[{CORES}]")
        patch.delenv("SPARK_REMOTE", raising=False)
        uses = {
            "with reasons": declare(root / "asking", {"top": TOP, "each": 5}),
            "scored": declare(root / "plain", None),
        }
        use_case = uses["scored"]
        put_model(use_case, root, patch)
        write_features(use_case, WARM, WARM_ROWS)
        write_features(use_case, DAY, options.rows)
        measure(root, uses, patch, options.rows, options.turns)


def measure(root: Path, uses: dict[str, UseCase], patch: pytest.MonkeyPatch, rows: int, turns: int) -> None:
    session = spark_session.session("bench")
    compiled = session.newSession()
    for name, value in spark_config.MANY_CONFIG.items():
        compiled.conf.set(name, value)
    peer = udf(root, session)

    def scored(declared: str, day: dt.date) -> None:
        patch.setenv("USE_CASE_ROOTS", str(root / ("asking" if declared == "with reasons" else "plain")))
        result = job.run(ScoreArguments(use_case="appointments", partition=day, force=True)).as_json()
        assert result["rows"] and bool(result["reasons"]["rows"]) is (declared == "with reasons"), result

    def by_udf(day: dt.date) -> None:
        frame = compiled.read.format("delta").load(delta_log.location(tables.features(uses["scored"])))
        frame = frame.where(F.col("partition") == F.lit(day))
        columns = frame.select(KEY, "partition", peer(*FEATURES).alias("score"))
        columns.write.format("delta").mode("overwrite").save(str(root / "peer"))

    works: dict[str, Callable[[dt.date], None]] = {
        "bare XGBoost and pyarrow": lambda day: bare(root, uses["scored"], day),
        "score job": lambda day: scored("scored", day),
        f"score job, reasons for the top {TOP:,}": lambda day: scored("with reasons", day),
        "mlflow's spark_udf, compiled": by_udf,
    }
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(turns + 1):
        for name, work in works.items():
            began = time.monotonic()
            work(DAY if turn else WARM)
            if turn:
                seconds[name].append(time.monotonic() - began)
    middle = {name: statistics.median(found) for name, found in seconds.items()}
    print(f"\n{rows:,} rows, 20 features, 200 trees of depth 6, {CORES} cores, warm, median of {turns}\n")
    print("| what | seconds | rows a second | speed, of bare | of spark_udf |\n| --- | --- | --- | --- | --- |")
    names = list(works)
    for name, took in middle.items():
        print(
            f"| {name} | {took:.1f} ({min(seconds[name]):.1f} to {max(seconds[name]):.1f}) | {rows / took:,.0f} | "
            f"{middle[names[0]] / took:.2f} | {middle[names[3]] / took:.2f} |"
        )
    pairs = [with_them / without for without, with_them in zip(seconds[names[1]], seconds[names[2]], strict=True)]
    each = ", ".join(f"{pair:.2f}" for pair in sorted(pairs))
    print(f"| with reasons / without, each turn's | {each} | | | |", flush=True)


def declare(root: Path, reasons: dict[str, object] | None) -> UseCase:
    """The use case, with reasons or without."""
    sections = {} if reasons is None else {"reasons": reasons}
    features = [{"name": name, "description": name} for name in FEATURES]
    return appointments.declare(root, features=features, slices=[], **sections)


def put_model(use_case: UseCase, root: Path, patch: pytest.MonkeyPatch) -> None:
    """A champion that was fitted to made-up rows."""
    xgboost_model.import_alone()
    import xgboost

    dice = np.random.default_rng(1)
    matrix = dice.normal(size=(200_000, len(FEATURES))).astype(np.float32)
    label = (matrix[:, 0] + matrix[:, 1] * matrix[:, 2] + dice.normal(size=len(matrix)) > 0).astype(float)
    parameters = {"objective": "binary:logistic", "max_depth": 6, "eta": 0.06, "nthread": CORES}
    content = bytes(xgboost.train(parameters, xgboost.DMatrix(matrix, label), 200).save_raw("ubj"))
    shelf = Shelf(use_case, root / "files")
    file = shelf.folder / "1" / artifacts.MODEL
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    tags = {
        registry.TAG_THRESHOLD: "0.5",
        registry.TAG_FEATURES: ",".join(FEATURES),
        registry.TAG_SHA256: hashlib.sha256(content).hexdigest(),
    }
    shelf.versions[1] = ModelVersion(use_case.name, 1, "run1", tags)
    shelf.install(patch)
    shelf.promote(1)


def model_file(root: Path) -> Path:
    return root / "files" / "1" / artifacts.MODEL


def write_features(use_case: UseCase, day: dt.date, rows: int) -> None:
    """A day of the feature table, in files of two million rows as the platform writes them."""
    table, dice = tables.features(use_case), np.random.default_rng(day.toordinal())
    table_shape.ensure(table)
    files, written = TableFiles.of(table)(), []
    for first in range(0, rows, BATCH):
        count = min(BATCH, rows - first)
        made = {
            KEY: pa.array(np.arange(first, first + count, dtype=np.int32)),
            "partition": pa.repeat(pa.scalar(day), count),
            "prediction_time": pa.repeat(
                pa.scalar(dt.datetime(2024, 1, 1, tzinfo=dt.UTC), pa.timestamp("us", "UTC")), count
            ),
            tables.INPUTS_FINGERPRINT: pa.repeat(f"of {day}", count),
            **{name: pa.array(dice.normal(size=count)) for name in FEATURES},
        }
        columns = table_schema.arrow_schema(table).names
        written += files.write(pa.table([made[name] for name in columns], names=columns))
    written += files.close()
    commits.replace_by_files(written, table, {"partition": [day]})


def bare(root: Path, use_case: UseCase, day: dt.date) -> None:
    """Read, predict and write, file by file, with all cores."""
    import xgboost

    booster = xgboost.Booster({"nthread": CORES})
    booster.load_model(str(model_file(root)))
    folder = Path(delta_log.location(tables.features(use_case))) / f"partition={day}"
    target = root / "bare"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for number, file in enumerate(sorted(folder.iterdir())):
        rows = parquet.read_table(file, columns=[KEY, *FEATURES], partitioning=None)
        matrix = np.empty((len(FEATURES), len(rows)), dtype=np.float32)
        for position, name in enumerate(FEATURES):
            matrix[position] = rows.column(name).to_numpy()
        score = booster.inplace_predict(matrix.T, missing=np.nan, validate_features=False)
        scored = pa.table({KEY: rows.column(KEY), "score": pc.cast(pa.array(score), pa.float64())})
        parquet.write_table(scored, target / f"{number}.parquet")


def udf(root: Path, session: SparkSession) -> Callable[..., object]:
    """The model as MLflow offers it to Spark."""
    import mlflow
    import xgboost

    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(str(model_file(root)))
    mlflow.xgboost.save_model(booster, str(root / "mlflow_model"))
    made: Callable[..., object] = mlflow.pyfunc.spark_udf(
        session, str(root / "mlflow_model"), "double", env_manager="local"
    )
    return made


if __name__ == "__main__":
    main()
