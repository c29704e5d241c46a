"""The draw: the same rows for the same data, whatever the order, the parts they come in, and what else there is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pytest

from lakehouse.declaration import UseCase
from lakehouse.evaluation import learning_draw
from lakehouse.evaluation.learning_draw import Draw
from tests.jobs import appointments

DAYS, ROWS = 12, 300
DRAWS: list[dict[str, Any]] = [
    {"sample": {"share": 0.2}},
    {"sample": {"rows_a_day": 25}},
    {"sample": {"share": 0.3, "rows_a_day": 25, "by_class": {"no": 0.5}}},
    {"sample": {"by_class": {"no": 0.1, "yes": {"share": 0.9, "rows_a_day": 20}}, "seed": 4}},
    {"select": "lead_days > 0.4 AND clinic <> 'south'"},
    {"select": "lead_days > 0.2", "sample": {"share": 0.5, "rows_a_day": 30}},
]


def declared(said: dict[str, Any]) -> Draw:
    found = Draw.of(UseCase.model_validate(appointments.declaration(learn_from=said)), "_label")
    assert found is not None
    return found


def rows(seed: int, days: int = DAYS, a_day: int = ROWS) -> pa.Table:
    dice, count = np.random.default_rng(seed), days * a_day
    label = (dice.random(count) < 0.2).astype(float)
    return pa.table(
        {
            "partition": pa.array(
                [appointments.START + dt.timedelta(days=int(day)) for day in np.repeat(range(days), a_day)], pa.date32()
            ),
            "appointment": pa.array(np.tile(np.arange(a_day), days).astype(np.int32)),
            "lead_days": pa.array(dice.random(count), mask=dice.random(count) < 0.05),
            "clinic": pa.array(dice.choice(["north", "south"], count)),
            "_label": pa.array(label, mask=dice.random(count) < 0.1),
        }
    )


def taken(table: pa.Table) -> dict[Any, float]:
    keys = zip(table.column("partition").to_pylist(), table.column("appointment").to_pylist(), strict=True)
    return {key: stands for key, stands in zip(keys, table.column("_stands").to_pylist(), strict=True) if stands > 0}


@pytest.mark.parametrize("said", DRAWS)
def test_order_and_parts_make_no_difference(said: dict[str, Any]) -> None:
    draw, made = declared(said), rows(1)
    whole = taken(draw.judged(made))
    assert 0 < len(whole) < len(made)
    shuffled = made.take(np.random.default_rng(2).permutation(len(made)))
    assert taken(draw.judged(shuffled)) == whole
    by_day = [shuffled.filter(pa.compute.equal(shuffled.column("partition"), day)) for day in set(made["partition"])]
    assert {key: value for day in by_day for key, value in taken(draw.judged(day)).items()} == whole


@pytest.mark.parametrize("said", DRAWS)
def test_what_is_left_where_it_is_changes_nothing_of_what_is_learned_from(said: dict[str, Any]) -> None:
    draw, made = declared(said), rows(3)
    through = appointments.START + dt.timedelta(days=DAYS - 3)
    judged, thinned = draw.judged(made, 0.05), draw.thinned(made, 0.05, through)
    assert taken(thinned) == taken(judged)
    kept = {**taken(judged)} | dict.fromkeys(
        (key for key, measured in zip(keys(judged), judged["_measured"].to_pylist(), strict=True) if measured), 0.0
    )
    of_early = [key for key in keys(thinned) if key[0] <= through]
    # One more at most of each day and class, which knows how many there are.
    assert len(of_early) - len([key for key in kept if key[0] <= through]) <= 3 * (DAYS - 2)
    assert sum(key[0] > through for key in keys(thinned)) == 2 * ROWS
    for name in ("_of_class", "_selected_of_class"):
        assert totals(thinned, name) == totals(judged, name)
    assert sum(totals(judged, "_of_class").values()) == len(made)


def keys(table: pa.Table) -> list[tuple[dt.date, int]]:
    return list(zip(table["partition"].to_pylist(), table["appointment"].to_pylist(), strict=True))


def totals(table: pa.Table, name: str) -> dict[Any, int]:
    groups = zip(table["partition"].to_pylist(), table["_code"].to_pylist(), strict=True)
    return dict(zip(groups, table[name].to_pylist(), strict=True))


def test_who_is_in_a_share_stays_in_it_when_others_come_and_in_a_larger_one() -> None:
    made = rows(5)
    few = made.filter(pa.array(np.random.default_rng(6).random(len(made)) < 0.5))
    small, large = declared({"sample": {"share": 0.1}}), declared({"sample": {"share": 0.3}})
    assert taken(small.judged(few)).keys() <= taken(small.judged(made)).keys() <= taken(large.judged(made)).keys()
    other = taken(declared({"sample": {"share": 0.1, "seed": 1}}).judged(made)).keys()
    assert other != taken(small.judged(made)).keys()


def test_shares_and_limits_are_kept() -> None:
    made = rows(7, days=40)
    known = made.filter(pa.compute.is_valid(made.column("_label")))
    count = len(taken(declared({"sample": {"share": 0.2}}).judged(made)))
    assert abs(count - 0.2 * len(known)) < 4 * np.sqrt(0.2 * 0.8 * len(known))
    limited = taken(declared({"sample": {"rows_a_day": 25}}).judged(made))
    days = [day for day, _ in limited]
    assert {days.count(day) for day in set(days)} == {25}
    # Each row of a day stands for as many: together for all with a label.
    assert sum(limited.values()) == pytest.approx(len(known))


def test_a_limit_takes_classes_in_proportion_to_their_shares() -> None:
    made = rows(8, days=60)
    judged = declared({"sample": {"rows_a_day": 40, "by_class": {"no": 0.25}}}).judged(made)
    label, stands = judged["_label"].to_numpy(zero_copy_only=False), judged["_stands"].to_numpy()
    known = label[~np.isnan(label)]
    expected = known.mean() / (known.mean() + 0.25 * (1 - known.mean()))
    found = label[stands > 0]
    assert abs(found.mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / len(found))


def test_a_condition_that_is_null_selects_nothing_and_one_that_fails_says_why() -> None:
    made = rows(9)
    judged = declared({"select": "lead_days > 0.5"}).judged(made)
    values = judged["lead_days"].to_numpy(zero_copy_only=False)
    assert np.array_equal(judged["_selected"].to_numpy(zero_copy_only=False), np.nan_to_num(values) > 0.5)
    assert judged["_failed"].null_count == len(made)
    failing = declared({"select": "1 / (appointment - 7) > 0.01"})
    for table in (failing.judged(made), failing.thinned(made, 0.0001, dt.date(2025, 1, 1))):
        reasons = table.filter(pa.compute.is_valid(table.column("_failed")))
        assert reasons["appointment"].to_pylist() == [7] * DAYS
        assert "division by zero" in reasons["_failed"][0].as_py()


def test_nothing_is_drawn_where_all_rows_are_learned_from() -> None:
    for said in ({"half_life_days": 3}, {"class_weights": "balanced"}):
        assert Draw.of(UseCase.model_validate(appointments.declaration(learn_from=said)), "_label") is None
    assert learning_draw.VALUES < 2**63
    empty = declared(DRAWS[3]).judged(rows(1).slice(0, 0))
    assert empty.num_rows == 0 and "_stands" in empty.column_names
