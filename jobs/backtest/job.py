"""Backtest: walk through past weeks as the platform would have lived through them, and compare with simpler ways.

Nothing is written to the registry or to a table: weeks are kept under the state's folder, and the walk as a run of MLflow.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import asdict, dataclass
from typing import Any

from jobs.backtest import kept_weeks, page, past_week, run_log, steps, summary
from jobs.backtest.arguments import BacktestArguments
from jobs.backtest.past_week import Champions, PastWeek
from jobs.calibrate import history, parameters
from jobs.result import Result
from lakehouse.declaration import Model, UseCase, loader
from lakehouse.errors import TrainingDataMissing
from lakehouse.ops import model_events
from lakehouse.storage import file_locks

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class BacktestResult(Result):
    """The walk. ``status`` is ``walked``, or ``unchanged`` where every week was kept and logged before.

    Attributes:
        use_case: its name.
        candidates: that were tried.
        parameters: where the first point of each week's search is from.
        weeks: each week, see `past_week.PastWeek`.
        resumed: how many of them were kept from an earlier run.
        promotions: in how many weeks the gate promoted.
        standings: how each model stands against the lifecycle, see `summary.Standing`.
        run_id: the MLflow run.
    """

    use_case: str
    candidates: list[str]
    parameters: str
    weeks: list[PastWeek]
    resumed: int
    promotions: int
    standings: list[dict[str, Any]]
    run_id: str


def run(arguments: BacktestArguments) -> BacktestResult:
    """Walk, keep every week, print, and log the walk."""
    use_case = tried(loader.by_name(arguments.use_case), arguments)
    weeks = steps.weeks(arguments.first, arguments.last)
    folder = kept_weeks.folder_of(use_case, "lock")
    with file_locks.locked(folder):
        chosen = parameters.choose(use_case, known_on=arguments.first)
        lived, resumed, last = walk(use_case, weeks, chosen)
        standings = summary.standings(use_case, lived)
        print(page.text(lived, standings))
        end = kept_weeks.folder_of(use_case, last)
        run_id, status = kept_weeks.logged(end), "unchanged"
        if run_id is None:
            params = {
                "from": arguments.first,
                "to": arguments.last,
                "trials": use_case.model.trials,
                "candidates": ",".join(use_case.model.candidates),
                "parameters": chosen.origin,
            }
            name = f"backtest {arguments.first} to {arguments.last}"
            run_id, status = run_log.log(use_case, name, last, params, lived, standings), "walked"
            kept_weeks.mark_logged(end, run_id)
    return BacktestResult(
        status=status,
        use_case=use_case.name,
        candidates=list(use_case.model.candidates),
        parameters=chosen.origin,
        weeks=lived,
        resumed=resumed,
        promotions=sum(week.verdict == model_events.PROMOTED for week in lived),
        standings=[{**asdict(one), "beyond_noise": one.beyond_noise} for one in standings],
        run_id=run_id,
    )


def tried(use_case: UseCase, arguments: BacktestArguments) -> UseCase:
    """The use case with the requested candidates and trials; its declaration is checked again.

    Raises:
        DeclarationError: when the model can't be one of these candidates.
    """
    changed: dict[str, Any] = {"trials": arguments.trials, "minutes": None}
    if arguments.candidates is not None:
        changed["candidates"] = arguments.candidates
    model = Model.model_validate({**use_case.model.model_dump(), **changed})
    return use_case.model_copy(update={"model": model})


def walk(use_case: UseCase, weeks: list[steps.Week], chosen: parameters.Parameters) -> tuple[list[PastWeek], int, str]:
    """The weeks, how many were kept, and the fingerprint of the last."""
    lived, resumed, champions, before = list[PastWeek](), 0, Champions(), ""
    rows, origin = None, repr(sorted(chosen.point.items()))
    for number, week in enumerate(weeks, start=1):
        before = kept_weeks.fingerprint(use_case, week, before, origin)
        folder = kept_weeks.folder_of(use_case, before)
        if (kept := kept_weeks.read(folder, champions)) is not None:
            past, champions = kept
            resumed += 1
        else:
            if rows is None:
                first = max(use_case.calendar.start, week.first - dt.timedelta(days=use_case.split.train.first))
                rows = history.read(use_case, first, weeks[-1].last)
            past, champions = past_week.walk(use_case, rows, week, champions, chosen.point)
            kept_weeks.keep(folder, past, champions)
            log.info(
                "backtest %s: week %d of %d, %s: %s %s, champion of %s, in %.1f s",
                *(use_case.name, number, len(weeks), week.first, past.chosen, past.verdict),
                *(past.champion_of, past.seconds),
            )
        lived.append(past)
    if not any(week.metrics for week in lived):
        why = next((reason for week in lived for reason in week.reasons), "no week has labelled rows")
        raise TrainingDataMissing(
            f"{use_case.name}: expected a week from {weeks[0].first} to {weeks[-1].last} that can be trained for and "
            f"measured, found none: {why}"
        )
    return lived, resumed, before
