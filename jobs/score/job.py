"""Score: gold features -> gold scores, for one use case and one day or a range."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from jobs.asked_days import NOT_SCORED, AskedDays, ScoredDaysResult
from jobs.score import reasons, version
from jobs.score.arguments import ScoreArguments
from jobs.score.batch import ScoringBatch
from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import FeaturesMissing
from lakehouse.models import registry, version_selection
from lakehouse.staleness import score_plan, up_to_date
from lakehouse.storage import commits, delta_log, sql_quoting


@dataclass(frozen=True, kw_only=True)
class ScoreResult(ScoredDaysResult):
    """What was scored.

    Attributes:
        days: how many days were written.
        rows: the champion's rows in them.
        model_versions: the champions of all requested days.
        challenger_versions: the versions in shadow on these days.
        challenger_rows: the challengers' rows in the days that were written.
        challenger_failures: why a challenger's rows are missing.
        features_version: of the feature table, that was read.
        scores_version: of the scores table, afterwards.
        reasons: for how many days reasons were written, and of how many rows.
    """

    days: int
    rows: int
    model_versions: list[int]
    challenger_versions: list[int]
    challenger_rows: int
    challenger_failures: list[str]
    features_version: int
    scores_version: int
    reasons: dict[str, int]


def run(arguments: ScoreArguments) -> ScoreResult:
    """Score the days that are new or whose features or model have changed; leave the others alone."""
    use_case = loader.by_name(arguments.use_case)
    table, source = tables.scores(use_case), tables.features(use_case)
    asked = AskedDays.of_built(use_case, arguments.days)
    days = asked.scored
    features_version = delta_log.version(source)
    _forget(use_case, asked.nobody)
    if not days:
        return _nothing(asked, features_version, delta_log.version(table))
    built = up_to_date.built(source)
    if absent := [day for day in days if day not in built]:
        raise FeaturesMissing(
            f"{source.full_name}: expected the features of {len(days)} day(s), {len(absent)} are not built, such as {absent[0]}; "
            f"build them first: python -m jobs features --use-case {use_case.name} --partition {absent[0]}"
        )
    why = arguments.chosen_by or version_selection.ASKED
    champions = version_selection.choose(use_case, days, arguments.model_version, arguments.champion, why)
    plan = score_plan.make(use_case, built, champions, version.SCORES)
    stale = days if arguments.force else plan.outdated()
    failures, scored_at = list(plan.failures), dt.datetime.now(dt.UTC)
    for champion, group in plan.by_champion(stale):
        failures += ScoringBatch(plan, registry.in_service(champion), features_version, scored_at).score(group)
    models = {day: choice.model for day, choice in plan.champions.items()}
    explained = reasons.refresh_reasons(use_case, models, features_version, arguments.force)
    challengers = version_selection.scored_by(use_case, registry.CHALLENGER)
    return ScoreResult(
        status="scored" if stale else "explained" if explained["days"] else "unchanged",
        days=len(stale),
        rows=delta_log.rows_in(table, stale, role=registry.CHAMPION),
        model_versions=sorted({choice.model.version for choice in plan.champions.values()}),
        challenger_versions=sorted({challengers[day] for day in days if day in challengers}),
        challenger_rows=delta_log.rows_in(table, stale, role=registry.CHALLENGER),
        challenger_failures=failures,
        features_version=features_version,
        scores_version=delta_log.version(table),
        reasons=explained,
        message=asked.message,
        not_scored=asked.others,
    )


def _forget(use_case: UseCase, nobody: Collection[dt.date]) -> None:
    """Remove the scores and reasons of days on which there was somebody, and by a correction there is nobody."""
    for table in (tables.reasons(use_case), tables.scores(use_case)):
        if present := sorted(set(nobody) & set(delta_log.rows_by_day(table))):
            commits.replace_rows(table, [], sql_quoting.days_condition(present))


def _nothing(asked: AskedDays, features_version: int, scores_version: int) -> ScoreResult:
    """Of days of which none is scored."""
    return ScoreResult(
        status=NOT_SCORED,
        days=0,
        rows=0,
        model_versions=[],
        challenger_versions=[],
        challenger_rows=0,
        challenger_failures=[],
        features_version=features_version,
        scores_version=scores_version,
        reasons={"days": 0, "rows": 0},
        message=asked.message,
        not_scored=asked.others,
    )
