"""Days that the champion can't score: the declared fallbacks score them in its place, and the day stays stale until a model has.

A day that a model has scored already keeps its scores: then the champion's failure is the job's.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pyarrow.compute as pc

from jobs.score import version, written_days
from jobs.score.fallback_scorer import FallbackScorer
from jobs.score.role_scorer import Lineage
from jobs.score.written_days import RoleDays
from lakehouse import tables
from lakehouse.declaration import UseCase, decision_path
from lakehouse.errors import (
    FeaturesMissing,
    ModelMissing,
    ModelRefused,
    NightjarError,
    RegistryChanged,
    ServiceUnavailable,
)
from lakehouse.models import champion_record, registry, version_selection
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.storage import arrow_dataset, delta_log

log = logging.getLogger(__name__)

# Why a champion can't score, in words that are the same as long as the reason is. They are among the inputs of the day.
WHY: Mapping[type[NightjarError], str] = {
    ModelMissing: "the champion or a file of it is gone",
    ModelRefused: "the champion can't be used",
    RegistryChanged: "the registry has not the recorded champion",
    ServiceUnavailable: "MLflow did not answer",
    FeaturesMissing: "its features are not built",
}


@dataclass
class Nights:
    """The days that the fallbacks score, and why; and the failure of days that they can't.

    Attributes:
        use_case: declares fallbacks, or nothing here is done.
        why: by day; the failure in words that do not change from run to run.
        failures: the messages.
        failure: of days that have a model's scores, which stay as they are.
    """

    use_case: UseCase
    why: dict[dt.date, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    failure: NightjarError | None = None

    def take(self, days: Collection[dt.date], error: NightjarError) -> None:
        """Let the fallbacks score these days.

        Raises:
            NightjarError: the same error, where no fallback is declared or it is none of the champion's or the features'.
        """
        if not self.use_case.fallback or type(error) not in WHY:
            raise error
        scored = version_selection.scored_by_model(self.use_case)
        if any(day in scored for day in days):
            self.failure = error
        new = [day for day in sorted(days) if day not in scored]
        self.why |= dict.fromkeys(new, WHY[type(error)])
        if new:
            self.failures.append(f"{type(error).__name__}: {error}")
            log.warning("%s: fallbacks score %s: %s", self.use_case.name, ", ".join(map(str, new)), error)

    def score(self, features_version: int, scored_at: dt.datetime, force: bool) -> list[dt.date]:
        """Score them, in one commit; those that were scored so before, for the same reason, stay as they are.

        Returns:
            The days that were written.

        Raises:
            ModelMissing: there never was a champion. FeaturesMissing: neither features nor a population. NotScorable: no fallback
                has a score for a row.
        """
        if not self.why:
            return []
        use_case, table = self.use_case, tables.scores(self.use_case)
        self._expect_entities()
        model = _recorded_champion(use_case)
        features = up_to_date.built(tables.features(use_case))
        rules, threshold = decision_path.text(use_case), _threshold(use_case, model)
        inputs = {
            day: expected_inputs.for_fallback_scores(
                features.get(day), model.version, threshold, version.SCORES, rules, why
            )
            for day, why in self.why.items()
        }
        stale = up_to_date.compare(table, inputs, registry.CHAMPION).outdated(force)
        if not stale:
            return []
        if any(one.base_rate for one in use_case.fallback):
            from jobs.labels import outcomes
            from lakehouse.evaluation import base_rates

            known = {past for day in stale for past in base_rates.known_days(use_case, day)}
            outcomes.mature(use_case, sorted(known))
        lineage = Lineage(
            model=_with_threshold(model, threshold),
            role=registry.CHAMPION,
            features_version=features_version,
            fingerprints=builds.record(table, {day: inputs[day] for day in stale}),
            chosen_by=dict.fromkeys(stale, version_selection.FALLBACK),
            share=0.0,
            scored_at=scored_at,
        )
        scorer = FallbackScorer.of(use_case, lineage)
        written_days.write(use_case, [RoleDays(scorer, stale, scorer)], features_version)
        return stale

    def _expect_entities(self) -> None:
        from lakehouse.populations import population

        built = up_to_date.built(tables.features(self.use_case))
        without = [day for day in self.why if day not in built]
        most = population.most_by_day(self.use_case, without)
        if empty := [day for day in without if not most.get(day)]:
            source = self.use_case.entity.source
            raise FeaturesMissing(
                f"{tables.features(self.use_case).full_name}: expected the features of {empty[0]}, or the rows of {source} for the "
                f"declared fallbacks to score, found neither; take them in first: python -m jobs ingest --source {source} "
                f"--partition {empty[0]}"
            )


def _recorded_champion(use_case: UseCase) -> ModelVersion:
    """The champion by the audit log, which needs no registry: its number and its run.

    Raises:
        ModelMissing: there never was one.
    """
    changes = champion_record.changes(use_case.name)
    if not changes:
        raise ModelMissing(
            f"model {use_case.name}: expected a champion in ops.model_events, in whose place fallbacks score, found none; "
            f"train and pass the gate first: python -m jobs train --use-case {use_case.name} --partition YYYY-MM-DD"
        )
    return ModelVersion(use_case.name, changes[-1].model_version, changes[-1].run_id, {})


def _threshold(use_case: UseCase, model: ModelVersion) -> float | None:
    """The champion's threshold: by the registry, where that has it, else that of the newest scores."""
    if not use_case.binary:
        return None
    try:
        return registry.version(model.name, model.version).threshold
    except (ModelMissing, ModelRefused, ServiceUnavailable):
        log.warning("%s: the threshold of version %d is that of the newest scores", use_case.name, model.version)
    table = tables.scores(use_case)
    days = delta_log.rows_by_day(table, role=registry.CHAMPION)
    if not days:
        return None
    where = (pc.field("partition") == max(days)) & (pc.field("role") == registry.CHAMPION)
    known = pc.unique(arrow_dataset.read(table, where, columns=["threshold"]).column("threshold")).to_pylist()
    return known[0] if len(known) == 1 else None


def _with_threshold(model: ModelVersion, threshold: float | None) -> ModelVersion:
    tags = {} if threshold is None else {registry.TAG_THRESHOLD: repr(threshold)}
    return ModelVersion(model.name, model.version, model.run_id, tags)
