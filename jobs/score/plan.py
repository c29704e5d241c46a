"""What the days of a run are scored by, and from what: resolved once, before anything is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from jobs.arguments import Arguments
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import registry, shadow, version_selection
from lakehouse.models.registry import ModelVersion
from lakehouse.models.shadow import Shadow
from lakehouse.models.version_selection import Choice
from lakehouse.ops import builds
from lakehouse.ops.builds import Inputs
from lakehouse.staleness import expected_inputs
from lakehouse.storage import delta_log


@dataclass(frozen=True)
class Plan:
    """The run's days.

    Attributes:
        champions: what scores each day, and why.
        shadows: what scores beside it; not every day has one.
        models: the versions of the shadows that can be scored with.
        inputs: what the champion's rows of each day are built from.
        inputs_alone: the same where no challenger stands beside it.
        inputs_beside: what the challenger's are built from, where it can be scored with.
        failures: why a challenger does not score.
    """

    champions: Mapping[dt.date, Choice]
    shadows: Mapping[dt.date, Shadow]
    models: Mapping[int, ModelVersion]
    inputs: Mapping[dt.date, Inputs]
    inputs_alone: Mapping[dt.date, Inputs]
    inputs_beside: Mapping[dt.date, Inputs]
    failures: tuple[str, ...]

    def stale(self, use_case: UseCase, days: Iterable[dt.date] | None = None) -> list[dt.date]:
        """The days, all of the run's when not given, whose rows in either role are not what they would be now."""
        table = tables.scores(use_case)
        champion = delta_log.constant_by_partition(table, expected_inputs.FINGERPRINT, role=registry.CHAMPION)
        beside = delta_log.constant_by_partition(table, expected_inputs.FINGERPRINT, role=registry.CHALLENGER)
        return [
            day
            for day in sorted(self.champions if days is None else days)
            if champion.get(day) != builds.fingerprint(self._expected(day, day in beside))
            or (day in self.inputs_beside and beside.get(day) != builds.fingerprint(self.inputs_beside[day]))
            or (day in beside and day not in self.shadows)
        ]

    def _expected(self, day: dt.date, beside: bool) -> Inputs:
        # A challenger that can't be scored with changes nothing: neither where its rows are, nor where they are missing.
        missing = day in self.shadows and day not in self.inputs_beside and not beside
        return self.inputs_alone[day] if missing else self.inputs[day]

    def without(self, version: int) -> Plan:
        """The same plan, but that version can't be scored with."""
        kept = {day: inputs for day, inputs in self.inputs_beside.items() if self.shadows[day].version != version}
        return replace(self, inputs_beside=kept)

    def by_champion(self, days: Iterable[dt.date]) -> list[tuple[ModelVersion, list[dt.date]]]:
        """The days by champion. Those of one champion are written in one commit: no kill and no promotion divides them."""
        found: dict[int, list[dt.date]] = {}
        for day in sorted(days):
            found.setdefault(self.champions[day].model.version, []).append(day)
        return [(self.champions[group[0]].model, group) for group in found.values()]

    def groups(self, days: Iterable[dt.date]) -> list[tuple[ModelVersion | None, float, list[dt.date]]]:
        """The days by what scores beside the champion, and by the share that it decides for."""
        found: dict[tuple[int, float], list[dt.date]] = {}
        for day in sorted(days):
            shadow = self.shadows.get(day) if day in self.inputs_beside else None
            found.setdefault((shadow.version, shadow.share) if shadow else (0, 0.0), []).append(day)
        return [(self.models.get(version), share, group) for (version, share), group in found.items()]


def make(use_case: UseCase, arguments: Arguments, features_built: Mapping[dt.date, str]) -> Plan:
    """Resolve every version that the run needs, and what each day would be built from."""
    asked, champion = arguments.model_version, arguments.champion
    champions = version_selection.choose(use_case, arguments.days, asked, champion, arguments.chosen_by)
    beside = shadow.choose(use_case, champions)
    models, failures = shadow.models(use_case, (one.version for one in beside.by_day.values()))
    chosen = {day: choice.model for day, choice in champions.items()}
    canary = {day: one.canary for day, one in beside.by_day.items()}
    return Plan(
        champions=champions,
        shadows=beside.by_day,
        models=models,
        inputs=expected_inputs.scores(features_built, chosen, canary),
        inputs_alone=expected_inputs.scores(features_built, chosen),
        inputs_beside=expected_inputs.scores_beside(features_built, beside.by_day, models),
        failures=(*beside.failures, *failures),
    )
