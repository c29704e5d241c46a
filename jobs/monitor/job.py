"""Monitor: mature labels, measure performance and drift, give the verdict: for one use case and one day or a range."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from jobs.asked_days import NOT_SCORED, AskedDays
from jobs.labels import outcomes
from jobs.monitor import drift, estimate_update, evidence, performance_update, retraining, rollback_decision
from jobs.monitor.alarms.checks import longest_window
from jobs.monitor.arguments import MonitorArguments
from jobs.monitor.result import DayVerdict, MonitorResult, RollbackForm
from jobs.monitor.triggers import RetrainingDecision
from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import InputsMissing
from lakehouse.evaluation import undeclared_classes
from lakehouse.models import version_selection
from lakehouse.storage import partition_rows, table_shape

log = logging.getLogger(__name__)


def run(arguments: MonitorArguments) -> MonitorResult:
    """Monitor the days; what is up to date makes no commit.

    On a day that is not scored labels of one that is may mature: they are measured, and a rollback decided on. The day itself has
    no verdict.
    """
    use_case, days = loader.by_name(arguments.use_case), arguments.days
    asked, rhythm = AskedDays.of_built(use_case, days), use_case.calendar.scores
    scored_by = _scored_by(use_case, asked.scored)
    later = _later_verdicts(use_case, days[-1], set(scored_by))
    verdict_days = [*asked.scored, *later]

    maturity = dt.timedelta(days=use_case.maturity_days)
    ends = [day - maturity for day in (*days, *later) if day - maturity >= use_case.calendar.start]
    matured = [day for day in ends if rhythm.includes(day)]
    # A label that comes late or is corrected still counts while its day is in a window.
    watched = {past for day in ends for past in rhythm.newest(day, use_case.drift.window_days) if past in scored_by}
    written = outcomes.mature(use_case, sorted(watched.union(matured)), arguments.force) if ends else []
    changed = performance_update.measure(use_case, sorted(watched), arguments.force)
    undeclared = undeclared_classes.in_outcomes(use_case, matured[-1:])
    if undeclared:
        log.warning("monitor: %s: %s", matured[-1], undeclared_classes.words(use_case, undeclared))

    recent = {past for day in verdict_days for past in rhythm.newest(day, use_case.drift.window_days)}
    changed = estimate_update.keep(use_case, recent.intersection(scored_by), arguments.force) or changed
    rows = _drift_rows(use_case, {day: scored_by[day] for day in verdict_days})
    if use_case.drift.measured:
        # A use case that turns measured alarms on adds their columns.
        table_shape.ensure(tables.drift(use_case))
    changed = partition_rows.replace(tables.drift(use_case), verdict_days, rows) or changed
    verdicts = {day: DayVerdict.from_rows(rows, day) for day in verdict_days}
    why = "nobody is in the population" if days[-1] in asked.nobody else f"calendar.scores: {rhythm}"
    unscored = f"{days[-1]} is not scored ({why})"
    last = verdicts[asked.scored[-1]] if asked.scored else DayVerdict.none(days[-1], unscored)

    # A range is decided on once, on its last scored day; so is each later day whose verdict was repeated.
    decided, newest = [*asked.scored[-1:], *later], max(scored_by, default=days[-1])
    known = retraining.trainings(use_case, dt.datetime.now(dt.UTC)) if decided else None
    decisions = {
        day: retraining.decide(use_case, day, scored_by[day], known, day == newest) for day in decided if known
    }
    # A day that is not scored asks for nothing by itself.
    newest_judged = verdict_days[-1] if verdict_days else days[-1]
    retrain_for = max((day for day, decision in decisions.items() if decision.retrain), default=newest_judged)
    decision = decisions.get(retrain_for, RetrainingDecision(False, (unscored,)))
    because = verdicts.get(retrain_for, last).reasons
    if decision.retrain:
        retraining.request(use_case, retrain_for, scored_by[retrain_for], because, decision, arguments.actor)
    rollback = rollback_decision.decide(use_case)
    log.info("monitor: %s %s: retrain %s: %s", days[-1], last.verdict, decision.retrain, "; ".join(decision.reasons))
    return MonitorResult(
        **vars(last),
        status="monitored" if written or changed else "unchanged" if asked.scored else NOT_SCORED,
        message=asked.message,
        not_scored=asked.others,
        retrain=decision.retrain,
        retrain_reasons=list(decision.reasons),
        retrain_triggers=list(decision.triggers),
        retrain_for=retrain_for,
        retrain_because=because,
        roll_back=rollback.roll_back,
        roll_back_reasons=list(rollback.reasons),
        rollback=RollbackForm(
            from_version=rollback.from_version,
            to_version=rollback.to_version,
            rescore=use_case.rollout.rollback_rescores,
            reason="; ".join(rollback.reasons),
        ),
        judged_again=later,
        outcomes_partition=matured[-1] if matured else None,
        outcomes_written=written,
        labelled_rows=performance_update.labelled_rows(use_case, matured[-1]) if matured else 0,
        undeclared_labels=undeclared,
        days=[verdicts[day] for day in asked.scored],
    )


def _scored_by(use_case: UseCase, days: list[dt.date]) -> dict[dt.date, int]:
    """The champion of every scored day; raises InputsMissing when one of ``days`` is not scored."""
    scored_by = version_selection.scored_by(use_case)
    if absent := [day for day in days if day not in scored_by]:
        raise InputsMissing(
            f"{tables.scores(use_case).full_name}: expected the champion's scores of {len(days)} day(s), "
            f"{len(absent)} are not there, such as {absent[0]}; score first: "
            f"python -m jobs score --use-case {use_case.name} --partition {absent[0]}"
        )
    return scored_by


def _later_verdicts(use_case: UseCase, last: dt.date, scored: set[dt.date]) -> list[dt.date]:
    """The later days that have their verdict already and look back at ``last``.

    In a backfill days are scored in any order: the days after one that comes late were measured without it, and now count it.
    """
    rhythm, day = use_case.calendar.scores, dt.timedelta(days=1)
    # The first day whose window does not reach back to it, as the window of scores, and as that of matured labels.
    beyond = rhythm.after(last, longest_window(use_case.drift)) + use_case.maturity_days * day
    after = rhythm.between(last + day, beyond - day)
    present = {row["partition"] for row in partition_rows.read(tables.drift(use_case), after)}
    return sorted(present & scored)


def _drift_rows(use_case: UseCase, scored_by: dict[dt.date, int]) -> list[dict[str, Any]]:
    """Rows of the drift table for each day, against the profile of the version that scored it."""
    rows: list[dict[str, Any]] = []
    for version in sorted(set(scored_by.values())):
        days = [day for day in sorted(scored_by) if scored_by[day] == version]
        gathered = evidence.gather(use_case, version, days)
        for day in days:
            checks = drift.checks_of_day(day, use_case, gathered)
            rows += drift.rows(day, version, checks, drift.verdict_of(checks, use_case, gathered))
    return rows
