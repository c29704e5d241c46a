"""Worlds in which nothing happens, and some in which rows become harder: what the finding adds to the verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from tabulate import tabulate

from jobs.monitor import estimates
from jobs.monitor.drift import Evidence
from jobs.monitor.scored_rows import ScoredRows
from jobs.train import estimator
from jobs.train.estimator import Judged
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.models import registry
from tests.bench import alarm_nights, alarm_worlds
from tests.bench.alarm_nights import VERSION, Stage
from tests.bench.alarm_worlds import World

HEAD = ("quiet world", "rows a day", "worlds", "false verdicts in 90 days", "without the estimate", "by the estimate")


@dataclass(frozen=True)
class Watched:
    """How many days of a world were violated: by all findings, without the estimate declared, and by its findings."""

    violated: int
    without: int
    by_estimate: int


def watch(stage: Stage) -> Watched:
    """A world's days with and without the estimate."""
    with_it = alarm_worlds.declared(estimate="isotonic")
    profile = alarm_nights.profile_of(with_it, stage.learned, stage.scored, stage.scored_score, stage.threshold)
    evidence = alarm_nights.evidence_of(with_it, profile, stage.watched, stage.watched_score, stage.threshold)
    plain = alarm_nights.nights(alarm_worlds.declared(), evidence, stage.days, stage.days[0])
    nights = alarm_nights.nights(with_it, estimated(evidence, profile, stage), stage.days, stage.days[0])
    by_it = sum(any(one.kind == "estimate" and one.violated for one in night.checks) for night in nights)
    return Watched(sum(night.violated for night in nights), sum(night.violated for night in plain), by_it)


def estimated(evidence: Evidence, profile: Profile, stage: Stage) -> Evidence:
    """The evidence of a version whose training kept an estimator."""
    decided = (stage.scored_score >= stage.threshold).astype(np.int8)
    judged = Judged(stage.scored.days, stage.scored.label, stage.scored_score, decided)
    made = estimator.fit("isotonic", judged, alarm_worlds.declared().calendar.scores)
    assert made is not None
    lines = [line for rows in _days(stage) for line in estimates.of_rows(rows, made)]
    profile = replace(profile, estimator=made)
    assert evidence.reference is not None
    seen = replace(evidence.seen, estimates=estimates.by_day(lines, registry.CHAMPION, VERSION))
    return replace(evidence, profile=profile, reference=replace(evidence.reference, profile=profile), seen=seen)


def _days(stage: Stage) -> Iterator[ScoredRows]:
    for day in np.unique(stage.watched.days):
        kept = stage.watched.days == day
        score = stage.watched_score[kept]
        decided = (score >= stage.threshold).astype(np.int8)
        yield ScoredRows(
            day.astype("datetime64[D]").astype(object),
            registry.CHAMPION,
            VERSION,
            score,
            decided,
            stage.watched.label[kept],
            {},
        )


def run(worlds: int) -> None:
    """Print the table."""
    lines = []
    for season in (False, True):
        for rows in (60, 600):
            found = [watch(alarm_worlds.stage(World(rows, season, seed))) for seed in range(worlds)]
            means = (np.mean([getattr(one, name) for one in found]) for name in ("violated", "without", "by_estimate"))
            name = "with a weekly season" if season else "no season"
            lines.append([name, rows, len(found), *(f"{mean:.2f}" for mean in means)])
    print(f"\n{tabulate(lines, HEAD, tablefmt='github', disable_numparse=True)}", flush=True)
