"""A walk in MLflow: one run, whose metrics have a step a week, with table, picture and result."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from jobs.backtest import chart, page
from jobs.backtest.past_week import PastWeek
from jobs.backtest.summary import SHOWN, Standing
from jobs.train.plots import figure
from jobs.train.tracking.mlflow_run import Run
from lakehouse.declaration import UseCase


def log(
    use_case: UseCase,
    name: str,
    fingerprint: str,
    params: Mapping[str, Any],
    weeks: Sequence[PastWeek],
    standings: Sequence[Standing],
) -> str:
    """Log the walk, to the run that a killed one left where there is one; its id."""
    run = Run(use_case.name, name, {"use_case": use_case.name, "stage": "backtest"}, fingerprint)
    with run.ended():
        run.params(params)
        for number, week in enumerate(weeks):
            shown = SHOWN[use_case.model.task]
            values = {
                f"{model}_{metric}": measured.get(metric)
                for model, measured in week.metrics.items()
                for metric in shown
            }
            run.metrics(values, number)
        run.table("backtest/weeks.json", lines(use_case, weeks))
        run.text("backtest/weeks.txt", page.text(weeks, standings))
        run.text("backtest/result.json", json.dumps([asdict(one) for one in standings], indent=1))
        if standings:
            run.pictures({"backtest": figure.png(chart.draw(weeks, standings))})
    return run.run_id


def lines(use_case: UseCase, weeks: Sequence[PastWeek]) -> list[dict[str, Any]]:
    """A line a week and model."""
    return [
        {
            "week": str(week.first),
            "rows": week.rows,
            "model": model,
            "chosen": week.chosen,
            "verdict": week.verdict,
            "champion_of": str(week.champion_of or ""),
            **{metric: measured.get(metric) for metric in SHOWN[use_case.model.task]},
        }
        for week in weeks
        for model, measured in week.metrics.items()
    ]
