"""A walk through past weeks: it knows nothing of what comes, goes on after a kill, and says how the lifecycle stands."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jobs.backtest import chart, kept_weeks, page, past_week, steps, summary
from jobs.backtest.arguments import BacktestArguments
from jobs.backtest.past_week import FIRST, LIFECYCLE, Champions, PastWeek
from jobs.command_line import parse
from jobs.train.plots import figure
from lakehouse.declaration import UseCase
from lakehouse.errors import BadArguments
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs.calibrate import worlds
from tests.jobs.calibrate.worlds import POINT, day

ALL = ("boosted", "linear", "blend")


def tried(world: str) -> UseCase:
    use_case = worlds.declared(world)
    model = use_case.model.model_copy(update={"candidates": ALL, "trials": 1})
    gate = use_case.gate.model_copy(
        update={"baselines": "compare", "min_improvement": 0.0, "floors": {}, "fairness": ()}
    )
    return use_case.model_copy(update={"model": model, "gate": gate})


def walked(use_case: UseCase, rows: TrainingSet, weeks: list[steps.Week]) -> tuple[list[PastWeek], Champions]:
    lived, champions = list[PastWeek](), Champions()
    for week in weeks:
        past, champions = past_week.walk(use_case, rows, week, champions, POINT)
        lived.append(past)
    return lived, champions


def last_weeks(use_case: UseCase, count: int) -> list[steps.Week]:
    end = day(worlds.length(use_case) - 1)
    return steps.weeks(end - dt.timedelta(days=7 * count - 1), end)


@pytest.mark.parametrize("world", ["classification", "regression", "multiclass"])
def test_a_week_has_every_candidate_every_baseline_the_first_champion_and_the_lifecycle(world: str) -> None:
    use_case = tried(world)
    rows = worlds.history(use_case, worlds.length(use_case), 1)
    lived, champions = walked(use_case, rows, last_weeks(use_case, 2))
    assert lived[0].verdict == "promoted" and champions.first is not None and champions.now is not None
    names = {*ALL, "baseline_constant", "baseline_linear", FIRST, LIFECYCLE}
    for week in lived:
        assert set(week.metrics) == names and week.rows and week.chosen in ALL
    assert lived[0].metrics[LIFECYCLE] == lived[0].metrics[FIRST]
    own = {
        name: value for name, value in lived[0].metrics[LIFECYCLE].items() if name in summary.SHOWN[use_case.model.task]
    }
    assert own == {name: lived[0].metrics[lived[0].chosen][name] for name in own}
    standings = summary.standings(use_case, lived)
    assert standings[0].model == LIFECYCLE and {one.model for one in standings} == names
    shown = page.text(lived, standings)
    assert "lifecycle better by" in shown and str(lived[0].first) in shown
    assert figure.png(chart.draw(lived, standings)).startswith(b"\x89PNG")


@pytest.mark.parametrize("world", ["classification", "categories", "weekly"])
def test_what_comes_later_changes_no_model_and_no_verdict(world: str) -> None:
    use_case = tried(world)
    rows = worlds.history(use_case, worlds.length(use_case), 2)
    (week,) = last_weeks(use_case, 1)
    later = rows.days >= np.datetime64(week.first)
    spoiled = replace(
        rows,
        label=np.where(later, 0.0, rows.label),
        features=np.where(later[:, None], np.where(np.isnan(rows.features), 0.0, rows.features * 0), rows.features),
    )
    (one, after), (other, otherwise) = (
        past_week.walk(use_case, some, week, Champions(), POINT) for some in (rows, spoiled)
    )
    assert after == otherwise and (one.verdict, one.reasons, one.chosen) == (other.verdict, other.reasons, other.chosen)
    assert one.metrics != other.metrics
    yesterday = week.first - dt.timedelta(days=use_case.split.holdout.last)
    before = rows.days == max(rows.days[rows.days <= np.datetime64(yesterday)])
    changed = replace(rows, features=np.where(before[:, None] & ~np.isnan(rows.features), 0.0, rows.features))
    assert past_week.walk(use_case, changed, week, Champions(), POINT)[0].reasons != one.reasons


def test_a_week_that_is_kept_is_read_as_it_was(tmp_path: Path) -> None:
    use_case = tried("classification")
    rows = worlds.history(use_case, worlds.length(use_case), 3)
    before = Champions()
    for week in last_weeks(use_case, 3):
        past, after = past_week.walk(use_case, rows, week, before, POINT)
        folder = tmp_path / str(week.first)
        assert kept_weeks.read(folder, before) is None
        kept_weeks.keep(folder, past, after)
        assert kept_weeks.read(folder, before) == (past, after)
        # Killed between the model's file and the week's: it is not done.
        (folder / kept_weeks.WEEK).rename(tmp_path / "away")
        assert kept_weeks.read(folder, before) is None
        (tmp_path / "away").rename(folder / kept_weeks.WEEK)
        before = after


def test_a_week_that_can_not_be_trained_for_says_why_and_the_champion_goes_on() -> None:
    use_case = tried("classification")
    rows = worlds.history(use_case, worlds.length(use_case), 4)
    first, second = last_weeks(use_case, 2)
    lived, champions = walked(use_case, rows, [first])
    few = replace(rows, label=np.where(rows.days < np.datetime64(second.first), np.nan, rows.label))
    past, after = past_week.walk(use_case, few, second, champions, POINT)
    assert past.chosen is None and after == champions and "expected at least" in past.reasons[0]
    assert set(past.metrics) == {FIRST, LIFECYCLE} and past.champion_of == lived[0].first


def weeks_of(own: list[float], other: list[float]) -> list[PastWeek]:
    losses = enumerate(zip(own, other, strict=True))
    by_model = [(n, {LIFECYCLE: {"log_loss": a}, "boosted": {"log_loss": b}}) for n, (a, b) in losses]
    return [
        PastWeek(day(7 * n), day(7 * n + 6), 100, 7, "linear", "held", (), None, metrics) for n, metrics in by_model
    ]


def test_standings_count_weeks_and_tell_a_difference_from_noise() -> None:
    use_case = tried("classification")
    dice = np.random.default_rng(1)
    hard = 0.5 + 0.1 * dice.normal(size=30)
    better = summary.standings(use_case, weeks_of(list(hard - 0.01), list(hard + 0.002 * dice.normal(size=30))))[1]
    assert better.beyond_noise and better.worse == 0 and better.gain == pytest.approx(0.01, abs=0.002)
    same = summary.standings(use_case, weeks_of(list(hard), list(hard + 0.05 * dice.normal(size=30))))[1]
    assert not same.beyond_noise and same.low is not None and same.low < 0 and 5 < same.worse < 25
    (alone,) = summary.standings(use_case, weeks_of([0.5], [0.6]))[1:]
    assert alone.low is None and not alone.beyond_noise and alone.weeks == 1


def test_the_command_line_reads_from_and_to() -> None:
    command = parse(
        ["backtest", "--use-case", "x", "--from", "2024-03-04", "--to", "2024-03-20", "--candidates", "linear,blend"]
    )
    arguments = command.arguments
    assert isinstance(arguments, BacktestArguments) and arguments.candidates == ("linear", "blend")
    weeks = steps.weeks(arguments.first, arguments.last)
    assert [(str(week.first), str(week.last)) for week in weeks] == [
        ("2024-03-04", "2024-03-10"),
        ("2024-03-11", "2024-03-17"),
        ("2024-03-18", "2024-03-20"),
    ]
    with pytest.raises(BadArguments, match=r"--to 2024-03-01 lies before --from 2024-03-04"):
        parse(["backtest", "--use-case", "x", "--from", "2024-03-04", "--to", "2024-03-01"])
    with pytest.raises(BadArguments, match=r"expected some of linear, boosted, blend"):
        parse(["backtest", "--use-case", "x", "--from", "2024-03-04", "--to", "2024-03-09", "--candidates", "magic"])
