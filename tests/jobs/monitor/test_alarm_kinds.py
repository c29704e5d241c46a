"""Each kind of thing that measured alarms watch: quiet while ordinary, and found by its own statistic once it happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from jobs.monitor.alarms import checks, of_deliveries, of_means
from jobs.monitor.alarms.budget import PARTS, Tally
from jobs.monitor.alarms.contrasts import of_column
from jobs.monitor.alarms.finding import Finding
from jobs.monitor.alarms.means import Means
from jobs.monitor.alarms.passing import SURE, passing
from jobs.monitor.alarms.reference import Reference
from jobs.monitor.alarms.seen import Delivered
from jobs.monitor.alarms.windows import Recent
from lakehouse.evaluation import residuals
from tests.bench import alarm_nights, alarm_worlds
from tests.bench.alarm_nights import Night, Stage
from tests.bench.alarm_worlds import CHANGES, World

pytestmark = pytest.mark.quick
SINCE = 3
START = dt.date(2024, 1, 1)


@pytest.fixture(scope="module")
def quiet() -> Stage:
    """Ten ordinary days of a world without a season."""
    return alarm_worlds.stage(World(600, False, 21), 10)


def named(nights: list[Night]) -> set[tuple[str, str]]:
    return {(one.feature, one.statistic) for night in nights for one in night.checks if one.violated}


def since(stage: Stage) -> np.ndarray:
    return stage.watched.days >= np.datetime64(stage.days[SINCE])


def surer(stage: Stage) -> Stage:
    logit = np.log(stage.watched_score / (1 - stage.watched_score))
    score = np.where(since(stage), 1 / (1 + np.exp(-4.0 * logit)), stage.watched_score)
    return replace(stage, watched_score=score)


def fewer(stage: Stage, until: int | None = None) -> Stage:
    """Four rows of ten are left, from one day on, or until another."""
    kept, rows = ~since(stage) | (np.random.default_rng(1).random(len(stage.watched)) < 0.4), stage.watched
    if until is not None:
        kept |= rows.days >= np.datetime64(stage.days[until])
    its = {name: values[kept] for name, values in rows.slices.items()}
    part = replace(rows, features=rows.features[kept], label=rows.label[kept], days=rows.days[kept], slices=its)
    return replace(stage, watched=part, watched_score=stage.watched_score[kept])


def higher(stage: Stage) -> Stage:
    return replace(stage, watched_score=np.where(since(stage), stage.watched_score**0.25, stage.watched_score))


@pytest.mark.parametrize(
    ("happens", "found"),
    [
        (surer, ("score", "confidence")),
        (fewer, ("rows", "volume")),
        (higher, ("decision", "share")),
    ],
)
def test_scores_and_volume_are_found_by_their_own_statistic(
    quiet: Stage, happens: Callable[[Stage], Stage], found: tuple[str, str]
) -> None:
    nights = happens(quiet).nights(alarm_worlds.declared())
    assert not named(nights[:SINCE])
    assert found in named(nights[SINCE:])


def deliveries(happens: Callable[[Delivered], Delivered], days: int = 7) -> list[Finding]:
    """What is found of a source of about 500 rows whose newest three days are others."""
    dice, trained = np.random.default_rng(2), [START + dt.timedelta(days=number) for number in range(60)]
    newest = [START + dt.timedelta(days=60 + number) for number in range(days)]
    by_day = {
        day: Delivered(rows, int(dice.binomial(rows, 0.01)), int(dice.binomial(rows, 0.005)))
        for day in [*trained, *newest]
        for rows in [int(dice.poisson(500))]
    }
    by_day |= {day: happens(by_day[day]) for day in newest[-3:]}
    tally = Tally()
    of_deliveries.deliveries("plan", by_day, trained, newest, tally)
    return list(tally.findings(365))


def test_duplicates_rejected_rows_and_the_size_of_deliveries_are_each_found_by_name() -> None:
    assert not [one for one in deliveries(lambda one: one) if one.violated]
    for happens, statistic in (
        (lambda one: replace(one, duplicates=one.duplicates + 40), "duplicates"),
        (lambda one: replace(one, rejected=one.rejected + 40), "rejected"),
        (lambda one: replace(one, rows=one.rows // 3), "volume"),
    ):
        violated = [one for one in deliveries(happens) if one.violated]
        assert {(one.feature, one.statistic) for one in violated} == {("plan", statistic)}
        assert violated[0].newest_chance is not None and violated[0].newest_chance < SURE


def test_a_source_that_is_late_has_no_finding_of_the_days_that_did_not_come() -> None:
    trained = [START + dt.timedelta(days=number) for number in range(60)]
    tally = Tally()
    of_deliveries.deliveries(
        "plan", {day: Delivered(500, 5, 2) for day in trained}, trained, [START + dt.timedelta(days=70)], tally
    )
    assert not list(tally.findings(365))


def test_a_day_that_was_built_again_is_a_fact_and_no_violation(quiet: Stage) -> None:
    use_case = alarm_worlds.declared()
    profile = alarm_nights.profile_of(use_case, quiet.learned, quiet.scored, quiet.scored_score)
    evidence = alarm_nights.evidence_of(use_case, profile, quiet.watched, quiet.watched_score)
    seen = replace(evidence.seen, built_again=(quiet.days[4],))
    assert evidence.reference is not None
    found = checks.of_day(quiet.days[5], use_case, evidence.reference, evidence.features, evidence.scores, seen)
    fact = next(one for one in found if one.statistic == "built_again")
    assert fact.value == 1 and not fact.violated
    assert not checks.verdict(found).violated and "built again" in "; ".join(checks.verdict(found).reasons)


def test_the_balance_of_decided_classes_is_watched_by_its_shape(quiet: Stage) -> None:
    use_case = alarm_worlds.declared()
    profile = alarm_nights.profile_of(use_case, quiet.learned, quiet.scored, quiet.scored_score)
    assert profile.history is not None
    reference = Reference(profile, profile.history, classes=True)
    recent = Recent.of(quiet.days[:3], quiet.days[:3])
    usual = profile.history.score_counts.sum(axis=0) / profile.history.score_counts.sum()
    # One class takes nearly all rows.
    changed = 0.2 * usual
    changed[4] += 0.8
    for shares, violated in ((usual, False), (changed, True)):
        tally = Tally()
        counts = np.random.default_rng(3).multinomial(600, shares, size=3)
        of_means.scores(reference, recent, counts, tally)
        found = [one for one in tally.findings(365) if one.statistic == "shape"]
        assert [one.violated for one in found] == [violated]


def test_a_relation_that_turns_round_is_named_and_a_version_without_relations_is_judged_by_the_rest() -> None:
    turned = next(change for change in CHANGES if change.turned)
    use_case = alarm_worlds.declared()
    stage = alarm_worlds.stage(World(600, True, 12, turned, SINCE), SINCE + 4)
    profile = alarm_nights.profile_of(use_case, stage.learned, stage.scored, stage.scored_score)
    assert profile.history is not None
    old = replace(profile, history=replace(profile.history, relations={}))
    last = []
    for made in (profile, old):
        evidence = alarm_nights.evidence_of(use_case, made, stage.watched, stage.watched_score)
        last.append(alarm_nights.nights(use_case, evidence, stage.days, stage.days[0])[-1])
    new, before = last
    assert ("plain", "relation") in named([new]) and not {"skewed", "degrees"} & {name for name, _ in named([new])}
    rest = [one for one in new.checks if one.statistic != "relation"]
    assert [(one.feature, one.statistic, one.value) for one in before.checks if one.kind != "verdict"] == [
        (one.feature, one.statistic, one.value) for one in rest
    ]


def test_contrasts_have_mean_0_and_variance_1_over_trainings_rows(quiet: Stage) -> None:
    use_case = alarm_worlds.declared()
    profile = alarm_nights.profile_of(use_case, quiet.learned, quiet.scored, quiet.scored_score)
    assert profile.history is not None
    reference = Reference(profile, profile.history)
    assert {one.column.name for one in reference.contrasts} == set(alarm_worlds.NAMES)
    for name, column in reference.features.items():
        shares = np.where(column.known, column.counts[0].sum(axis=0), 0) / column.counts[0][:, column.known].sum()
        for one in of_column(column):
            assert shares @ one.weights == pytest.approx(0, abs=1e-9), name
            assert shares @ one.weights**2 == pytest.approx(1, abs=1e-9), name
            assert one.weights[-1] == 0


def test_residuals_are_the_same_digits_in_any_order() -> None:
    dice = np.random.default_rng(4)
    for _ in range(30):
        rows, width = int(dice.integers(1, 500)), int(dice.integers(1, 12))
        bins, residual = dice.integers(width, size=rows), dice.normal(size=rows) * 10.0 ** dice.integers(-3, 6)
        residual[dice.random(rows) < 0.1] = np.nan
        order = dice.permutation(rows)
        (counted, total), (again, total_again) = (
            residuals.by_bin(bins[its], residual[its], width) for its in (np.arange(rows), order)
        )
        assert np.array_equal(counted, again) and np.array_equal(total, total_again)
        assert counted.sum() == np.count_nonzero(~np.isnan(residual))
        assert total.sum() == pytest.approx(np.nansum(residual))


def test_a_spell_that_goes_on_is_no_fresh_evidence_and_a_shift_is() -> None:
    dice, days = np.random.default_rng(5), 104
    weekday, seldom, often = np.arange(days + 3) % 7, 0, 0
    for _ in range(300):
        # Days remember half of the day before.
        noise, daily = dice.normal(size=days), np.zeros(days)
        for day in range(1, days):
            daily[day] = 0.5 * daily[day - 1] + noise[day]
        made = Means.of(np.full((1, days), 600.0), daily[None], np.full(1, 0.01), weekday[:days])
        # A spell begins by itself, three deviations high, and fades as days do.
        spell = [3.5]
        for _ in range(2):
            spell.append(0.5 * spell[-1] + dice.normal())
        rows = np.full((1, 3), 600.0)
        seldom += int(made.newest(rows, np.array([spell]), weekday[days:])[0] < SURE)
        shifted = np.array([[14.0, 14.0, 14.0]])
        often += int(made.newest(rows, shifted, weekday[days:])[0] < SURE)
    assert seldom <= 6 and often >= 250


def test_what_asks_for_a_training_lasts() -> None:
    lasting = {"chance": 1e-9, "violated": True, "newest_chance": 1e-6}
    spell = lasting | {"newest_chance": 0.2}
    ordinary = {"chance": 0.3, "violated": False, "newest_chance": None}
    limit = {"chance": None, "violated": True}
    assert passing([lasting, spell, ordinary]) == ""
    assert "spell that passes (chance 0.2" in passing([spell, ordinary])
    assert passing([ordinary]) == "the newest day is in order"
    # By declared limits nothing is known of chance: they ask as ever.
    assert passing([limit]) == "" and passing([]) == ""


def test_the_part_of_a_group_without_tests_goes_to_the_others() -> None:
    assert sum(PARTS.values()) == pytest.approx(1)
    few, all_of_them = Tally(), Tally()
    for group in PARTS:
        all_of_them.add(group, 1, [])
    few.add("features", 1, [])
    few.add("labels", 1, [])
    of_few = sum(PARTS[group] / sum(PARTS[one] for one in few.tests) for group in few.tests)
    assert of_few == pytest.approx(1)


@pytest.mark.parametrize(("rows", "later"), [(600, 0), (60, 2)])
def test_a_shift_asks_for_a_training_as_soon_as_enough_days_are_violated_or_soon_after(rows: int, later: int) -> None:
    use_case = alarm_worlds.declared(cooldown_days=0)
    nights = alarm_worlds.stage(World(rows, True, 22, CHANGES[0], SINCE), SINCE + 8).nights(use_case)
    violated = [night.violated for night in nights]
    enough = [sum(violated[max(0, place - 4) : place + 1]) >= 3 for place in range(len(violated))]
    assert any(enough) and [night.retrain for night in nights].index(True) - enough.index(True) in range(later + 1)


def test_two_days_like_no_other_are_a_verdict_and_no_training(quiet: Stage) -> None:
    nights = fewer(quiet, until=SINCE + 2).nights(alarm_worlds.declared(cooldown_days=0, violated_days=2))
    assert sum(night.violated for night in nights) == 2
    assert not any(night.retrain for night in nights)
