"""The picture of a walk: each model's loss and calibration gap by week, and when the champion changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from jobs.backtest.past_week import LIFECYCLE, PastWeek
from jobs.backtest.summary import Standing
from jobs.train.plots.figure import side_by_side
from lakehouse.declaration.metric_names import CALIBRATION_ERROR, CALIBRATION_GAP
from lakehouse.ops import model_events


def draw(weeks: Sequence[PastWeek], standings: Sequence[Standing]) -> Figure:
    """Loss on the left, calibration on the right; a grey line where the gate promoted."""
    figure, (left, right) = side_by_side(2, 16, 5.5)
    metric = standings[0].metric
    calibration = CALIBRATION_GAP if CALIBRATION_GAP in standings[0].means else CALIBRATION_ERROR
    days = [np.datetime64(week.first) for week in weeks]
    for axes, name in ((left, metric), (right, calibration)):
        for week in weeks:
            if week.verdict == model_events.PROMOTED:
                axes.axvline(np.datetime64(week.first), color="0.85", linewidth=1)
        for one in standings:
            values = [week.metrics.get(one.model, {}).get(name) for week in weeks]
            line = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
            own = one.model == LIFECYCLE
            style = {"linewidth": 2.5, "color": "black"} if own else {"linewidth": 1, "alpha": 0.8}
            axes.plot(days, line, label=one.model.replace("_", " "), **style)
        axes.set(title=f"{name.replace('_', ' ')} by week", xlabel="week of", ylabel=name.replace("_", " "))
        axes.tick_params(axis="x", labelrotation=30)
    left.legend(fontsize=8)
    return figure
