"""Both models measured on the same rows: the challenger's holdout, less the days that the champion was trained on."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, replace
from typing import Any

from jobs.gate import measurement
from jobs.gate.evidence import CERTAINTY, ChallengerResult, ChampionResult, IntervalEstimate, Metrics
from jobs.gate.measurement import Measured
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelRefused, TrainingDataMissing
from lakehouse.evaluation import labelled_rows, metrics
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.models.registry import ModelVersion
from lakehouse.storage import delta_log, spark_session


@dataclass(frozen=True)
class Comparison:
    """The challenger, the champion as its rival (None: there is none), and the evidence for the diary."""

    challenger: ChallengerResult
    rival: ChampionResult | None
    evidence: dict[str, Any]


def compare(use_case: UseCase, challenger: ModelVersion, champion: ModelVersion | None) -> Comparison:
    """Measure both.

    Raises:
        ModelRefused: when the challenger wants features that the use case does not declare (any more), or its file
            names others than its tags. TrainingDataMissing: when the holdout has no labelled rows.
    """
    first, last = challenger.holdout_first, challenger.holdout_last
    rows, versions = _rows(use_case, first, last)
    labelled = rows.labelled()
    if not len(labelled):
        raise TrainingDataMissing(
            f"{use_case.name}: expected labelled rows in the holdout {first}..{last} of version {challenger.version}, "
            f"found none in {len(rows)} feature rows; take in {use_case.label.source} for these days"
        )
    if missing := undeclared(challenger, use_case):
        raise ModelRefused(
            f"model {challenger.name} version {challenger.version}: expected features that the use case declares, it "
            f"also wants {', '.join(missing)}; train a new version"
        )
    rival = None if champion is None else _meet(use_case, champion, first, last)
    measurable = rival is not None and champion is not None and rival.unseen and not rival.unusable
    if measurable and champion is not None:
        judged = labelled.between(max(first, champion.trained_through + dt.timedelta(days=1)), last)
    else:
        judged = labelled
    if not len(judged):
        rival = ChampionResult(rival.version, None, unseen=False, note=rival.note) if rival is not None else None
        judged, measurable = labelled, False
    mine = measurement.of(challenger, judged, use_case)
    measured = _metrics(use_case, mine)
    if measurable and rival is not None and champion is not None:
        theirs = measurement.of(champion, judged, use_case)
        gain, by_slice = measurement.gains(use_case, mine, theirs)
        rival = replace(rival, metrics=_metrics(use_case, theirs), gain=gain, slices=by_slice)
    met = ChallengerResult(measured, measurement.gaps(use_case, mine))
    return Comparison(
        met, rival, {**_read(first, last, rows, labelled, judged), **versions, **_evidence(use_case, met, rival)}
    )


def _metrics(use_case: UseCase, model: Measured) -> Metrics:
    rows = model.rows
    return metrics.compute(use_case.model.task, rows.label, rows.score, rows.decided)


def _read(
    first: dt.date, last: dt.date, rows: TrainingSet, labelled: TrainingSet, judged: TrainingSet
) -> dict[str, Any]:
    return {
        "holdout": [str(first), str(last)],
        "judged_days": [str(judged.days.min()), str(judged.days.max())],
        "rows": len(judged),
        "unlabelled": len(rows) - len(labelled),
    }


def _evidence(use_case: UseCase, challenger: ChallengerResult, rival: ChampionResult | None) -> dict[str, Any]:
    """What the decision rests on, for the diary and for the person who is asked."""
    gate, gain = use_case.gate, None if rival is None else rival.gain
    enough = [] if rival is None else [one for one in rival.slices if one.gain.rows >= gate.min_slice_rows]
    return {
        "metric": gate.metric,
        "certainty": CERTAINTY,
        "limits": gate.model_dump(mode="json", exclude={"metric", "approval"}),
        "challenger": challenger.metrics,
        "champion": None if rival is None else rival.metrics,
        "champion_version": None if rival is None else rival.version,
        "improvement": None if gain is None else asdict(gain),
        "slices": [{"slice": one.name, "value": one.value, **_plain(one.gain)} for one in enough],
        "fairness": [
            {"slice": one.limit.slice, "value": one.value, "metric": one.limit.metric, **_plain(one.gap)}
            for one in challenger.gaps
            if one.gap.rows >= gate.min_slice_rows
        ],
    }


def _plain(span: IntervalEstimate) -> dict[str, Any]:
    return {"difference": span.value, "low": span.low, "high": span.high, "rows": span.rows}


def _rows(use_case: UseCase, first: dt.date, last: dt.date) -> tuple[TrainingSet, dict[str, int]]:
    features = delta_log.version(tables.features(use_case))
    labels = delta_log.version(tables.silver(use_case.source(use_case.label.source)))
    session = spark_session.session(f"gate {use_case.name}")
    rows = labelled_rows.read(session, use_case, first, last, features, labels, sliced=True)
    return rows, {"features_version": features, "labels_version": labels}


def _meet(use_case: UseCase, champion: ModelVersion, first: dt.date, last: dt.date) -> ChampionResult:
    """The champion before it is measured: whether it can be, and on which days."""
    if problem := ModelVersion.features.problem(champion):
        return ChampionResult(champion.version, None, unusable=problem)
    if missing := undeclared(champion, use_case):
        return ChampionResult(
            champion.version, None, unusable=f"it wants {', '.join(missing)}, which the use case no longer declares"
        )
    through = champion.trained_through
    if through < first:
        return ChampionResult(champion.version, None)
    note = f"The champion was trained through {through}, the holdout is {first}..{last}"
    if through >= last:
        return ChampionResult(champion.version, None, unseen=False, note=f"{note}.")
    return ChampionResult(champion.version, None, note=f"{note}: compared on its later days alone.")


def undeclared(model: ModelVersion, use_case: UseCase) -> list[str]:
    """The features that the model wants and the use case does not declare."""
    return sorted(set(model.features) - set(use_case.feature_names))
