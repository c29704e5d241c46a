"""What is done with a declaration that loads: each stage, as far as it needs no data."""

from __future__ import annotations

import datetime as dt
import itertools
import re

import numpy as np
import optuna
import pytest
import xgboost

from include.orchestration import assets, late_night, model_docs, night_docs, schedules, source_docs
from jobs.gate import checks
from jobs.gate.results import ChallengerResult, ChampionResult, IntervalEstimate, SliceGap
from jobs.ingest import volume
from jobs.monitor import triggers, verdict
from jobs.monitor.triggers import Known
from jobs.train.search import space
from jobs.train.split import PARTS, Split
from lakehouse import tables
from lakehouse.analyst import odcs
from lakehouse.arrivals import freshness
from lakehouse.declaration import UseCase
from lakehouse.models import category_record
from lakehouse.models.class_decision import ClassRule
from lakehouse.storage import table_schema

DAY = dt.date(2024, 5, 1)
A_DAY = dt.timedelta(days=1)


def runs(use_case: UseCase, dice: int) -> None:
    assert UseCase.model_validate_json(use_case.model_dump_json()) == use_case
    _tables(use_case)
    _schedules(use_case)
    _contracts(use_case, dice)
    _windows(use_case)
    _trains(use_case, dice)
    _decides(use_case, dice)


def _tables(use_case: UseCase) -> None:
    made = [
        *tables.of_use_case(use_case),
        *(table for source in use_case.sources for table in tables.of_source(source)),
    ]
    assert len({table.full_name for table in made}) == len(made)
    for table in made:
        assert len({name.lower() for name in table.column_names}) == len(table.column_names)
        assert {*table.key, *table.partition_by, *table.indexed} <= set(table.column_names)
        table_schema.arrow_schema(table), table_schema.properties(table)


def _schedules(use_case: UseCase) -> None:
    from airflow.timetables.base import TimeRestriction

    start = schedules.start(use_case)
    for source in use_case.sources:
        nightly = schedules.nightly(use_case, source)
        nightly.validate()
        restored = type(nightly).deserialize(nightly.serialize())
        import pendulum

        within = TimeRestriction(earliest=pendulum.instance(start), latest=None, catchup=True)
        restored.next_dagrun_info_v2(last_dagrun_info=None, restriction=within)
        source_docs.ingest(use_case, source)
        assets.silver(source)
    schedules.when_inputs_arrive(use_case), schedules.when_updated(use_case, assets.scores(use_case))
    schedules.when_scored_or_matured(use_case)
    for page in (
        night_docs.features,
        night_docs.score,
        model_docs.train,
        model_docs.rollback,
        model_docs.retire,
        night_docs.restate,
        night_docs.monitor,
    ):
        page(use_case)


def _contracts(use_case: UseCase, dice: int) -> None:
    for source in use_case.sources:
        odcs.contract(use_case, source, "1").to_yaml()
        freshness.due_at(use_case, source, DAY) if source.freshness else None
        if source.volume is not None:
            volume.problem(source.volume, DAY, dice, {DAY - dt.timedelta(days=back): dice % 7 for back in range(40)})
        for column in source.columns:
            for value in column.allowed or ():
                assert column.pattern is None or re.fullmatch(column.pattern, value)
            if column.pattern is not None:
                re.fullmatch(column.pattern, f"a{dice}")


def _windows(use_case: UseCase) -> None:
    split = Split.for_day(use_case, max(DAY, use_case.calendar.start) + dt.timedelta(days=400))
    ends = [day for part in PARTS for day in (getattr(split, part).first, getattr(split, part).last)]
    assert all(one <= other for one, other in itertools.pairwise(ends))
    assert use_case.split.holdout.last >= use_case.maturity_days >= 0
    assert use_case.label_in_words and set(use_case.label.sources) <= set(use_case.reads)


def _trains(use_case: UseCase, dice: int) -> None:
    """As a search does: the middle of the ranges, suggested by a trial, two trees on few rows, and the scores explained."""
    model, objective = use_case.model, use_case.model.objective
    point = space.middles(model)
    assert space.fits(model, point)
    trial = optuna.trial.FixedTrial(point)
    suggested = {name: space.suggest(trial, name, span) for name, span in space.ranges(model).items()}
    classes = len(use_case.classes)
    given_parameters = space.parameters(model, suggested, nthread=1, classes=classes)
    random = np.random.default_rng(dice)
    rows = random.random((24, len(use_case.features)))
    of_levels = [place for place, feature in enumerate(use_case.features) if feature.type == "category"]
    rows[:, of_levels] = random.integers(0, 5, (24, len(of_levels)))
    levels = dict.fromkeys(use_case.category_names, tuple("abcde"))
    types = category_record.feature_types(use_case.feature_names, levels)
    label = (np.arange(24) % (classes or 2)).astype(float) if classes else random.integers(0, 2, 24).astype(float)
    label = label + 0.5 if objective.above == 0 else label
    matrix = xgboost.QuantileDMatrix(
        rows, label, max_bin=int(given_parameters["max_bin"]), nthread=1, feature_types=types
    )
    booster = xgboost.train(
        given_parameters,
        matrix,
        num_boost_round=min(2, model.max_rounds),
        evals=[(matrix, "validation")],
        verbose_eval=False,
        callbacks=[xgboost.callback.EarlyStopping(rounds=model.early_stopping_rounds)],
    )
    if classes:
        odds = np.exp(booster.predict(xgboost.DMatrix(rows, feature_types=types), pred_contribs=True).sum(axis=2))
        shares = odds / odds.sum(axis=1, keepdims=True)
        assert shares == pytest.approx(booster.inplace_predict(rows), abs=1e-3, nan_ok=True)
        decided = ClassRule.declared(use_case).decide(shares)
        assert {use_case.classes[number] for number in decided} <= set(use_case.classes)
        return
    margins = booster.predict(xgboost.DMatrix(rows, feature_types=types), pred_contribs=True).sum(axis=1)
    for margin, score in zip(margins, booster.inplace_predict(rows), strict=True):
        assert np.isnan(score) or objective.score(float(margin)) == pytest.approx(float(score), rel=1e-3, abs=1e-3)


def _decides(use_case: UseCase, dice: int) -> None:
    random = np.random.default_rng(dice)
    gate = use_case.gate
    some = {name: float(random.random()) for name in (gate.metric, *gate.floors)}
    gap = IntervalEstimate(float(random.normal()), -0.1, 0.1, 1000, 9)
    gaps = tuple(SliceGap(limit, "x", gap) for limit in gate.fairness)
    champion = ChampionResult(1, metrics=some, gain=gap)
    assert checks.decide(gate, ChallengerResult(some, gaps), champion).reasons
    drift = use_case.drift
    limit = verdict.feature_limit(0.1, drift)
    measured = [verdict.check("feature", "x", "psi", float(random.random()), limit, "x")]
    assert verdict.day_verdict(measured, drift).reasons
    verdict.retraining(DAY, {DAY: True}, drift, None, [DAY - dt.timedelta(days=1)])
    both = frozenset({triggers.DRIFT, triggers.PERFORMANCE})
    known = Known(violated={DAY: both}, champion_trained_for=None, trained_for=[DAY - 99 * A_DAY], new_labels=10**6)
    decision = triggers.decide(DAY, use_case.retrain, drift, known)
    assert decision.reasons and (decision.retrain or not decision.triggers)
    assert all(one.way.address for one in use_case.alerts.to)
    for alert in late_night.of_use_case(use_case).get("deadline", ()):
        assert alert.reference.of_partition(f"{DAY}", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)) is not None
