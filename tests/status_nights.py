"""Made-up nights for the status page: tables as the stages write them, through the one door, a commit a table."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.ops import deliveries, exports, model_events
from lakehouse.ops.deliveries import Delivery
from lakehouse.ops.model_events import Event
from lakehouse.storage import commits, sql_quoting
from lakehouse.tables import EXPORTS, Table
from tests.jobs import appointments

# A Monday morning, an hour and a half after the scores are due.
NOW = dt.datetime(2024, 6, 10, 8, tzinfo=dt.UTC)
TODAY = NOW.date()
A_DAY = dt.timedelta(days=1)
LATE_AFTER = "06:30"
VALUES: Mapping[str, Any] = {
    "string": "", "int": 0, "long": 0, "double": 0.0, "boolean": False,
    "timestamp": dt.datetime(2024, 6, 10, 2, tzinfo=dt.UTC), "date": TODAY,
}  # fmt: skip


def declare(root: Path, name: str, title: str = "", own_sources: bool = True, **sections: Any) -> UseCase:
    """Declare a use case under ``root``, with sources of its own."""
    declared = appointments.declaration(name=name, **sections)
    declared["title"] = title or f"Visits of {name}"
    declared.setdefault("alerts", {"late_after": LATE_AFTER})
    if own_sources:
        names = {source["name"]: f"{name}_{source['name']}" for source in declared["sources"]}
        declared["sources"] = [source | {"name": names[source["name"]]} for source in declared["sources"]]
        declared["entity"] = declared["entity"] | {"source": names[declared["entity"]["source"]]}
        declared["label"] = declared["label"] | {"source": names[declared["label"]["source"]]}
        declared["inputs"] = [item | {"source": names[item["source"]]} for item in declared["inputs"]]
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / loader.FILE).write_text(yaml.safe_dump(declared), encoding="utf-8")
    (folder / "features.py").write_text("def build(days, inputs):\n    raise NotImplementedError\n", encoding="utf-8")
    return loader.load(folder / loader.FILE)


def back(days: int, last: dt.date = TODAY) -> list[dt.date]:
    """So many days up to the last one, oldest first."""
    return [last - A_DAY * offset for offset in reversed(range(days))]


def row(table: Table, **values: Any) -> dict[str, Any]:
    """A row of a table: what is not named is null where that is allowed, and else nothing."""
    return {
        column.name: values.get(column.name, None if column.nullable else VALUES[column.type])
        for column in table.columns
    }


def arrived(source: str, days: Sequence[dt.date], status: str = deliveries.INGESTED, rows: int = 120) -> None:
    """The ledger has a line a day: taken in, or refused."""
    deliveries.record(
        [
            Delivery(
                source, f"{source} {day} {status}", day, f"/landing/{source}/{day}.csv", "c", rows,
                *((rows - 3, 2, 1) if status == deliveries.INGESTED else (0, rows, 0)), status,
                dt.datetime.combine(day, dt.time(1, 5), dt.UTC),
            )
            for day in days
        ]
    )  # fmt: skip


def built(use_case: UseCase, days: Sequence[dt.date], rows: int = 4) -> None:
    """The features of these days."""
    _write(tables.features(use_case), days, rows)


def scored(
    use_case: UseCase,
    days: Sequence[dt.date],
    version: int = 1,
    role: str = "champion",
    fallbacks: int = 0,
    rows: int = 4,
) -> None:
    """The scores of these days, some of them by a fallback."""
    table = tables.scores(use_case)
    made = []
    for day in days:
        for number in range(rows):
            fallback = number < fallbacks
            made.append(
                row(
                    table, appointment=number, partition=day, role=role, model_name=use_case.name, model_version=version,
                    score=0.3, chosen_by="fallback" if fallbacks >= rows else role, decides=role == "champion",
                    decided_by="fallback" if fallback else "model",
                )
            )  # fmt: skip
    where = f"{sql_quoting.days_condition(days)} AND role = {sql_quoting.literal(role)}"
    commits.replace_rows(table, made, where)


def judged(
    use_case: UseCase,
    days: Sequence[dt.date],
    violated: Collection[dt.date] = (),
    version: int = 1,
    reason: str = "PSI of the scores 0.61 (limit 0.5)",
    statistics: int = 4,
    event: str | None = None,
) -> None:
    """The verdicts of these days, with some statistics beside their limits; with days of a known event in their windows."""
    table = tables.drift(use_case)
    made = []
    for place, day in enumerate(days):
        bad = day in violated
        common = {"partition": day, "model_version": version}
        made.append(
            row(
                table, **common, kind="verdict", feature="all", statistic="violated", value=float(bad), violated=bad,
                reason=reason if bad else None,
            )
        )  # fmt: skip
        if event:
            made.append(
                row(table, **common, kind="data", feature=event, statistic="known_event", value=7.0, violated=False)
            )
        dice = random.Random(f"{use_case.name} {day}")
        of_scores = 0.12 + 0.06 * math.sin(place / 4) + dice.random() * 0.1 + (0.38 if bad else 0)
        made.append(
            row(table, **common, kind="prediction", feature="score", statistic="psi", value=of_scores, limit=0.5, violated=bad)
        )  # fmt: skip
        gap = 0.05 + dice.random() * 0.05
        made.append(
            row(
                table, **common, kind="performance", feature="calibration_gap", statistic="calibration_gap", value=gap,
                limit=0.14, violated=False,
            )
        )  # fmt: skip
        for name in use_case.feature_names[:statistics]:
            value = 0.06 + dice.random() * 0.09 + (0.1 if bad and name == use_case.feature_names[0] else 0)
            made.append(
                row(table, **common, kind="feature", feature=name, statistic="psi", value=value, limit=0.2, violated=value > 0.2)
            )  # fmt: skip
    commits.replace_rows(table, made, sql_quoting.days_condition(days))


def measured(use_case: UseCase, days: Sequence[dt.date], versions: Mapping[dt.date, int] | None = None) -> None:
    """The matured quality of these days, what it was expected to be, and what decisions were worth."""
    table = tables.performance(use_case)
    made, expected = [], []
    for place, day in enumerate(days):
        dice = random.Random(f"quality {use_case.name} {day}")
        version = (versions or {}).get(day, 1)
        loss = 0.48 + 0.02 * math.sin(place / 6) + dice.random() * 0.02 - 0.02 * (version - 1)
        metrics = {"log_loss": loss, "roc_auc": 1.19 - loss, "calibration_gap": 0.04 + dice.random() * 0.04}
        if use_case.worth is not None:
            metrics |= {
                "worth": 900 + 80 * dice.random(),
                "worth_per_row": 7.6,
                "worth_per_row_everybody": 5.2,
                "worth_per_row_nobody": 0.0,
            }
        common = {"partition": day, "role": "champion", "model_version": version, "slice": "all", "slice_value": "all"}
        made += [
            row(table, **common, rows=120, labelled_rows=118, metric=metric, value=value)
            for metric, value in metrics.items()
        ]
        expected += [
            common | {"metric": metric, "estimated": metrics[metric] + 0.004 * math.cos(place)}
            for metric in ("log_loss", "roc_auc")
        ]
    matured = [one for one in made if one["partition"] <= days[-1] - A_DAY * use_case.maturity_days]
    commits.replace_rows(table, matured, sql_quoting.days_condition(days))
    if use_case.drift.estimate is not None:
        estimates = tables.estimates(use_case)
        commits.replace_rows(estimates, [row(estimates, **one) for one in expected], sql_quoting.days_condition(days))


def happened(
    name: str,
    event: str,
    version: int = 1,
    at: dt.datetime = NOW - 40 * A_DAY,
    before: int | None = None,
    actor: str = "jobs.gate",
    reason: str = "log loss better by 0.012 beyond noise",
) -> None:
    """A line of the audit log."""
    model_events.record(
        Event(name, version, event, before, actor, reason, {"partition": str(at.date())}, f"run{version}", at)
    )


def delivered(use_case: UseCase, target: str, days: Sequence[dt.date], state: str = exports.SENT) -> None:
    """What a target has of these days."""
    at = dt.datetime.combine(days[-1], dt.time(3), dt.UTC)
    done = {"rows": 4, "checksum": "c", "model_versions": "[1]", "sent_at": at} if state == exports.SENT else {}
    rows = [
        row(EXPORTS, use_case=use_case.name, target=target, partition=day, state=state, started_at=at, **done)
        for day in days
    ]
    where = f"use_case = {sql_quoting.literal(use_case.name)} AND {sql_quoting.days_condition(days)}"
    commits.replace_rows(EXPORTS, rows, where)


def ordinary(
    use_case: UseCase,
    days: int = 20,
    violated: Collection[dt.date] = (),
    last: dt.date = TODAY,
) -> None:
    """A use case whose nights went well up to the last one: everything arrived, was built, scored by version 1, judged."""
    nights = back(days, last)
    for name in use_case.reads:
        arrived(name, [day - A_DAY * use_case.source(name).arrives_after_days for day in nights])
    built(use_case, nights)
    happened(use_case.name, model_events.REGISTERED)
    happened(use_case.name, model_events.PROMOTED)
    scored(use_case, nights)
    judged(use_case, nights, violated)
    measured(use_case, nights)


def _write(table: Table, days: Sequence[dt.date], rows: int) -> None:
    made = [row(table, appointment=number, partition=day) for day in days for number in range(rows)]
    commits.replace_rows(table, made, sql_quoting.days_condition(days))
