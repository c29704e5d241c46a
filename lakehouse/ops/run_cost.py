"""What one run used: a line of ``ops.costs`` before money, and of the journal that it comes from."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Any

from lakehouse.declaration.dataset_budget import MICROS
from lakehouse.declaration.rates import RateCard

DONE, FAILED, KILLED = "done", "failed", "killed"


@dataclass(frozen=True, kw_only=True)
class RunCost:
    """One run; the fields are columns of the table."""

    run_id: str
    stage: str
    use_case: str | None = None
    source: str | None = None
    dataset: str | None = None
    feature_group: str | None = None
    partition: dt.date | None = None
    through: dt.date | None = None
    model_version: int | None = None
    started_at: dt.datetime
    ended_at: dt.datetime
    status: str
    error: str | None = None
    outcome: str | None = None
    wall_seconds: float
    processor_seconds: float
    spark_seconds: float | None = None
    spark_known: str | None = None
    memory_bytes: int
    rows: int
    predictions: int
    commits: int
    bytes_written: int
    actor: str
    host: str
    host_kind: str

    @property
    def day(self) -> dt.date:
        """The day, in UTC, on which it began."""
        return self.started_at.astimezone(dt.UTC).date()

    def row(self, card: RateCard | None) -> dict[str, Any]:
        """The table's row, with what the run costs by the card."""
        columns = {**vars(self), "day": self.day, "month": f"{self.day:%Y-%m}"}
        return columns | money(columns, card)

    def as_json(self) -> dict[str, Any]:
        """The line of the journal."""
        return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in vars(self).items()}

    @classmethod
    def of_json(cls, said: dict[str, Any]) -> RunCost:
        """The run of a line of the journal. What another release wrote besides is left out.

        Raises:
            TypeError, ValueError: when it is none.
        """
        known = {name: said[name] for name in (field.name for field in dataclasses.fields(cls)) if name in said}
        for name in ("started_at", "ended_at"):
            known[name] = dt.datetime.fromisoformat(known[name])
        for name in ("partition", "through"):
            known[name] = dt.date.fromisoformat(known[name]) if known.get(name) else None
        return cls(**known)


def money(row: dict[str, Any], card: RateCard | None) -> dict[str, Any]:
    """The columns of a run's row that are about money, by the rates of the day on which it began; null where there are none."""
    dated = card.on(row["day"]) if card is not None else None
    if card is None or dated is None:
        return {"cost_micros": None, "money": None, "currency": None, "rates_from": None}
    micros = dated.of_host(row["host_kind"]).micros(
        row["processor_seconds"], row["memory_bytes"], row["wall_seconds"], row["bytes_written"]
    )
    return {"cost_micros": micros, "money": micros / MICROS, "currency": card.currency, "rates_from": dated.since}
