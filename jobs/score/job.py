"""Score: gold features -> gold scores, for one use case and one day or a range."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from jobs.asked_days import NOT_SCORED, AskedDays, ScoredDaysResult
from jobs.score import deciders, reasons, version
from jobs.score.arguments import ScoreArguments
from jobs.score.batch import ScoringBatch
from jobs.score.fallback_night import Nights
from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import FeaturesMissing, NightjarError
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
        decided_by: how many of the champion's rows in the written days the model, each rule and each fallback decided, by kind and
            name; empty, and not in the JSON, for a use case without rules and fallbacks.
        fallbacks: by written day how many of the champion's rows each fallback decided, for those who are told. Likewise.
        fallback_days: the requested days that the fallbacks scored in the champion's place, with the reason. These days stay stale
            until a model has scored them. Likewise.
        fallback_failures: why, with all that is known.
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
    decided_by: dict[str, dict[str, int]] = field(default_factory=dict)
    fallbacks: dict[str, dict[str, int]] = field(default_factory=dict)
    fallback_days: dict[str, str] = field(default_factory=dict)
    fallback_failures: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The JSON object; what only rules and fallbacks give is left out where there is none."""
        later = ("decided_by", "fallbacks", "fallback_days", "fallback_failures")
        return {name: value for name, value in super().as_json().items() if value or name not in later}


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
    nights = Nights(use_case)
    if absent := [day for day in days if day not in built]:
        missing = FeaturesMissing(
            f"{source.full_name}: expected the features of {len(days)} day(s), {len(absent)} are not built, such as {absent[0]}; "
            f"build them first: python -m jobs features --use-case {use_case.name} --partition {absent[0]}"
        )
        _without_model(nights, absent, missing, arguments)
    why = arguments.chosen_by or version_selection.ASKED
    plan, stale, scored_at = None, list[dt.date](), dt.datetime.now(dt.UTC)
    ready = [day for day in days if day in built]
    try:
        champions = version_selection.choose(use_case, ready, arguments.model_version, arguments.champion, why)
        plan = score_plan.make(use_case, built, champions, version.SCORES)
    except NightjarError as error:
        _without_model(nights, ready, error, arguments)
    failures = [] if plan is None else list(plan.failures)
    if plan is not None:
        for champion, group in plan.by_champion(ready if arguments.force else plan.outdated()):
            try:
                failures += ScoringBatch(plan, registry.in_service(champion), features_version, scored_at).score(group)
            except NightjarError as error:
                _without_model(nights, group, error, arguments)
            else:
                stale += group
    # After the days that a model scores: a last score may be of one of these.
    stale = sorted([*stale, *nights.score(features_version, scored_at, arguments.force)])
    if nights.failure is not None:
        raise nights.failure
    by_model = {} if plan is None else plan.champions
    models = {day: choice.model for day, choice in by_model.items() if day not in nights.why}
    explained = reasons.refresh_reasons(use_case, models, features_version, arguments.force)
    challengers = version_selection.scored_by(use_case, registry.CHALLENGER)
    return ScoreResult(
        status="scored" if stale else "explained" if explained["days"] else "unchanged",
        days=len(stale),
        rows=delta_log.rows_in(table, stale, role=registry.CHAMPION),
        model_versions=sorted({model.version for model in models.values()}),
        challenger_versions=sorted({challengers[day] for day in days if day in challengers}),
        challenger_rows=delta_log.rows_in(table, stale, role=registry.CHALLENGER),
        challenger_failures=failures,
        features_version=features_version,
        scores_version=delta_log.version(table),
        reasons=explained,
        message=asked.message,
        not_scored=asked.others,
        decided_by=deciders.count(use_case, stale),
        fallbacks=deciders.fallbacks(use_case, stale),
        fallback_days={str(day): why for day, why in sorted(nights.why.items())},
        fallback_failures=nights.failures,
    )


def _forget(use_case: UseCase, nobody: Collection[dt.date]) -> None:
    """Remove the scores and reasons of days on which there was somebody, and by a correction there is nobody."""
    for table in (tables.reasons(use_case), tables.scores(use_case)):
        if present := sorted(set(nobody) & set(delta_log.rows_by_day(table))):
            commits.replace_rows(table, [], sql_quoting.days_condition(present))


def _without_model(nights: Nights, days: list[dt.date], error: NightjarError, arguments: ScoreArguments) -> None:
    """Let the fallbacks score these days, where it is the champion that should; raises the error where none is declared."""
    later = arguments.retry_service and error.retryable and not isinstance(error, FeaturesMissing)
    if arguments.model_version is not None or later:
        # Somebody wants the scores of this version, and no others; or there will be another try.
        raise error
    nights.take(days, error)


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
