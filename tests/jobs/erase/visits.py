"""Use cases drawn by their key and task, over shared sources, with gold as stages write it and targets that have it; no Spark."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from pyarrow import parquet

from jobs.deliver import job as deliver_job
from jobs.deliver.arguments import DeliverArguments
from jobs.ingest import job as ingest_job
from jobs.ingest.arguments import IngestArguments
from lakehouse import tables
from lakehouse.declaration import UseCase, feature_groups, loader
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event
from lakehouse.storage import commits, table_schema, table_shape
from lakehouse.tables import Table
from tests.byte_scan import Needle

NAME, SOURCE, RESULTS, GROUP = "visits", "visits_planned", "visits_done", "visit_record"
DAYS = tuple(dt.date(2024, 3, day) for day in (4, 5))
NOW = dt.datetime(2024, 3, 20, tzinfo=dt.UTC)
# What a row says besides its key: a text that no other row has.
NOTE = "xylophones-in-the-attic"


@dataclass(frozen=True)
class Shape:
    """One use case: how its entities are known, and what is predicted of them.

    Attributes:
        key: by column its type, the erased value, its texts in deliveries, and the values of others.
        task: of the model.
        ending: of the landed files.
    """

    key: Mapping[str, tuple[str, Any, tuple[str, ...], tuple[Any, ...]]]
    task: str = "regression"
    ending: str = "csv"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def erased(self) -> dict[str, Any]:
        """The values that go."""
        return {name: value for name, (_, value, _, _) in self.key.items()}

    @property
    def others(self) -> list[dict[str, Any]]:
        """The keys that stay: of a key of several columns some share values with the one that goes."""
        some = [
            {name: values[number % len(values)] for name, (_, _, _, values) in self.key.items()} for number in range(4)
        ]
        if len(self.key) > 1:
            first, *rest = self.key
            some.append(self.erased | {first: self.key[first][3][0]})
            some.append(self.erased | {rest[-1]: self.key[rest[-1]][3][0]})
        return [one for number, one in enumerate(some) if one not in some[:number]]

    @property
    def given(self) -> tuple[str, ...]:
        """As a person types it."""
        return tuple(f"{name}={texts[-1]}" for name, (_, _, texts, _) in self.key.items())

    @property
    def needles(self) -> list[Needle]:
        """As it is looked for."""
        return [Needle(value, texts) for _, value, texts, _ in self.key.values()]


class World:
    """A drawn use case that has lived for three days."""

    def __init__(self, root: Path, shape: Shape, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
        """Declare it, and live."""
        self.root, self.shape = root, shape
        self.declared = root / "declared"
        monkeypatch.setenv("USE_CASE_ROOTS", str(self.declared))
        monkeypatch.setenv("NIGHTJAR_CONNECTION_CRM", f"sqlite:///{root / 'crm.db'}")
        self.declare(**changes)

    def declare(self, **changes: Any) -> None:
        key = [{"name": name, "type": type_} for name, (type_, *_) in self.shape.key.items()]
        calendar = {"start": DAYS[0], "timezone": "Europe/Paris"}
        plain = {"owner": "desk", "calendar": calendar, "key": list(self.shape.key)}
        base = plain | changes.get("source", {})
        note = {"name": "note", "type": "string", "nullable": True}
        whose = {"name": "whose", "type": "long", "nullable": True}
        amount = {"name": "amount", "type": "double"}
        self._write(
            f"sources/{SOURCE}/source.yaml",
            {"name": SOURCE, "title": "P", "columns": [*key, amount, note, whose], **base, "max_reject_share": 0.9},
        )
        value = {"type": {"multiclass": "string", "classification": "boolean"}.get(self.shape.task, "double")}
        self._write(
            f"sources/{RESULTS}/source.yaml",
            {"name": RESULTS, "title": "R", "columns": [*key, {"name": "result", "nullable": True, **value}], **plain},
        )
        label: dict[str, Any] = {"source": RESULTS, "column": "result", "maturity_days": 1}
        gate: dict[str, Any] = {"metric": "rmse"}
        model: dict[str, Any] = {"task": self.shape.task, "trials": 1, "max_rounds": 5, "early_stopping_rounds": 2}
        if self.shape.task == "multiclass":
            label |= {"classes": ["low", "high", "none"]}
            gate = {"metric": "log_loss"}
        if self.shape.task == "classification":
            label |= {"is": True}
            gate = {"metric": "roc_auc"}
        group_key = {
            name: type_ for name, (type_, *_) in self.shape.key.items() if type_ not in ("double", "timestamp")
        }
        self._write(
            f"{NAME}/use_case.yaml",
            {
                "name": NAME,
                "title": "Visits",
                "description": "How dear will each be?",
                "owner": "desk",
                "calendar": calendar,
                "entity": {"source": SOURCE, "key": list(self.shape.key)},
                "inputs": [{"source": SOURCE}],
                "features": [{"name": "amount_known", "description": "d"}, {"name": "others", "description": "d"}],
                "label": label,
                "split": {
                    "train": {"first": 9, "last": 7},
                    "validation": {"first": 5, "last": 5},
                    "holdout": {"first": 3, "last": 2},
                },
                "model": model,
                "gate": {"min_improvement": 0.0, **gate},
                "drift": {"window_days": 3, "max_loss_rise": 10},
                "deliver": [
                    {"name": "office", "sql": {"connection": "crm", "table": "decided"}},
                    {"name": "archive", "files": {"folder": str(self.root / "out"), "format": "parquet"}},
                ],
                **changes.get("use_case", {}),
            },
        )
        (self.declared / NAME / "features.py").write_text("")
        if len(group_key) == len(self.shape.key):
            self._write(
                f"features/{GROUP}/v1/group.yaml",
                {
                    "name": GROUP,
                    "version": 1,
                    "title": "Record",
                    "description": "d",
                    "owner": "desk",
                    "calendar": calendar,
                    "key": [{"name": name, "type": type_} for name, type_ in group_key.items()],
                    "inputs": [{"source": SOURCE}],
                    "features": [{"name": "mean_amount", "description": "d"}],
                    "ttl_days": 3,
                    "publish": {"to": "delta"},
                },
            )
            (self.declared / f"features/{GROUP}/v1/features.py").write_text("")

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        file = self.declared / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(dict(content), sort_keys=False))

    @property
    def use_case(self) -> UseCase:
        return loader.by_name(NAME)

    def keys(self) -> list[dict[str, Any]]:
        return [self.shape.erased, *self.shape.others]

    def land(self, source: str, day: dt.date, keys: Sequence[Mapping[str, Any]], texts: bool = False) -> Path:
        """Land rows of these keys; ``texts``: the erased one is written in another way."""
        rows = []
        for number, key in enumerate(keys):
            said: dict[str, Any] = {name: self._written(name, value, texts) for name, value in key.items()}
            of_it = key == self.shape.erased
            if source == SOURCE:
                said |= {"amount": 7.25 + number, "note": NOTE if of_it else f"n{number}", "whose": 100 + number}
            else:
                said["result"] = {"multiclass": "low", "classification": True}.get(self.shape.task, 3.5)
            rows.append(said)
        ending = self.shape.ending
        file = self.root / "landing" / source / f"{day}.{ending}"
        file.parent.mkdir(parents=True, exist_ok=True)
        if ending == "parquet":
            parquet.write_table(pa.Table.from_pylist(rows), file)
        elif ending == "csv":
            plain = [[str(one).lower() if isinstance(one, bool) else str(one) for one in row.values()] for row in rows]
            file.write_text("\n".join([",".join(rows[0]), *(",".join(row) for row in plain)]) + "\n")
        else:
            file.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows))
        return file

    def _written(self, name: str, value: Any, texts: bool) -> Any:
        _, erased, forms, _ = self.shape.key[name]
        if texts and value == erased and self.shape.ending != "parquet":
            return forms[0]
        if isinstance(value, dt.datetime) and self.shape.ending != "parquet":
            return value.isoformat()
        return value

    def ingest(self, source: str, day: dt.date, force: bool = False) -> Any:
        return ingest_job.run(IngestArguments(source=source, partition=day, force=force))

    def live(self) -> None:
        """Deliveries, gold, models, targets, and messages."""
        for number, day in enumerate(DAYS):
            for source in (SOURCE, RESULTS):
                self.land(source, day, self.keys(), texts=bool(number % 2))
                self.ingest(source, day)
            self.gold(day)
        if self.grouped:
            # A day that was corrected, and a serving table that was replaced: earlier versions have the key.
            self.groups()
        self.models()
        deliver_job.run(DeliverArguments(use_case=NAME))
        self.told()

    @property
    def grouped(self) -> bool:
        return bool(feature_groups.among(loader.find()))

    def gold(self, day: dt.date) -> None:
        use_case = self.use_case
        features, labels, reasons, scores = [], [], [], []
        for number, key in enumerate(self.keys()):
            features.append(key | {"amount_known": 7.25 + number, "others": 0.5, "inputs_fingerprint": "f"})
            label = {"label": 0.0, "label_class": "low"} if self.shape.task == "multiclass" else {"label": 1.0}
            labels.append(key | {"value": 3.5, "inputs_fingerprint": "f", **label})
            for role in ("champion", "challenger"):
                decided: Any = {"multiclass": "low", "classification": True}.get(self.shape.task)
                scores.append(
                    key
                    | {"role": role, "model_name": NAME, "model_version": 1, "score": 0.5, "decision": decided}
                    | {"inputs_fingerprint": "f", "chosen_by": role, "decides": role == "champion", "run_id": "a" * 32}
                )
                reasons.append(
                    key | {"role": role, "model_version": 1, "rank": 1, "feature": "amount_known", "decision": decided}
                )
        for table, rows in (
            (tables.features(use_case), features),
            (tables.scores(use_case), scores),
            (tables.reasons(use_case), reasons),
            (tables.outcomes(use_case), labels),
        ):
            put(table, [row | {"partition": day} for row in rows], {"partition": {day}})
        sliced = {"slice": "whose", "slice_value": "100", "role": "champion", "model_version": 1, "metric": "rmse"}
        put(tables.performance(use_case), [sliced | {"partition": day}], {"partition": {day}})

    def groups(self) -> None:
        (group,) = feature_groups.among(loader.find())
        for table in tables.of_group(group):
            rows = [key | {"partition": DAYS[-1], "mean_amount": 1.5, "inputs_fingerprint": "f"} for key in self.keys()]
            if "partition" in table.partition_by:
                put(table, rows, {"partition": {DAYS[-1]}})
            else:
                schema = table_schema.arrow_schema(table)
                table_shape.rebuild(table, [pa.Table.from_pylist([filled(row, schema) for row in rows], schema)], "{}")

    def models(self) -> None:
        # Version 1 was trained on the three days, version 2 long after.
        for version, day in ((1, DAYS[-1] + dt.timedelta(days=5)), (2, DAYS[-1] + dt.timedelta(days=50))):
            for event in (model_events.REGISTERED, model_events.PROMOTED):
                if (version, event) != (2, model_events.PROMOTED):
                    evidence = {"trained_for": day.isoformat()}
                    happened = NOW + dt.timedelta(hours=version, minutes=event == model_events.PROMOTED)
                    model_events.record(
                        Event(NAME, version, event, None, "job", f"trained for {day}", evidence, "b" * 32, happened)
                    )

    def told(self) -> None:
        """Messages that quote the key, and a line of the log of messages."""
        quoted = ", ".join(f"{name}: '{texts[-1]}'" for name, (_, _, texts, _) in self.shape.key.items())
        row = {"fact": "d", "receiver": "mail", "event": "failed", "body": f"expected one row, found {quoted}; look"}
        put(tables.ALERTS, [row], {"fact": {"d"}})
        file = self.root / "state" / "alerts.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"one thing\nfound {quoted}; look\nanother thing\n")


def filled(row: Mapping[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """The row with a value for every column that needs one."""
    fillers: dict[str, Any] = {
        "string": "",
        "int32": 0,
        "int64": 0,
        "double": 0.0,
        "bool": False,
        "date32[day]": DAYS[0],
    }

    def value(column: pa.Field) -> Any:
        filler = NOW if pa.types.is_timestamp(column.type) else fillers.get(str(column.type))
        return row.get(column.name, None if column.nullable else filler)

    return {column.name: value(column) for column in schema}


def put(table: Table, rows: Sequence[Mapping[str, Any]], replaced: Mapping[str, Any]) -> None:
    schema = table_schema.arrow_schema(table)
    commits.replace_table(pa.Table.from_pylist([filled(row, schema) for row in rows], schema), table, dict(replaced))


def environment(root: Path) -> dict[str, str]:
    """Where a world lives, for processes of their own."""
    return {
        name: os.environ[name]
        for name in os.environ
        if name.startswith(("LAKEHOUSE", "LANDING", "NIGHTJAR", "USE_CASE"))
    }
