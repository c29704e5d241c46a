"""The model versions and the inputs that the days of a run are scored by: resolved once, before anything is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lakehouse import tables
from lakehouse.declaration import UseCase, decision_path
from lakehouse.models import registry, shadow
from lakehouse.models.registry import ModelVersion
from lakehouse.models.shadow import Shadow
from lakehouse.models.version_selection import Choice
from lakehouse.ops.builds import Inputs
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.staleness.up_to_date import Comparison, Reasons


@dataclass(frozen=True)
class ScorePlan:
    """The days of a run.

    Attributes:
        use_case: whose scores.
        built_features: the fingerprint of each day's features.
        champions: which version scores each day, and why.
        shadows: which version is in shadow, and why; not every day has one.
        models: the usable versions in shadow, by number.
        failures: why the others can't be used.
        code: the version of the scoring code.
    """

    use_case: UseCase
    built_features: Mapping[dt.date, str]
    champions: Mapping[dt.date, Choice]
    shadows: Mapping[dt.date, Shadow]
    models: Mapping[int, ModelVersion]
    failures: tuple[str, ...]
    code: int

    def challenger(self, day: dt.date) -> ModelVersion | None:
        """The usable version in shadow on that day; None when there is none."""
        return self.models.get(self.shadows[day].version) if day in self.shadows else None

    def champion_inputs(self, day: dt.date, alone: bool = False) -> Inputs:
        """The inputs of the champion's rows of the day; ``alone``: no challenger decides for a share of them."""
        canary = self.shadows[day].canary if day in self.shadows and not alone else ""
        model = self.champions[day].model
        return expected_inputs.for_scores(self.built_features[day], model, self.code, canary, self._rules)

    def challenger_inputs(self, day: dt.date) -> Inputs:
        """The inputs of the challenger's rows, on a day that has one."""
        return expected_inputs.for_challenger_scores(
            self.built_features[day], self.shadows[day], self.models[self.shadows[day].version], self.code, self._rules
        )

    @property
    def _rules(self) -> str:
        return decision_path.text(self.use_case)

    def without(self, version: int) -> ScorePlan:
        """The same plan where that version can't be used."""
        return replace(self, models={number: model for number, model in self.models.items() if number != version})

    def outdated(self, days: Iterable[dt.date] | None = None) -> list[dt.date]:
        """The days, all of the run when not given, whose rows of either role are not what they would be now."""
        champion, challenger, dropped = self._compared(self.champions if days is None else days)
        return sorted({*champion.outdated(), *challenger.outdated(), *dropped})

    def reasons(self) -> Reasons:
        """Why each outdated day is outdated; a reason of both roles is given once."""
        champion, challenger, dropped = self._compared(self.champions)
        by_role = (
            champion.reasons(),
            challenger.reasons(),
            {day: ["its challenger is not in shadow any more"] for day in dropped},
        )
        days = sorted({day for reasons in by_role for day in reasons})
        return {day: list(dict.fromkeys(why for reasons in by_role for why in reasons.get(day, ()))) for day in days}

    def _compared(self, days: Iterable[dt.date]) -> tuple[Comparison, Comparison, list[dt.date]]:
        """The rows of the champion, those of the challenger, and the days whose challenger's rows are to be removed."""
        ordered, table = sorted(days), tables.scores(self.use_case)
        present = up_to_date.built(table, role=registry.CHALLENGER)
        champion = {day: self.champion_inputs(day, self._stays_alone(day, present)) for day in ordered}
        challenger = {day: self.challenger_inputs(day) for day in ordered if self.challenger(day) is not None}
        return (
            up_to_date.compare(table, champion, registry.CHAMPION),
            Comparison(table, challenger, present),
            [day for day in ordered if day in present and day not in self.shadows],
        )

    def _stays_alone(self, day: dt.date, present: Mapping[dt.date, str]) -> bool:
        # A challenger that can't be used changes nothing: its rows stay where they exist, and none are expected elsewhere.
        return day in self.shadows and self.challenger(day) is None and day not in present

    def by_champion(self, days: Iterable[dt.date]) -> list[tuple[ModelVersion, list[dt.date]]]:
        """The days by champion. Those of one champion are written in one commit: neither a kill nor a promotion divides them."""
        groups: dict[int, list[dt.date]] = {}
        for day in sorted(days):
            groups.setdefault(self.champions[day].model.version, []).append(day)
        return [(self.champions[group[0]].model, group) for group in groups.values()]

    def by_challenger(self, days: Iterable[dt.date]) -> list[tuple[ModelVersion | None, float, list[dt.date]]]:
        """The days by the version in shadow (None: none), and by the share of the entities that it decides for."""
        groups: dict[tuple[int, float], list[dt.date]] = {}
        for day in sorted(days):
            in_shadow = self.challenger(day)
            key = (0, 0.0) if in_shadow is None else (in_shadow.version, self.shadows[day].share)
            groups.setdefault(key, []).append(day)
        return [(self.models.get(version), share, group) for (version, share), group in groups.items()]


def make(
    use_case: UseCase,
    built_features: Mapping[dt.date, str],
    champions: Mapping[dt.date, Choice],
    code: int,
    retry_failed: bool = True,
) -> ScorePlan:
    """Resolve every version that the days of ``champions`` need.

    Args:
        use_case: whose scores.
        built_features: the fingerprint of each day's features.
        champions: which version scores each day, and why.
        code: the version of the scoring code.
        retry_failed: whether a day whose challenger failed when it was scored is expected to have one.
    """
    in_shadow = shadow.choose(use_case, champions, retry_failed)
    models, unusable = shadow.models(use_case, (one.version for one in in_shadow.by_day.values()))
    failures = (*in_shadow.failures, *unusable)
    return ScorePlan(use_case, built_features, champions, in_shadow.by_day, models, failures, code)
