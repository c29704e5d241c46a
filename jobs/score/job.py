"""Score: gold features -> gold scores, for one use case and one day or a range."""

from __future__ import annotations

import datetime as dt
from typing import Any

from jobs.arguments import Arguments
from jobs.score import plan as planning
from jobs.score import reasons
from jobs.score.batch import ScoringBatch
from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.errors import FeaturesMissing
from lakehouse.models import registry, version_selection
from lakehouse.storage import delta_log


def run(arguments: Arguments) -> dict[str, Any]:
    """Score the days that are new or whose features or model have changed; leave the others alone."""
    assert arguments.use_case is not None
    use_case = loader.by_name(arguments.use_case)
    table, source = tables.scores(use_case), tables.features(use_case)
    days = arguments.days
    features_version = delta_log.version(source)
    built = delta_log.constant_by_partition(source, "inputs_fingerprint")
    if absent := [day for day in days if day not in built]:
        raise FeaturesMissing(
            f"{source.full_name}: expected the features of {len(days)} day(s), {len(absent)} are not built, such as {absent[0]}; "
            f"build them first: python -m jobs features --use-case {use_case.name} --partition {absent[0]}"
        )
    plan = planning.make(use_case, arguments, built)
    stale = arguments.days if arguments.force else plan.stale(use_case)
    failures, at = list(plan.failures), dt.datetime.now(dt.UTC)
    for champion, mine in plan.by_champion(stale):
        failures += ScoringBatch(use_case, plan, registry.in_service(champion), features_version, at).score(mine)
    models = {day: choice.model for day, choice in plan.champions.items()}
    explained = reasons.refresh_reasons(use_case, models, features_version, arguments.force)
    beside = version_selection.scored_by(use_case, registry.CHALLENGER)
    return {
        "status": "scored" if stale else "explained" if explained["days"] else "unchanged",
        "days": len(stale),
        "rows": delta_log.rows_in(table, stale, role=registry.CHAMPION),
        "model_versions": sorted({choice.model.version for choice in plan.champions.values()}),
        "challenger_versions": sorted({beside[day] for day in days if day in beside}),
        "challenger_rows": delta_log.rows_in(table, stale, role=registry.CHALLENGER),
        "challenger_failures": failures,
        "features_version": features_version,
        "scores_version": delta_log.version(table),
        "reasons": explained,
    }
