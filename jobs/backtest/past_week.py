"""One week of the walk: train as of its first day, let the gate judge, score the week, measure."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from jobs.backtest.steps import Week
from jobs.gate import measurement, simple_models
from jobs.gate.checks import decide
from jobs.gate.measurement import Measured
from jobs.gate.results import ChallengerResult, ChampionResult
from jobs.train import fitting
from jobs.train.candidates import tune
from jobs.train.fitted_model import FittedModel, fit_and_measure
from jobs.train.learned_rows import to_fit
from jobs.train.search.space import Value
from jobs.train.search.tuning import Tuned
from jobs.train.split import Parts, Split, divide
from lakehouse.declaration import UseCase
from lakehouse.errors import TrainingDataMissing
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.models.class_decision import ClassRule
from lakehouse.ops import model_events
from lakehouse.scorers import model_files
from lakehouse.scorers.scorer import Scorer

LIFECYCLE, FIRST = "lifecycle", "first_champion"
Metrics = dict[str, float | None]


@dataclass(frozen=True)
class PastChampion:
    """A model that was promoted on the way.

    Attributes:
        trained_for: the first day of its week.
        trained_through: the last day that it learned from.
        kind: which candidate it is.
        content: its file.
        threshold: of its decisions; None unless the label is yes or no.
    """

    trained_for: dt.date
    trained_through: dt.date
    kind: str
    content: bytes
    threshold: float | None


@dataclass(frozen=True)
class PastWeek:
    """What happened in a week.

    Attributes:
        first: the first day.
        last: the last one.
        rows: labelled rows that were scored.
        days: how many days they are from.
        chosen: the candidate that training chose; None where nothing could be trained.
        verdict: of the gate on it; empty where nothing was judged.
        reasons: the gate's, or why nothing was trained.
        champion_of: the week whose model scored for the lifecycle; None while there is none.
        metrics: by model: each candidate, each baseline, ``first_champion`` and ``lifecycle``.
        seconds: how long it took.
    """

    first: dt.date
    last: dt.date
    rows: int
    days: int
    chosen: str | None
    verdict: str
    reasons: tuple[str, ...]
    champion_of: dt.date | None
    metrics: Mapping[str, Metrics] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Champions:
    """The first champion and the present one; None while the gate has promoted none."""

    first: PastChampion | None = None
    now: PastChampion | None = None


def walk(
    use_case: UseCase, rows: TrainingSet, week: Week, before: Champions, point: Mapping[str, Value]
) -> tuple[PastWeek, Champions]:
    """Live through the week; of rows from its first day on, nothing but the measuring looks at labels.

    Args:
        use_case: as it is tried.
        rows: of all days, unlabelled ones too.
        week: the days to score.
        before: the champions on the evening before.
        point: the parameters that the search begins with.

    Raises:
        TrainingFailed: as training does.
    """
    started = time.monotonic()
    split = Split.for_day(use_case, week.first)
    scored = rows.between(week.first, week.last).labelled()
    models: dict[str, tuple[object, float | None]] = {}
    chosen, verdict, reasons, champions = None, "", tuple[str, ...](), before
    try:
        parts = divide(rows.between(split.whole.first, split.whole.last), split, use_case)
    except TrainingDataMissing as error:
        reasons = (str(error),)
    else:
        tuned = tune.tune(use_case, split, parts, starts=[point])
        candidates = _candidates(use_case, tuned, parts)
        # Slices are for the gate alone: measuring them with their intervals would take longer than the fit.
        unsliced = replace(parts, holdout=replace(parts.holdout, slices={}))
        model = fit_and_measure(use_case, tuned, unsliced, candidates[tuned.kind])
        contenders = {**candidates, **model.evaluation.baselines}
        chosen, models = tuned.kind, {name: (one, None) for name, one in contenders.items()}
        verdict, reasons = _judged(use_case, split, parts, model, before.now)
        if verdict == model_events.PROMOTED:
            content = model.scorer.content()
            new = PastChampion(week.first, split.validation.last, tuned.kind, content, model.threshold)
            champions = Champions(before.first or new, new)
    for name, champion in ((FIRST, champions.first), (LIFECYCLE, champions.now)):
        if champion is not None:
            models[name] = model_files.load(champion.content), champion.threshold
    measured = {name: _metrics(use_case, one, threshold, scored, name) for name, (one, threshold) in models.items()}
    lived = PastWeek(
        first=week.first,
        last=week.last,
        rows=len(scored),
        days=len(np.unique(scored.days)),
        chosen=chosen,
        verdict=verdict,
        reasons=reasons,
        champion_of=None if champions.now is None else champions.now.trained_for,
        metrics=measured if len(scored) else {},
        seconds=round(time.monotonic() - started, 1),
    )
    return lived, champions


def _candidates(use_case: UseCase, tuned: Tuned, parts: Parts) -> dict[str, Scorer]:
    """Every candidate, fitted to the rows that the chosen one is fitted to."""
    declared = use_case.model
    strengths = () if tuned.choice is None else (one.strength for one in tuned.choice.candidates.values())
    strength = next((one for one in strengths if one is not None), tuned.strength)
    learned = tune.learned(declared, to_fit(use_case, fitting.joined(parts.train, parts.validation)))
    fitted = tune.fit_each(declared, tuned, learned, declared.candidates, strength)
    if (rule := ClassRule.declared(use_case)) is not None:
        for one in fitted.values():
            rule.written_to(one)
    return fitted


def _judged(
    use_case: UseCase, split: Split, parts: Parts, model: FittedModel, champion: PastChampion | None
) -> tuple[str, tuple[str, ...]]:
    """The gate's decision by its own functions: on the holdout, less the days that the champion learned from."""
    whole = _measured(use_case, model.scorer, model.threshold, parts.holdout, "the challenger")
    compared, other = whole, None
    if champion is not None:
        after = champion.trained_through + dt.timedelta(days=1)
        rows = parts.holdout.between(after, split.holdout.last)
        other = ChampionResult(champion.trained_for.toordinal(), unseen=bool(len(rows)))
        if len(rows):
            compared = _measured(use_case, model.scorer, model.threshold, rows, "the challenger")
            old = _measured(use_case, model_files.load(champion.content), champion.threshold, rows, "the champion")
            gain, by_slice = measurement.gains(use_case, compared, old)
            other = ChampionResult(other.version, measurement.metrics_of(use_case, old), gain, by_slice)
    baselines = (
        simple_models.compare(use_case, whole, model.evaluation.baselines)
        if use_case.gate.baselines == "compare"
        else ()
    )
    own = ChallengerResult(measurement.metrics_of(use_case, compared), measurement.gaps(use_case, compared), baselines)
    decision = decide(use_case.gate, own, other)
    if champion is None:
        return decision.verdict, decision.reasons
    # A version's number means nothing here: the champion is known by its week.
    number, week = f"version {champion.trained_for.toordinal()}", f"of {champion.trained_for}"
    return decision.verdict, tuple(reason.replace(number, week) for reason in decision.reasons)


def _metrics(use_case: UseCase, model: object, threshold: float | None, rows: TrainingSet, what: str) -> Metrics:
    if not len(rows):
        return {}
    return dict(measurement.metrics_of(use_case, _measured(use_case, model, threshold, rows, what)))


def _measured(use_case: UseCase, model: object, threshold: float | None, rows: TrainingSet, what: str) -> Measured:
    return measurement.of_model(model, threshold, rows, use_case, what)
