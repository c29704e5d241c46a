"""What a use case, source or dataset has cost, by ``ops.costs``, as far as that table exists."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.storage import arrow_dataset, delta_log
from lakehouse.tables import COSTS

Whose = Literal["use_case", "source", "dataset"]
NEEDED = ("stage", "started_at", "wall_seconds", "processor_seconds", "money", "currency")
DAYS = 30


@dataclass(frozen=True)
class StageCost:
    """What one stage has cost in the window."""

    stage: str
    runs: int
    processor_seconds: float
    money: float | None


@dataclass(frozen=True)
class Cost:
    """What the runs of the last days have cost.

    Attributes:
        days: of how many days.
        runs: how many there were.
        wall_seconds, processor_seconds: in sum.
        money: in sum; None where there is no rate card.
        currency: of the money; empty without any.
        predictions: how many scores of the champion they wrote; 0 where that is not recorded.
        stages: the same by stage, the dearest first.
    """

    days: int
    runs: int
    wall_seconds: float
    processor_seconds: float
    money: float | None
    currency: str
    predictions: int
    stages: tuple[StageCost, ...]


def of(whose: Whose, name: str, now: dt.datetime) -> Cost | None:
    """What the runs of the last 30 days have cost; None where costs are not recorded.

    Args:
        whose: the column that says whose run it is.
        name: its value.
        now: the present.
    """
    if not delta_log.exists(COSTS):
        return None
    dataset = arrow_dataset.open_dataset(delta_log.opened(COSTS), delta_log.location(COSTS))
    if whose not in dataset.schema.names or not set(NEEDED) <= set(dataset.schema.names):
        return None
    since = pa.scalar(now - dt.timedelta(days=DAYS), pa.timestamp("us", "UTC"))
    where = (pc.field(whose) == name) & (pc.field("started_at") >= since)
    if "day" in dataset.schema.names:
        # The log has it of each file, so that older ones are not opened.
        where &= pc.field("day") >= pa.scalar((now - dt.timedelta(days=DAYS)).date(), pa.date32())
    counted = [name for name in ("predictions",) if name in dataset.schema.names]
    rows = dataset.to_table(columns=[*NEEDED, *counted], filter=where).to_pylist()
    if not rows:
        return None
    by_stage: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        by_stage[row["stage"]].append(row)
    stages = [
        StageCost(stage, len(found), _sum(found, "processor_seconds") or 0.0, _sum(found, "money"))
        for stage, found in by_stage.items()
    ]
    stages.sort(key=lambda one: (-(one.money or 0.0), -one.processor_seconds, one.stage))
    return Cost(
        DAYS,
        len(rows),
        _sum(rows, "wall_seconds") or 0.0,
        _sum(rows, "processor_seconds") or 0.0,
        _sum(rows, "money"),
        next((row["currency"] for row in rows if row["currency"]), ""),
        int(_sum(rows, "predictions") or 0),
        tuple(stages),
    )


def _sum(rows: list[dict[str, object]], name: str) -> float | None:
    known = [float(value) for row in rows if isinstance(value := row.get(name), int | float)]
    return sum(known) if known else None
