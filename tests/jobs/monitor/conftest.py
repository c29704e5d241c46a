import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.models import artifacts, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import delta_log, table_schema
from lakehouse.tables import Table

FIRST = dt.date(2024, 1, 1)
ROWS = 60
DECLARED = {
    "name": "toy_monitored",
    "title": "t",
    "description": "d",
    "owner": "o",
    "calendar": {"start": FIRST},
    "sources": [
        {
            "name": "toy_plan",
            "columns": [{"name": "id", "type": "int"}, {"name": "region", "type": "string", "nullable": True}],
            "key": ["id"],
        },
        {
            "name": "toy_record",
            "arrives_after_days": 1,
            "columns": [{"name": "id", "type": "int"}, {"name": "delay", "type": "int", "nullable": True}],
            "key": ["id"],
        },
    ],
    "entity": {"source": "toy_plan", "key": ["id"]},
    "inputs": [{"source": "toy_plan"}],
    "features": [{"name": name, "description": "d"} for name in ("warm", "calm", "still")],
    "label": {"source": "toy_record", "column": "delay", "at_least": 15, "maturity_days": 1},
    "split": {
        "train": {"first": 60, "last": 22},
        "validation": {"first": 20, "last": 12},
        "holdout": {"first": 10, "last": 1},
    },
    "model": {"task": "classification"},
    "gate": {"metric": "log_loss", "min_improvement": 0.0},
    "drift": {
        "window_days": 4,
        "bins": 5,
        "max_drifted_share": 0.5,
        "max_calibration_gap": 0.15,
        "max_loss_rise": 0.2,
        "violated_days": 2,
        "of_days": 3,
        "cooldown_days": 5,
    },
    "slices": ["region"],
}


@dataclass
class Toy:
    """A use case with 60 entities a day whose tables the test fills, and a registry in memory."""

    use_case: UseCase
    trained_for: dict[int, dt.date] = field(default_factory=dict)
    champion: int = 1

    def day(self, number: int) -> dt.date:
        return FIRST + dt.timedelta(days=number)

    def write(self, table: Table, rows: list[dict], where: str | None) -> None:
        """Put rows in place of those of ``where``; by delta-rs, in a hundredth of the time that Spark takes."""
        made = pa.Table.from_pylist(
            [{name: row[name] for name in table.column_names} for row in rows], table_schema.arrow_schema(table)
        )
        mode = (
            {"mode": "append"}
            if where is None or not delta_log.exists(table)
            else {"mode": "overwrite", "predicate": where}
        )
        write_deltalake(delta_log.location(table), made, partition_by=list(table.partition_by), **mode)

    def deliver(self, source_name: str, day: dt.date, rows: list[dict], name: str) -> None:
        """Put rows into silver and the delivery into the ledger, as ingest does."""
        source = self.use_case.source(source_name)
        full = [row | {"delivery_id": name, "line": i + 2, "partition": day} for i, row in enumerate(rows)]
        self.write(tables.silver(source), full, f"partition = '{day}'")
        now = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
        line = Delivery(source_name, name, day, "f", name, len(rows), len(rows), 0, 0, deliveries.INGESTED, now)
        self.write(tables.DELIVERIES, [vars(line)], None)

    def live(self, number: int, shift: float = 0.0, version: int = 1, late_share: float = 0.3) -> None:
        """One whole day: population, record, features and champion's scores; ``shift`` moves features and scores."""
        day, random = self.day(number), np.random.default_rng(number)
        self.deliver("toy_plan", day, [{"id": i, "region": "ab"[i % 2]} for i in range(ROWS)], f"plan{number}")
        self.record(number, late_share)
        warm, calm = random.normal(size=ROWS) + shift, random.normal(size=ROWS) + shift
        at = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
        base = [{"id": i, "partition": day, "prediction_time": at, "inputs_fingerprint": "x"} for i in range(ROWS)]
        values = [{"warm": float(warm[i]), "calm": float(calm[i]), "still": 1.0} for i in range(ROWS)]
        self.write(tables.features(self.use_case), [base[i] | values[i] for i in range(ROWS)], f"partition = '{day}'")
        lineage = {
            "role": "champion",
            "model_name": self.use_case.name,
            "model_version": version,
            "threshold": 0.3,
            "features_version": 1,
            "code_version": "c",
            "run_id": "r",
            "scored_at": at,
            "chosen_by": "champion",
            "decides": True,
        }
        score = 0.3 + 0.05 * warm
        given = [{"score": float(value), "decision": bool(value >= 0.3)} for value in np.clip(score, 0.01, 0.99)]
        rows = [base[i] | lineage | given[i] for i in range(ROWS)]
        self.write(tables.scores(self.use_case), rows, f"partition = '{day}'")

    def record(self, number: int, late_share: float, name: str = "") -> None:
        """What is reported of a day: the first entities late, entity 59 unknown and entity 58 missing."""
        late = round(late_share * ROWS)
        rows = [{"id": i, "delay": 30 if i < late else 0} for i in range(ROWS - 2)] + [{"id": 59, "delay": None}]
        self.deliver("toy_record", self.day(number), rows, name or f"record{number}")

    def versions(self) -> dict[str, int]:
        made = (tables.outcomes, tables.performance, tables.drift_counts, tables.drift)
        return {table(self.use_case).name: delta_log.version(table(self.use_case)) for table in made}


@pytest.fixture
def use_case() -> UseCase:
    return UseCase.model_validate(DECLARED)


@pytest.fixture
def toy(spark, lakehouse_root, tmp_path, monkeypatch) -> Toy:
    return opened(tmp_path, monkeypatch)


def opened(tmp_path, monkeypatch) -> Toy:
    """The toy with its first champion; its tables lie where the settings say."""
    toy = Toy(UseCase.model_validate(DECLARED), {1: FIRST - dt.timedelta(days=30)})
    random = np.random.default_rng(1)
    days = np.repeat([FIRST - dt.timedelta(days=back) for back in range(40, 0, -1)], ROWS)
    frame = pd.DataFrame(
        {"partition": days, "warm": random.normal(size=len(days)), "calm": random.normal(size=len(days))}
    )
    frame["still"] = 1.0
    scores = pd.DataFrame({"partition": days, "score": np.clip(0.3 + 0.05 * frame["warm"], 0.01, 0.99)})
    profile = Profile.of(frame, scores, {"log_loss": 0.6}, toy.use_case.drift)
    (tmp_path / "profile.json").write_text(profile.to_json())
    frame.assign(score=scores["score"]).head(500).to_parquet(tmp_path / "reference.parquet")

    def version(name: str, number: int) -> ModelVersion:
        return ModelVersion(name, number, "r", {registry.TAG_TRAINED_FOR: toy.trained_for[number].isoformat()})

    monkeypatch.setattr(loader, "by_name", lambda name: toy.use_case)
    monkeypatch.setattr(registry, "version", version)
    monkeypatch.setattr(registry, "versions", lambda name: [version(name, number) for number in toy.trained_for])
    monkeypatch.setattr(registry, "by_alias", lambda name, alias: version(name, toy.champion))
    monkeypatch.setattr(artifacts, "local_copy", lambda model, path: tmp_path / path.rsplit("/", 1)[-1])
    return toy
