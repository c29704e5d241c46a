"""The rows of both roles, and the one commit that they are written in."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from jobs.score import written_days
from jobs.score.fallback_scorer import FallbackScorer
from jobs.score.role_scorer import Lineage, RoleScorer
from jobs.score.written_days import RoleDays
from lakehouse import tables
from lakehouse.errors import NightjarError
from lakehouse.models import registry, shadow
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import builds
from lakehouse.ops.builds import Inputs
from lakehouse.staleness.score_plan import ScorePlan

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScoringBatch:
    """Days that are scored together: from one version of the features, by one champion, in one commit."""

    plan: ScorePlan
    champion: ModelVersion
    features_version: int
    scored_at: dt.datetime

    def score(self, days: list[dt.date]) -> list[str]:
        """Write the rows of both roles in one commit, so that on every day exactly one row an entity decides.

        Returns:
            Why rows of a challenger are missing.
        """
        champion: list[RoleDays] = []
        shadows: list[RoleDays] = []
        failures: list[str] = []
        for challenger, share, group in self.plan.by_challenger(days):
            champion_days, alone = group, challenger is None
            if challenger is not None:
                # Recorded first: it identifies a day that is left without its challenger's rows, and that day is tried again.
                fingerprints = self._record({day: self.plan.challenger_inputs(day) for day in group})
                try:
                    shadows.append(self._of_role(challenger, registry.CHALLENGER, fingerprints, share))
                except (NightjarError, OSError) as error:
                    failures.append(shadow.failure_text(error))
                    champion_days, alone = self.plan.without(challenger.version).outdated(group), True
            if champion_days:
                champion.append(self._of_champion(champion_days, 0.0 if alone else share, alone))
        if shadows:
            try:
                self._write([*champion, *shadows])
            except NightjarError:
                # Another writer's commit came first, or the like: the challenger is not the cause.
                raise
            except Exception as error:
                failures.append(shadow.failure_text(error))
                written = [day for group in champion for day in group.days]
                self._write([self._of_champion(written, 0.0, alone=True)])
        elif champion:
            self._write(champion)
        return failures

    def _of_champion(self, days: list[dt.date], share: float, alone: bool) -> RoleDays:
        fingerprints = self._record({day: self.plan.champion_inputs(day, alone) for day in days})
        return self._of_role(self.champion, registry.CHAMPION, fingerprints, share)

    def _of_role(self, model: ModelVersion, role: str, fingerprints: Mapping[dt.date, str], share: float) -> RoleDays:
        use_case, days = self.plan.use_case, sorted(fingerprints)
        log.info("scoring %d day(s) of %s with version %d as %s", len(days), use_case.name, model.version, role)
        lineage = Lineage(
            model=model,
            role=role,
            features_version=self.features_version,
            fingerprints=fingerprints,
            chosen_by={day: self._why(role, day) for day in days},
            share=share,
            scored_at=self.scored_at,
        )
        # Nobody but the champion scores those whose features are missing, so its decision counts for all of them.
        alone = role == registry.CHAMPION and bool(use_case.fallback)
        of_absent = FallbackScorer.of(use_case, replace(lineage, share=0.0)) if alone else None
        return RoleDays(RoleScorer.of(use_case, lineage), days, of_absent)

    def _why(self, role: str, day: dt.date) -> str:
        return self.plan.champions[day].why if role == registry.CHAMPION else self.plan.shadows[day].why

    def _record(self, inputs: Mapping[dt.date, Inputs]) -> dict[dt.date, str]:
        return builds.record(tables.scores(self.plan.use_case), inputs)

    def _write(self, roles: list[RoleDays]) -> None:
        """Score the days of each role, and replace all rows of these days by theirs."""
        written_days.write(self.plan.use_case, roles, self.features_version)
