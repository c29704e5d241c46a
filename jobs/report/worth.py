"""What the decisions of the matured window were worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.monitor import final_performance
from jobs.report import words
from jobs.report.night import Night
from lakehouse.declaration.worth_metrics import PER_ROW, TOTAL
from lakehouse.models import registry


def content(night: Night) -> dict[str, Any] | None:
    """What the decisions of the matured window were worth, beside simple ways to decide; None where no worth is declared."""
    declared = night.use_case.worth
    if declared is None:
        return None
    names = sorted({row["metric"] for row in night.performance if PER_ROW in row["metric"]})
    ways = []
    for name in names:
        if (found := _mean(night, name)) is not None:
            ways.append((_way(name), found))
    total = [row["value"] for row in _champions(night, _counts(night, TOTAL))]
    return {
        "currency": declared.currency,
        "ways": [(name, words.number(value)) for name, value in sorted(ways, key=lambda way: -way[1])],
        "total": words.number(float(sum(total))) if total else words.number(None),
        "days": f"{night.matured_window()[0]} to {night.last_matured}",
    }


def _counts(night: Night, metric: str) -> str:
    """The metric of what counted, where rules and fallbacks decide beside the model."""
    final = f"{final_performance.FINAL}{metric}"
    return final if any(row["metric"] == final for row in night.performance) else metric


def _way(name: str) -> str:
    ways = {
        PER_ROW: "the model's decisions",
        f"{final_performance.FINAL}{PER_ROW}": "what was decided, by rules and fallbacks too",
        f"{PER_ROW}_baseline": "deciding what the base rate speaks for",
    }
    return ways.get(name) or f"deciding {name.removeprefix(f'{PER_ROW}_').replace('_', ' ')}"


def _champions(night: Night, metric: str) -> list[Mapping[str, Any]]:
    """Of the champions' scores in the matured window."""
    window = night.matured_window()
    return [row for row in night.metric(metric) if row["partition"] in window and row["role"] == registry.CHAMPION]


def _mean(night: Night, metric: str) -> float | None:
    rows = [row for row in _champions(night, metric) if row["labelled_rows"]]
    total = sum(row["labelled_rows"] for row in rows)
    return sum(row["labelled_rows"] * row["value"] for row in rows) / total if total else None
