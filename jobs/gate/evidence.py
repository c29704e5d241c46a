"""The evidence of a decision: what it rests on, as JSON for the audit log and for the person who approves it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from jobs.gate.holdout import Holdout
from jobs.gate.results import CERTAINTY, ChallengerResult, ChampionResult, IntervalEstimate
from lakehouse.declaration import UseCase
from lakehouse.evaluation.labelled_rows import TrainingSet


def describe_rows(holdout: Holdout, compared: TrainingSet) -> dict[str, Any]:
    """The days and rows that were compared, and the table versions that they were read at."""
    return {
        "holdout": [str(holdout.first), str(holdout.last)],
        "judged_days": [str(compared.days.min()), str(compared.days.max())],
        "rows": len(compared),
        "unlabelled": len(holdout.rows) - len(holdout.labelled),
        **holdout.table_versions,
    }


def describe_results(
    use_case: UseCase, challenger: ChallengerResult, champion: ChampionResult | None
) -> dict[str, Any]:
    """The numbers of both models, and the limits that they are held against."""
    gate, gain = use_case.gate, None if champion is None else champion.gain
    gains = () if champion is None else champion.slices
    return {
        "metric": gate.metric,
        "certainty": CERTAINTY,
        "limits": gate.model_dump(mode="json", exclude={"metric", "approval"}),
        "challenger": challenger.metrics,
        "champion": None if champion is None else champion.metrics,
        "champion_version": None if champion is None else champion.version,
        **({"baselines": [asdict(one) for one in challenger.baselines]} if challenger.baselines else {}),
        "improvement": None if gain is None else asdict(gain),
        "slices": [
            {"slice": one.name, "value": one.value, **_estimate(one.gain)}
            for one in gains
            if one.gain.rows >= gate.min_slice_rows
        ],
        "fairness": [
            {"slice": one.limit.slice, "value": one.value, "metric": one.limit.metric, **_estimate(one.gap)}
            for one in challenger.gaps
            if one.gap.rows >= gate.min_slice_rows
        ],
    }


def _estimate(estimate: IntervalEstimate) -> dict[str, Any]:
    return {"difference": estimate.value, "low": estimate.low, "high": estimate.high, "rows": estimate.rows}
