"""The judge of a value and of one of several classes; and that order, days and parts make no difference to it."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jobs.score.judge import Judge
from lakehouse import tables
from lakehouse.declaration import UseCase, decision_path
from lakehouse.errors import DeclarationError, NotScorable
from lakehouse.row_rules import evaluation
from lakehouse.storage import commits, table_schema
from tests.jobs import appointments, cards

DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=number) for number in range(3)]
LABEL = {"source": "visits", "column": "minutes_late", "maturity_days": 1}


def regression(root: Path, rules: Any = (), fallback: Any = ()) -> UseCase:
    return appointments.declare(
        root,
        rules=list(rules),
        fallback=list(fallback),
        label={**LABEL, "at_least": None},
        model={"task": "regression"},
        gate={"metric": "rmse", "floors": {}},
    )


def clinic_rows(count: int, seed: int = 1) -> tuple[pa.Table, dict[str, pa.Array]]:
    dice = random.Random(seed)
    rows = pa.table(
        {
            "appointment": pa.array(range(count), pa.int32()),
            "partition": pa.array([DAYS[number % 3] for number in range(count)], pa.date32()),
            "prediction_time": pa.array([dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * count, pa.timestamp("us", "UTC")),
            **{name: pa.array([dice.random() for _ in range(count)]) for name in appointments.FEATURES},
        }
    )
    return rows, {
        "score": pa.array([dice.uniform(-5, 60) for _ in range(count)]),
        "decision": pa.nulls(count, pa.bool_()),
    }


def judged(judge: Judge, rows: pa.Table, model: dict[str, Any], missing: Any = None) -> list[dict[str, Any]]:
    unscored = np.zeros(len(rows), dtype=bool) if missing is None else missing
    columns = judge.judge(rows, model, unscored, np.ones(len(rows), dtype=bool))
    return pa.table(columns).to_pylist()


def test_the_score_of_a_value_is_kept_within_bounds_and_decides_nothing(lakehouse_root: Path, tmp_path: Path) -> None:
    rules = [
        {"name": "none", "when": "age < 0.3", "cap": 0, "floor": 0},
        {"name": "not_below", "when": "score < 0", "floor": 0},
        {"name": "cap", "when": "weekday(partition) = 0", "cap": 40},
    ]
    rows, model = clinic_rows(90)
    found = judged(Judge.of(regression(tmp_path, rules), DAYS, None), rows, model)
    for row, age, said, on in zip(found, *(rows[name].to_pylist() for name in ("age",)), model["score"].to_pylist(),
                                  rows["partition"].to_pylist(), strict=True):  # fmt: skip
        name = "none" if age < 0.3 else "not_below" if said < 0 else "cap" if on.weekday() == 0 and said > 40 else None
        expected = {"none": 0.0, "not_below": 0.0, "cap": 40.0, None: said}[name]
        assert (row["decided_by_name"], row["score"], row["model_score"]) == (name, expected, said)
        assert row["decision"] is row["model_decision"] is None and row["decides"]
    assert {row["decided_by_name"] for row in found} == {"none", "not_below", "cap", None}


@pytest.mark.parametrize("seed", range(4))
def test_rows_are_judged_alike_in_any_order_and_in_any_parts(lakehouse_root: Path, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    rules = [{"name": "a", "when": "age < 0.3", "use_fallback": True}, {"name": "b", "when": "score > 30", "cap": 30}]
    use_case = regression(
        tmp_path, rules, [{"rule": {"name": "half", "when": "lead_days < 0.5", "score": 35}}, {"base_rate": True}]
    )
    labels(use_case, {DAYS[0] - dt.timedelta(days=1): [10.0, 20.0, float("nan")]})
    judge = Judge.of(use_case, DAYS, None)
    rows, model = clinic_rows(60, seed)
    missing = np.array([dice.random() < 0.2 for _ in range(60)])
    whole = judged(judge, rows, model, missing)
    order = list(range(60))
    dice.shuffle(order)
    for part in (order[:17], order[17:40], order[40:]):
        places = pa.array(part)
        some = judged(
            judge, rows.take(places), {name: values.take(places) for name, values in model.items()}, missing[part]
        )
        assert some == [whole[place] for place in part]
    assert {row["score_from"] for row in whole} == {"model", "half", "base_rate"}
    assert {row["score"] for row in whole if row["score_from"] == "base_rate"} == {15.0}
    # A rule holds for a fallback's score as well.
    assert {row["score"] for row in whole if row["score_from"] == "half"} == {30.0}
    assert all((row["model_score"] is None) == bool(gone) for row, gone in zip(whole, missing, strict=True))


def labels(use_case: UseCase, by_day: dict[dt.date, list[float]]) -> None:
    """Labels of entities, NaN where none came."""
    key, table = use_case.entity.key[0], tables.outcomes(use_case)
    for on, values in by_day.items():
        lines = [
            dict.fromkeys(table.column_names)
            | {key: number, "partition": on, "label": None if value != value else value, "inputs_fingerprint": "l"}
            for number, value in enumerate(values)
        ]
        commits.replace_rows(table, lines, f"partition = '{on}'")


def test_without_a_label_there_is_no_base_rate_and_the_rows_are_named(lakehouse_root: Path, tmp_path: Path) -> None:
    judge = Judge.of(regression(tmp_path, (), [{"base_rate": True}]), DAYS, None)
    rows, model = clinic_rows(6)
    with pytest.raises(NotScorable, match=r"to score 2 row\(s\) of 2024-01-01 that the model can't, none has one"):
        judged(judge, rows, model, np.ones(6, dtype=bool))


CARD_RULES = [
    {"name": "young", "when": "age < 0.3", "decide": "Basic"},
    {"name": "north", "when": "region = 'north' and probability_platinum > 0.5", "decide": "gold card"},
    {"name": "look", "when": "decision = 'platinum' and score < 0.6", "send_to": "desk"},
]
CARD_FALLBACK = [
    {"last_score": {"days": 3}},
    {"rule": {"name": "poor", "when": "income < 0.2", "decide": "Basic"}},
    {"base_rate": True},
]


def test_one_of_several_classes_is_decided_by_rules_and_fallbacks(lakehouse_root: Path, tmp_path: Path) -> None:
    use_case = cards.declare(tmp_path, rules=CARD_RULES, fallback=CARD_FALLBACK)
    cards.fill(use_case, [0, 1], rows_a_day=40)
    labels(use_case, {cards.day(0): [0.0, 0.0, 1.0, 2.0]})
    judge = Judge.of(use_case, [cards.day(1)], None)
    dice = np.random.default_rng(3)
    chances = dice.dirichlet(np.ones(3), 40)
    decided = np.argmax(chances, axis=1)
    columns = dict(zip(("probability_basic", "probability_gold_card", "probability_platinum"), chances.T, strict=True))
    rows = pa.table(
        {
            "customer": pa.array(range(40), pa.int32()),
            "partition": pa.array([cards.day(1)] * 40, pa.date32()),
            "prediction_time": pa.array([dt.datetime(2024, 1, 2, tzinfo=dt.UTC)] * 40, pa.timestamp("us", "UTC")),
            **{name: pa.array(dice.random(40)) for name in cards.FEATURES},
        }
    )
    names = pa.array(cards.CLASSES)
    model = {
        "score": pa.array(chances.max(axis=1)),
        "decision": pa.DictionaryArray.from_arrays(pa.array(decided.astype(np.int32)), names),
        **{name: pa.array(values) for name, values in columns.items()},
    }
    missing = np.arange(40) >= 30
    found = judged(judge, rows, model, missing)
    for place, row in enumerate(found):
        own, age = cards.CLASSES[decided[place]], rows["age"][place].as_py()
        if missing[place]:
            assert row["model_score"] is row["model_decision"] is None
            poor = rows["income"][place].as_py() < 0.2
            assert row["score_from"] == ("poor" if poor else "base_rate")
            assert poor or row["probability_basic"] == 0.5
            continue
        assert row["model_decision"] == own and row["model_score"] == chances[place].max()
        north = place % 3 and chances[place][2] > 0.5
        look = own == "platinum" and chances[place].max() < 0.6
        name = "young" if age < 0.3 else "north" if north else "look" if look else None
        assert row["decided_by_name"] == name
        expected = {"young": "Basic", "north": "gold card"}.get(str(name), own)
        assert row["decision"] == expected
        assert row["score"] == chances[place][cards.CLASSES.index(expected)]
        assert row["withheld"] == (name == "look") and row["decides"] == (name != "look")
    assert {"young", "north", None} <= {row["decided_by_name"] for row in found[:30]}
    stored = pa.table(judge_columns(judge, rows, model, missing))
    declared = table_schema.arrow_schema(tables.scores(use_case))
    for field in stored.schema:
        own = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        assert own == declared.field(field.name).type, field.name


def judge_columns(judge: Judge, rows: pa.Table, model: dict[str, Any], missing: Any) -> dict[str, Any]:
    return judge.judge(rows, model, missing, np.ones(len(rows), dtype=bool))


CONDITIONS = [
    *("age < 0.4", "lead_days > missed_before", "appointment % 3 = 1", "score >= 0.7", "score < 0.2", "decision"),
    *(
        "not decision and age > 0.2",
        "missed_before is null",
        "missed_before > 0.5 or score > 0.9",
        "lead_days / missed_before > 1",
    ),
    "weekday(partition) in (0, 1)",
]
ACTIONS: list[dict[str, Any]] = [
    *({"decide": True}, {"decide": False}, {"cap": 0.6}, {"floor": 0.4}, {"cap": 0.8, "floor": 0.3}),
    *({"block": True}, {"send_to": "desk"}, {"send_to": "shop"}),
]


def by_hand(rules: Any, types: Any, row: pa.Table, score: float) -> dict[str, Any]:
    """One row, one rule after the other."""
    found = {"score": score, "decision": score >= 0.5, "decided_by_name": None, "withheld": False, "sent_to": None}
    given = {"score": pa.array([score]), "decision": pa.array([score >= 0.5])}
    for rule in rules:
        columns = {name: row[name] for name in row.column_names} | given
        outcome = evaluation.evaluate(rule.when, types, columns)
        null = evaluation.evaluate(f"({rule.when}) is null", types, columns)
        if outcome.broken[0].as_py() or outcome.failed[0].as_py() or not null.broken[0].as_py():
            continue
        limited = max(min(score, 2 if rule.cap is None else rule.cap), -1 if rule.floor is None else rule.floor)
        if rule.action == "limit" and limited == score:
            continue
        if rule.action == "limit":
            found |= {"score": limited, "decision": limited >= 0.5}
        if rule.action == "decide":
            found["decision"] = rule.decide
        found |= {
            "decided_by_name": rule.name,
            "withheld": rule.block or rule.send_to is not None,
            "sent_to": rule.send_to,
        }
        break
    return found


@pytest.mark.parametrize("seed", range(5))
def test_drawn_rules_decide_as_one_row_after_the_other_by_hand(lakehouse_root: Path, tmp_path: Path, seed: int) -> None:
    dice, used = random.Random(seed), set[str | None]()
    rows, _ = clinic_rows(40, seed)
    known = [None if dice.random() < 0.2 else value for value in rows["missed_before"].to_pylist()]
    rows = rows.set_column(rows.column_names.index("missed_before"), "missed_before", pa.array(known, pa.float64()))
    scores = [round(dice.random(), 2) for _ in range(40)]
    model = {"score": pa.array(scores), "decision": pa.array([score >= 0.5 for score in scores])}
    for _ in range(6):
        drawn = [
            {"name": f"r{place}", "when": dice.choice(CONDITIONS), **dice.choice(ACTIONS)}
            for place in range(dice.randint(1, 5))
        ]
        try:
            use_case = appointments.declare(tmp_path, rules=drawn)
        except DeclarationError:
            # It would never decide.
            continue
        types = decision_path.scored_types(use_case)
        found = judged(Judge.of(use_case, DAYS, 0.5), rows, model)
        for place, row in enumerate(found):
            expected = by_hand(use_case.rules, types, rows.slice(place, 1), scores[place])
            assert {name: row[name] for name in expected} == expected, (drawn, place)
        used |= {row["decided_by_name"] for row in found}
    assert len(used) > 2
