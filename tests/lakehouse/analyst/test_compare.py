"""``python -m lakehouse compare`` on little tables: no Spark, no JVM, and mostly no MLflow."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse import settings, tables
from lakehouse.__main__ import main
from lakehouse.analyst import query
from lakehouse.analyst.comparison import differences, importance, limits, measured
from lakehouse.analyst.comparison.measured import Estimate
from lakehouse.models import registry
from lakehouse.ops import model_events
from lakehouse.storage import arrow_dataset
from tests.lakehouse.analyst import compared_world
from tests.lakehouse.analyst.compared_world import TASKS, World

# By use case: the gate's metric over rows l (label), p (score or probability of what came) and d (decision), in SQL.
SQL = {
    "appointments": "avg(-ln(case when o.label = 1 then s.score else 1 - s.score end))",
    "cards": "avg(-ln([s.probability_basic, s.probability_gold_card, s.probability_platinum][o.label::int + 1]))",
    "bakery_sales": "sqrt(avg((s.score - o.label) ** 2))",
}


@pytest.fixture(params=TASKS)
def world(request: pytest.FixtureRequest, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return compared_world.made(request.param, lakehouse_root, monkeypatch)


@pytest.fixture
def clinic(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return compared_world.made("appointments", lakehouse_root, monkeypatch)


def told(capsys: pytest.CaptureFixture[str], world: World, *more: str) -> tuple[int, str]:
    code = main(["compare", world.use_case.name, *more])
    said = capsys.readouterr()
    return code, said.out + said.err


def as_json(capsys: pytest.CaptureFixture[str], world: World, *more: str) -> dict[str, Any]:
    code, said = told(capsys, world, "--json", *more)
    assert code == 0, said
    found: dict[str, Any] = json.loads(said)
    return found


def by_sql(world: World, formula: str, version: int, where: str = "true") -> float:
    name, key = world.use_case.name, ", ".join(world.use_case.entity.key)
    sql = (
        f"select {formula} from gold.{name}_scores s join gold.{name}_outcomes o using ({key}, partition) "
        f"where s.model_version = {version} and o.label is not null and {where}"
    )
    return float(next(query.ask(settings.load().lakehouse_root, sql).rows)[0])


def of(found: dict[str, Any], metric: str) -> dict[str, Any]:
    return next(one for one in found["measured"]["metrics"] if one["metric"] == metric)


def test_the_numbers_are_those_of_sql_over_the_same_rows(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, world, "--versions", "1", "2")
    assert found["measured"]["origin"] == "stored" and found["measured"]["rows"] == 8 * 27
    assert found["measured"]["unlabelled"] == 8 * 3 and found["measured"]["day_count"] == 8
    main_metric, formula = found["measured"]["metrics"][0], SQL[world.use_case.name]
    assert main_metric["metric"] == world.use_case.gate.metric
    for side, version in (("first", 1), ("second", 2)):
        assert main_metric[side]["value"] == pytest.approx(by_sql(world, formula, version), rel=1e-12)
        assert main_metric[side]["low"] <= main_metric[side]["value"] <= main_metric[side]["high"]
    assert main_metric["difference"]["value"] == pytest.approx(
        main_metric["second"]["value"] - main_metric["first"]["value"]
    )
    if world.use_case.name == "bakery_sales":
        for one in found["measured"]["slices"]:
            own = by_sql(world, formula, 2, f"shop = '{one['value']}'")
            assert one["compared"]["second"]["value"] == pytest.approx(own, rel=1e-12)
    for day in found["live"]["days"]:
        own = by_sql(world, formula, 2, f"partition = '{day['day']}'")
        assert day["second"] == pytest.approx(own, rel=1e-9)


def test_decided_shares_and_bins_are_those_of_sql(clinic: World, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, clinic, "--versions", "1", "2")
    for side, version in ((0, 1), (1, 2)):
        sql = f"select avg(decision::int) from gold.appointments_scores where model_version = {version}"
        share = next(query.ask(settings.load().lakehouse_root, sql).rows)[0]
        assert found["shares"][side]["shares"] == {"yes": pytest.approx(share)}
        assert found["shares"][side]["threshold"] == 0.5
        calibration = found["calibration"][side]
        assert sum(one["rows"] for one in calibration["bins"]) == found["measured"]["rows"]
        assert calibration["gap"] == pytest.approx(by_sql(clinic, "avg(s.score - o.label)", version))
        own = of(found, "calibration_error")["first" if side == 0 else "second"]
        assert calibration["error"] == pytest.approx(own["value"]) and own["low"] is None


def test_what_no_table_has_of_both_is_scored_again_and_gives_the_same_numbers(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared_world.reachable(world, monkeypatch)
    stored = as_json(capsys, world, "--versions", "1", "2")
    table = tables.scores(world.use_case)
    rows = arrow_dataset.read(table).to_pylist()
    compared_world.write(table, [row for row in rows if row["role"] == registry.CHAMPION])
    again = as_json(capsys, world, "--versions", "1", "2")
    assert again["measured"]["origin"] == "scored again" and again["missing"] == []
    for one, other in zip(stored["measured"]["metrics"], again["measured"]["metrics"], strict=True):
        assert one["metric"] == other["metric"] and one["better"] == other["better"]
        for side in ("first", "second", "difference"):
            # Features are read in single precision on both ways; stored scores were computed from doubles.
            assert other[side] == pytest.approx(one[side], abs=1e-4)
    assert again["shares"][0]["shares"] == pytest.approx(stored["shares"][0]["shares"], abs=0.01)


def test_without_mlflow_the_tables_alone_answer_and_one_line_says_what_is_missing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    found = as_json(capsys, world, "--versions", "1", "2")
    about = [line for line in found["missing"] if "MLflow at http://127.0.0.1:9: expected an answer" in line]
    assert len(about) == 1 == len(found["missing"])
    assert found["importance"] is None and found["first"]["missing"] == [] == found["second"]["missing"]
    assert found["first"]["windows"]["holdout"] == "2024-03-19..2024-03-25" and found["new_after"] == "2024-03-18"
    code, said = told(capsys, world, "--versions", "1", "2")
    assert code == 0 and said.splitlines()[2] == found["summary"] and "Not available:" in said


def test_the_whole_is_told_in_plain_words(
    clinic: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = clinic.use_case.model_dump(mode="json")
    changed = {**declared, "gate": {**declared["gate"], "min_improvement": 0.25}}
    compared_world.reachable(clinic, monkeypatch, lambda number: changed if number == 2 else declared)
    code, said = told(capsys, clinic)
    flat = [" ".join(line.split()) for line in said.splitlines()]
    assert code == 0
    for words in (
        "Appointments that will be missed: version 1 and version 2",
        "Version 1, the champion (MLflow run ab1):",
        "promoted 2024-03-20 03:11 UTC by airflow:eve: there is no champion yet",
        "held 2024-03-20 03:21 UTC by airflow:eve: log loss 0.25 against 0.35 of champion version 1",
        "on its own holdout: log loss 0.25",
        "The gate held version 2 against version 1, judged on 2024-03-19 to 2024-03-25:",
        "by +0.1000 better in log loss, 97.5 % interval +0.0200 to +0.2000",
        "What each uses (share of the terms' spread over the training rows):",
        "train rows 901 -> 902",
        "rounds 10 -> 20",
        "gate.min_improvement 0.0005 -> 0.25",
        "clinic north 120 rows",
    ):
        assert any(words in line for line in flat), words


def test_days_that_one_of_both_was_fitted_to_are_not_compared(
    clinic: World, capsys: pytest.CaptureFixture[str]
) -> None:
    compared_world.write(tables.MODEL_EVENTS, [])
    for version, last in ((1, "2024-03-18"), (2, "2024-04-03")):
        compared_world.record(clinic.use_case, version, windows={"validation": f"2024-03-11..{last}"})
    found = as_json(capsys, clinic, "--versions", "2", "1")
    assert found["new_after"] == "2024-04-03" and found["measured"]["days"] == ["2024-04-04", "2024-04-08"]


def test_few_days_decide_nothing(
    lakehouse_root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = as_json(
        capsys, compared_world.made("appointments", lakehouse_root, monkeypatch, days=3), "--versions", "1", "2"
    )
    assert {one["better"] for one in found["measured"]["metrics"]} == {None}
    assert "too few days to tell that from noise (at least 5 are needed)" in found["summary"]


def test_both_orders_mirror_one_another(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared_world.reachable(world, monkeypatch)
    one, other = (as_json(capsys, world, "--versions", *pair) for pair in (("1", "2"), ("2", "1")))
    swapped = {"first": "second", "second": "first", "neither": "neither", None: None}
    for mine, theirs in zip(one["measured"]["metrics"], other["measured"]["metrics"], strict=True):
        assert (mine["first"], mine["second"]) == (theirs["second"], theirs["first"])
        assert swapped[mine["better"]] == theirs["better"]
    for mine, theirs in zip(one["importance"]["features"], other["importance"]["features"], strict=True):
        assert mine["change"] == -theirs["change"] and mine["first_rank"] == theirs["second_rank"]
    assert one["calibration"] == other["calibration"][::-1] and one["shares"] == other["shares"][::-1]


def test_what_a_rule_decided_is_no_number_of_a_model(
    lakehouse_root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [{"name": "always", "when": "age > 0.5", "decide": True}]
    world = compared_world.made("appointments", lakehouse_root, monkeypatch, rules=rules)
    before = as_json(capsys, world, "--versions", "1", "2")
    table = tables.scores(world.use_case)
    rows = arrow_dataset.read(table).to_pylist()
    for place, row in enumerate(rows):
        own = {
            "model_score": row["score"],
            "model_decision": row["decision"],
            "score_from": "model",
            "decided_by": "rule",
        }
        # Every seventh row was scored by no model: a fallback's score stands there.
        row |= own if place % 7 else {"score_from": "rest", "decided_by": "fallback"}
        row |= {"score": 0.999, "decision": True}
    compared_world.write(table, rows)
    after = as_json(capsys, world, "--versions", "1", "2")
    assert after["measured"]["rows"] + after["measured"]["unlabelled"] < 8 * 30
    where = "s.model_score is not null and exists (from gold.appointments_scores t where t.appointment = s.appointment "
    where += "and t.partition = s.partition and t.model_version <> s.model_version and t.model_score is not null)"
    formula = SQL["appointments"].replace("s.score", "s.model_score")
    assert of(after, "log_loss")["second"]["value"] == pytest.approx(by_sql(world, formula, 2, where), rel=1e-12)
    assert before["measured"]["rows"] == 8 * 27


def test_only_the_newest_days_within_the_limits_are_read(
    clinic: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_ROWS", 6 * 60)
    found = as_json(capsys, clinic, "--versions", "1", "2")
    assert found["measured"]["days"] == ["2024-04-03", "2024-04-08"]
    assert found["measured"]["note"] == "2 older day(s): at most 60 days or 360 rows are read"


def test_a_version_that_nobody_recorded_is_named_with_those_that_there_are(
    clinic: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for registry_answers in (False, True):
        if registry_answers:
            compared_world.reachable(clinic, monkeypatch)
        code, said = told(capsys, clinic, "--versions", "1", "7")
        assert code == 20 and "expected a version, 7 is none; recorded are 1, 2 in ops.model_events" in said
    code, said = told(capsys, clinic, "--versions", "2", "2")
    assert code == 2 and "expected two different versions" in said
    with pytest.raises(SystemExit) as left:
        main(["compare", "appointments", "--versions", "1", "two"])
    assert left.value.code == 2


def test_a_version_that_the_train_job_did_not_register_says_what_nobody_knows(
    clinic: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = clinic.use_case.name
    clinic.models[3] = registry.ModelVersion(name, 3, "cd3", {})
    compared_world.reachable(clinic, monkeypatch)
    at = compared_world.AT + dt.timedelta(days=1)
    model_events.record(model_events.Event(name, 3, model_events.PROMOTED, 1, "eve", "set by hand", {}, "cd3", at))
    found = as_json(capsys, clinic, "--versions", "1", "3")
    said = " ".join(found["second"]["missing"])
    for what in (
        "a version that the train job did not register",
        "features",
        "threshold",
        "last day that it was trained on",
    ):
        assert what in said
    assert found["champion"] == 3 and found["measured"] is None and found["new_after"] is None
    assert found["differences"]["only_first"] is None and told(capsys, clinic, "--versions", "1", "3")[0] == 0


def test_no_labels_and_no_scores_are_said(clinic: World, capsys: pytest.CaptureFixture[str]) -> None:
    compared_world.write(tables.outcomes(clinic.use_case), [])
    found = as_json(capsys, clinic, "--versions", "1", "2")
    assert found["measured"] is None and found["calibration"] == [None, None]
    assert "no row that both scored has a label yet" in " ".join(found["missing"])
    assert found["shares"][0]["shares"]["yes"] >= 0
    compared_world.write(tables.scores(clinic.use_case), [])
    found = as_json(capsys, clinic, "--versions", "1", "2")
    assert found["shares"] is None and "stored scores of both on the same day" in " ".join(found["missing"])
    assert found["summary"].startswith("The gate held version 2 against version 1")


def test_a_damaged_table_is_named(clinic: World, capsys: pytest.CaptureFixture[str]) -> None:
    log = Path(settings.load().lakehouse_root) / "gold" / "appointments_scores" / "_delta_log"
    for file in log.iterdir():
        file.write_text("{ no json")
    code, said = told(capsys, clinic, "--versions", "1", "2")
    assert code == 32 and "appointments" in said and "Traceback" not in said


NAMES = st.sampled_from([f"f{number}" for number in range(6)])
SHARES = st.dictionaries(NAMES, st.sampled_from([0.0, 0.1, 0.25, 0.4]), max_size=6)


@given(SHARES, SHARES)
def test_ranks_are_those_of_the_shares(first: dict[str, float], second: dict[str, float]) -> None:
    for one in importance.aligned(first, second, {}):
        for share, rank, shares in ((one.first, one.first_rank, first), (one.second, one.second_rank, second)):
            assert share == shares.get(one.feature)
            assert (rank is None) == (not share)
            if rank is not None:
                assert sum(other > shares[one.feature] for other in shares.values()) < rank
        if one.first_rank is not None and one.second_rank is not None:
            assert one.change == one.first_rank - one.second_rank


VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.text(max_size=3),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4), st.dictionaries(NAMES, VALUES, max_size=4))
def test_differences_are_none_of_equals_and_mirror(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert list(differences._between(first, first)) == []
    one = {(d.what, d.first, d.second) for d in differences._between(first, second)}
    other = {(d.what, d.second, d.first) for d in differences._between(second, first)}
    assert one == other


@given(st.floats(-1, 1), st.floats(0, 1), st.integers(1, 9))
def test_noise_is_no_better_version(value: float, half: float, days: int) -> None:
    said = measured.better("log_loss", Estimate(value, value - half, value + half), days)
    if days < 5:
        assert said is None
    elif value - half <= 0 <= value + half:
        assert said == measured.NEITHER
    else:
        assert said == (measured.FIRST if value > 0 else measured.SECOND)
        assert measured.better("roc_auc", Estimate(value, value - half, value + half), days) != said
