"""Declarations are drawn by changing one that is right, in every section; whatever loads goes through all that reads one."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import xgboost
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

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

BASE = yaml.safe_load((Path(__file__).parent / "use_cases" / "bakery_sales" / "use_case.yaml").read_text())
DAY = dt.date(2024, 5, 1)
A_DAY = dt.timedelta(days=1)

small = st.integers(min_value=-2, max_value=40)
numbers = st.one_of(
    small, st.sampled_from([0.5, 1.5, -0.1, 1e-9, 1e39, float("nan"), float("inf"), 2**31]), st.floats()
)
names = st.sampled_from(
    ["shop", "bread", "planned", "price", "sold", "partition", "path", "score", "role", "label", "value", "all"]
)
more_names = names | st.sampled_from(
    ["slice_shop", "day_of_week", "inputs_fingerprint", "bakery_plan", "line", "Shop", "_x", "a.b", ""]
)
texts = st.sampled_from(["x", "", "a'b", "a\nb", "{{ x }}", "é", "%s", "*.md", "no"])
anything = st.one_of(numbers, more_names, texts, st.booleans(), st.none(), st.lists(numbers, max_size=2))
parameters = st.sampled_from(
    [
        "eta",
        "max_depth",
        "gamma",
        "subsample",
        "reg_lambda",
        "max_bin",
        "learning_rate",
        "max_leaves",
        "base_score",
        "num_parallel_tree",
        "min_child_weight",
        "scale_pos_weight",
        "huber_slope",
        "tweedie_variance_power",
        "max_dept",
        "seed",
        "objective",
        "booster",
        "colsample_bytree",
        "rate_drop",
        "one_drop",
        "max_delta_step",
        "grow_policy",
        "monotone_constraints",
        "interaction_constraints",
    ]
)
values = numbers | st.sampled_from(
    [
        "count:poisson",
        "reg:gamma",
        "reg:tweedie",
        "reg:logistic",
        "rank:ndcg",
        "reg:absoluteerror",
        "dart",
        "gblinear",
        "lossguide",
        "(1,0,0,-1)",
        "(1,0)",
        "[[0,1],[2,3]]",
        "[[9]]",
        "1e-3",
    ]
)
ranges = st.fixed_dictionaries(
    {"low": numbers, "high": numbers}, optional={"log": st.booleans(), "integer": st.booleans()}
)
columns = st.fixed_dictionaries(
    {"name": more_names, "type": st.sampled_from(["int", "long", "double", "boolean", "date", "timestamp"])},
    optional={"minimum": numbers, "maximum": numbers, "nullable": st.booleans()},
) | st.fixed_dictionaries(
    {"name": more_names, "type": st.just("string")},
    optional={
        "nullable": st.booleans(),
        "allowed": st.lists(texts, max_size=3),
        "pattern": st.sampled_from(["[a-z]+", "a$", "(", "(?i)x", "a{99999999999}", "(?P<y>a)\\1", ""]),
    },
)
receivers = st.fixed_dictionaries(
    {"name": more_names},
    optional={
        "email": st.fixed_dictionaries({"to": st.lists(texts | st.just("a@b.c"), max_size=2)}),
        "webhook": st.fixed_dictionaries({"connection": more_names}, optional={"form": texts | st.just("slack")}),
        "file": st.fixed_dictionaries({}, optional={"path": texts}),
        "events": st.lists(st.sampled_from(["late", "held", "x"]), max_size=2),
    },
)
SECTIONS: dict[tuple[str | int, ...], st.SearchStrategy[Any]] = {
    ("calendar", "nightly"): st.sampled_from(
        [
            "30 3 * * *",
            "@daily",
            "0 1 L * *",
            "61 * * * *",
            "0 1 30 2 *",
            "x",
            "* * * * *",
            "0 0 29 2 *",
            "R 1 * * *",
            "0 1 * * 5#5",
        ]
    )
    | st.builds(
        " ".join,
        st.lists(st.sampled_from(["*", "1", "*/5", "1-3", "7", "31", "L", "?", "1,2"]), min_size=4, max_size=6),
    ),
    ("calendar", "timezone"): st.sampled_from(
        ["UTC", "Europe/Paris", "America", "Asia/Kathmandu", "localtime", "Pacific/Apia", ""]
    ),
    ("calendar", "start"): st.dates() | numbers,
    ("calendar", "end"): st.dates() | st.none(),
    ("calendar", "scores"): st.sampled_from(
        ["daily", {"weekly": ["monday"]}, {"weekly": ["monday", "friday"]}, {"monthly": [1, 15]}]
    )
    | st.fixed_dictionaries(
        {}, optional={"weekly": st.lists(texts, max_size=2), "monthly": st.lists(numbers, max_size=3)}
    ),
    ("sources", 0, "columns", 2): columns,
    ("sources", 1, "columns", 2): columns,
    ("sources", 0, "key"): st.lists(more_names, max_size=3),
    ("sources", 0, "name"): more_names,
    ("sources", 0, "volume"): st.fixed_dictionaries(
        {}, optional={n: numbers for n in ("at_least", "at_most", "of_days", "min_days")}
    ),
    ("sources", 0, "freshness", "hours"): numbers,
    ("sources", 1, "arrives_after_days"): numbers,
    ("sources", 1, "cadence"): st.sampled_from(["daily", "occasional"]),
    ("sources", 2, "name"): more_names | st.just("bakery_plan_rejects"),
    ("entity", "key"): st.lists(more_names, max_size=3),
    ("entity", "rows"): st.sampled_from(["of_day", "known"]),
    ("entity", "where"): st.sampled_from(
        ["price > 2", "planned", "partition >= DATE '2024-01-01'", "(", "", "sold = 1"]
    ),
    ("sources", 0, "cadence"): st.sampled_from(["daily", "occasional"]),
    ("sources", 0, "delivers"): st.sampled_from(["changes", "snapshot"]),
    ("inputs",): st.lists(
        st.fixed_dictionaries(
            {"source": st.sampled_from(["bakery_plan", "bakery_sales_counted", "bakery_shops", "x"])},
            optional={"first": small, "last": small},
        ),
        max_size=3,
    ),
    ("features", 0, "name"): more_names,
    ("features", 1, "type"): st.sampled_from(["category", "number"]) | anything,
    ("model", "max_levels"): numbers,
    ("label",): st.fixed_dictionaries(
        {
            "inputs": st.lists(
                st.fixed_dictionaries(
                    {
                        "source": st.sampled_from(["bakery_plan", "bakery_sales_counted", "bakery_shops", "x"]),
                        "to_day": small,
                    },
                    optional={"from_day": small},
                ),
                max_size=2,
            )
        },
        optional={"at_least": numbers, "is": texts | st.booleans(), "maturity_days": small},
    ),
    ("label", "column"): more_names,
    ("label", "maturity_days"): numbers,
    ("label", "at_least"): numbers,
    ("label", "is"): texts | numbers | st.booleans(),
    ("label", "classes"): st.lists(texts | small, max_size=4),
    ("split", "holdout"): st.fixed_dictionaries({"first": small, "last": small}),
    ("model", "task"): st.sampled_from(["regression", "classification", "multiclass"]),
    ("model", "costs"): st.dictionaries(texts, st.dictionaries(texts, numbers, max_size=2), max_size=2),
    ("model", "fixed"): st.dictionaries(parameters, values, max_size=2),
    ("model", "search"): st.dictionaries(parameters, ranges, max_size=2),
    ("model", "trials"): numbers,
    ("model", "early_stopping_rounds"): numbers,
    ("model", "seed"): numbers,
    ("gate", "metric"): st.sampled_from(["rmse", "mae", "r2", "mape", "roc_auc", "precision"]),
    ("gate", "min_improvement"): numbers,
    ("gate", "floors"): st.dictionaries(st.sampled_from(["rmse", "r2", "roc_auc"]), numbers, max_size=2),
    ("gate", "max_slice_worsening"): numbers,
    ("gate", "fairness"): st.lists(
        st.fixed_dictionaries(
            {"slice": more_names, "metric": st.sampled_from(["mae", "recall", "calibration_gap"]), "max_gap": numbers}
        )
    ),
    ("gate", "approval"): st.fixed_dictionaries({}, optional={"hours": numbers}),
    ("drift",): st.fixed_dictionaries(
        {},
        optional={
            n: numbers
            for n in ("window_days", "bins", "ordinary_quantile", "violated_days", "of_days", "cooldown_days")
        },
    ),
    ("retrain",): st.fixed_dictionaries(
        {},
        optional={
            "triggers": st.lists(st.sampled_from(["drift", "performance", "x"]), max_size=2),
            **{name: numbers for name in ("every_days", "new_labels", "cooldown_days", "at_most_a_month")},
        },
    ),
    ("alerts",): st.fixed_dictionaries(
        {},
        optional={
            "late_after": st.sampled_from(["06:30", "23:59", "24:00", "6:30", "", "{{ x }}"]) | numbers,
            "to": st.lists(receivers, max_size=2),
        },
    ),
    ("rollout",): st.fixed_dictionaries(
        {},
        optional={"shadow": st.booleans(), "canary_share": numbers, "former_nights": small, "rollback_margin": numbers},
    ),
    ("slices",): st.lists(more_names, max_size=2),
    ("reasons",): st.fixed_dictionaries(
        {}, optional={"above_threshold": st.booleans(), "top": numbers, "each": numbers}
    ),
    ("owner",): texts,
    ("title",): texts,
}


def changed(base: dict[str, Any], changes: dict[tuple[str | int, ...], Any]) -> dict[str, Any]:
    content = copy.deepcopy(base)
    for path, value in changes.items():
        place: Any = content
        for part in path[:-1]:
            place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
        place[path[-1]] = value
    return content


# The same with a label of several classes.
SEVERAL = changed(
    BASE,
    {
        ("sources", 1, "columns", 2): {"name": "sold", "type": "string", "nullable": True},
        ("label", "classes"): ["x", "a'b", "A", "no"],
        ("model", "task"): "multiclass",
        ("gate",): {"metric": "macro_f1", "min_improvement": 0.0, "floors": {"recall_x": 0.1}},
    },
)
# What of a label of several classes is worth changing.
OF_CLASSES = [
    ("label", "classes"),
    ("model", "costs"),
    ("model", "fixed"),
    ("gate", "metric"),
    ("reasons",),
    ("slices",),
]

drawn = st.lists(st.sampled_from(list(SECTIONS)), min_size=1, max_size=3, unique=True).flatmap(
    lambda paths: st.fixed_dictionaries({path: SECTIONS[path] for path in paths})
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=drawn, dice=st.integers(min_value=0, max_value=2**16))
def test_whatever_loads_runs(changes: dict[tuple[str | int, ...], Any], dice: int) -> None:
    try:
        use_case = UseCase.model_validate(changed(BASE, changes))
    except ValidationError:
        return
    runs(use_case, dice)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(st.sampled_from(OF_CLASSES), max_size=2, unique=True).flatmap(
        lambda paths: st.fixed_dictionaries({path: SECTIONS[path] for path in paths})
    ),
    dice=st.integers(min_value=0, max_value=2**16),
)
def test_whatever_loads_of_several_classes_runs(changes: dict[tuple[str | int, ...], Any], dice: int) -> None:
    try:
        use_case = UseCase.model_validate(changed(SEVERAL, changes))
    except ValidationError:
        return
    runs(use_case, dice)


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: ".".join(map(str, path)))
def test_no_value_of_a_field_escapes_the_named_error(path: tuple[str | int, ...]) -> None:
    for value in (
        None,
        [],
        {},
        "",
        "x",
        -1,
        10**400,
        True,
        0.5,
        float("nan"),
        dt.date(2024, 1, 1),
        [None],
        {"x": [1]},
        b"x",
    ):
        try:
            use_case = UseCase.model_validate(changed(BASE, {path: value}))
        except ValidationError:
            continue
        runs(use_case, 0)


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
