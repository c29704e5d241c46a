"""The registered model takes what a client sends: it is loaded as MLflow loads it, and asked as its server asks, without a port."""

from __future__ import annotations

import decimal
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types import Schema

from jobs.train.tracking import registration, served_model
from lakehouse.models.class_decision import ClassRule

NAMES = ["late", "hour"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import mlflow.pyfunc
    import xgboost
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, Schema

    dice = np.random.default_rng(1)
    rows = dice.random((60, 2)) * [1, 24]
    matrix = xgboost.DMatrix(rows, rows[:, 0] * rows[:, 1], feature_names=NAMES)
    booster = xgboost.train({"nthread": 1, "max_depth": 3}, matrix, 8)
    folder = str(tmp_path_factory.mktemp("served") / "model")
    signature = ModelSignature(outputs=Schema([ColSpec("float")]))
    served_model.save_model(booster, folder, Model(), signature=signature, pip_requirements=["xgboost"])
    return mlflow.pyfunc.load_model(folder)


def score(model: Any, *rows: list[float]) -> list[float]:
    return [float(value) for value in model.predict(pd.DataFrame(list(rows), columns=NAMES, dtype=np.float64))]


@pytest.mark.parametrize(
    "late",
    [
        [1, 0],
        np.array([1, 0], dtype=np.int64),
        np.array([1, 0], dtype=np.uint8),
        np.array([1, 0], dtype=np.float32),
        pd.array([1, 0], dtype="Int64"),
        [True, False],
        ["1", "0.0"],
        [decimal.Decimal(1), decimal.Decimal("0.0")],
    ],
)
def test_a_whole_number_is_a_number_in_every_type(model: Any, late: Any) -> None:
    assert list(model.predict(pd.DataFrame({"late": late, "hour": [5, 23]}))) == score(model, [1, 5], [0, 23])


@pytest.mark.parametrize(
    "hour", [[None, 7], [np.nan, 7.0], pd.array([None, 7], dtype="Int64"), pd.array([None, "7"], dtype="string")]
)
def test_null_is_not_known(model: Any, hour: Any) -> None:
    assert list(model.predict(pd.DataFrame({"late": [0.5, 0.5], "hour": hour}))) == score(
        model, [0.5, np.nan], [0.5, 7]
    )


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["hour", "late"], "data": [[5, 1], [None, None]]}},
        {"dataframe_records": [{"late": 1, "hour": 5, "carrier": "UA"}, {"late": None, "hour": None}]},
        {"inputs": {"late": [1, None], "hour": [5, None]}},
        {"inputs": [{"late": 1, "hour": 5}, {"late": None, "hour": None}]},
        {"instances": [{"late": 1, "hour": 5}, {"late": None, "hour": None}]},
        "late,hour\n1,5\n,\n",
    ],
)
def test_the_scoring_server_answers_every_form_of_request(model: Any, body: Any) -> None:
    status, answer = asked(model, body)
    assert status == 200, answer
    assert json.loads(answer)["predictions"] == pytest.approx(score(model, [1, 5], [np.nan, np.nan]))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"late": 1}, "missing: hour"),
        ({"late": "soon", "hour": 5}, "column late: expected numbers or null"),
        ({"late": 1e39, "hour": 5}, "column late: expected null or finite numbers in 32 bits"),
        ({"late": [1, 2], "hour": 5}, "column late: expected numbers or null"),
    ],
)
def test_what_is_no_number_is_the_clients_mistake_and_named(model: Any, row: dict[str, Any], expected: str) -> None:
    status, answer = asked(model, {"dataframe_records": [row]})
    assert status == 400 and expected in answer


def asked(model: Any, body: Any) -> tuple[int, str]:
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc import scoring_server

    text, kind = (body, "text/csv") if isinstance(body, str) else (json.dumps(body), "application/json")
    try:
        found = scoring_server.invocations(text, kind, model, model.metadata.get_input_schema())
    except MlflowException as error:
        return error.get_http_status_code(), str(error)
    return found.status, found.response


def test_the_file_that_goes_with_the_model_needs_nothing_of_this_project() -> None:
    text = Path(served_model.LOADER).read_text()
    assert "from jobs" not in text and "lakehouse" not in text


@pytest.fixture(scope="module")
def with_categories(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A model of a category and a number, and the levels that it knows."""
    import mlflow.pyfunc
    import xgboost
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, Schema

    from lakehouse.models import category_record

    dice = np.random.default_rng(2)
    levels = ("", "17", "UA", "true")
    rows = np.column_stack([dice.integers(0, 4, 200), dice.random(200)])
    matrix = xgboost.DMatrix(
        rows, rows[:, 0] * rows[:, 1], feature_names=["carrier", "hour"], feature_types=["c", "q"], nthread=1
    )
    booster = xgboost.train({"nthread": 1, "max_depth": 3}, matrix, 8)
    category_record.keep(booster, {"carrier": levels})
    folder = str(tmp_path_factory.mktemp("served") / "model")
    signature = ModelSignature(outputs=Schema([ColSpec("float")]))
    served_model.save_model(booster, folder, Model(), signature=signature, pip_requirements=["xgboost"])
    loaded = mlflow.pyfunc.load_model(folder)

    def expected(*codes: float) -> list[float]:
        asked = np.array([[code, 0.5] for code in codes], dtype=np.float32)
        return [float(value) for value in booster.inplace_predict(asked, validate_features=False)]

    return loaded, expected


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        (["UA", "", "DL", None], [2, 0, np.nan, np.nan]),
        ([17, None, 5], [1, np.nan, np.nan]),
        ([True, False, None], [3, np.nan, np.nan]),
        (pd.array(["UA", None], dtype="string"), [2, np.nan]),
        (pd.array([17, None], dtype="Int64"), [1, np.nan]),
        (pd.Categorical(["UA", "17", None]), [2, 1, np.nan]),
        ([np.array("UA"), np.array(17)], [2, 1]),
    ],
)
def test_a_category_is_what_the_transform_would_make_of_it(
    with_categories: Any, asked: Any, codes: list[float]
) -> None:
    model, expected = with_categories
    found = model.predict(pd.DataFrame({"hour": [0.5] * len(asked), "carrier": asked}))
    assert [float(value) for value in found] == expected(*codes)


@pytest.mark.parametrize("asked", [[1.5], [["UA"]], [{"a": 1}]])
def test_a_category_that_is_no_text_is_refused_by_name(with_categories: Any, asked: Any) -> None:
    model, _ = with_categories
    with pytest.raises(Exception, match="column carrier: expected texts, booleans, whole numbers or null, found"):
        model.predict(pd.DataFrame({"hour": [0.5], "carrier": asked}))


@pytest.mark.parametrize("costs", [None, ((0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (9.0, 9.0, 0.0))])
def test_of_several_classes_a_decision_and_the_probabilities_are_answered(tmp_path: Path, costs: Any) -> None:
    import mlflow.pyfunc
    import xgboost
    from mlflow.models import Model

    dice = np.random.default_rng(2)
    rows = dice.random((90, 2)) * [1, 24]
    matrix = xgboost.DMatrix(rows, np.minimum(rows[:, 0] * 3, 2).astype(int), feature_names=NAMES)
    booster = xgboost.train({"nthread": 1, "objective": "multi:softprob", "num_class": 3, "max_depth": 2}, matrix, 4)
    rule = ClassRule(("Basic", "gold card", "10"), costs)
    rule.written_to(booster)
    served_model.save_model(
        booster,
        str(tmp_path / "model"),
        Model(),
        signature=ModelSignature(outputs=Schema(registration.outputs(booster))),
        pip_requirements=["xgboost"],
    )
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    status, answer = asked(loaded, {"dataframe_records": [{"late": late, "hour": 5} for late in (0.1, 0.5, 0.9, None)]})
    assert status == 200, answer
    found = json.loads(answer)["predictions"]
    columns = ["probability_basic", "probability_gold_card", "probability_10"]
    assert [list(row) for row in found] == [["decision", *columns]] * 4
    probability = np.array([[row[name] for name in columns] for row in found])
    expected = booster.inplace_predict(np.array([[0.1, 5], [0.5, 5], [0.9, 5], [np.nan, 5]], dtype=np.float32))
    assert probability == pytest.approx(expected)
    assert [row["decision"] for row in found] == [rule.classes[n] for n in rule.decide(expected.astype(np.float64))]


@pytest.mark.parametrize("kind", ["linear", "blend"])
@pytest.mark.parametrize("world", ["classification", "multiclass", "categories"])
def test_a_model_of_coefficients_is_served_with_its_own_file_and_answers_as_it_scores(
    tmp_path: Path, world: str, kind: str
) -> None:
    import mlflow.pyfunc
    from mlflow.models import Model

    from jobs.train.candidates import tune
    from jobs.train.search.tuning import Tuned
    from lakehouse.evaluation import coded_rows
    from tests.jobs.calibrate import worlds

    use_case = worlds.declared(world)
    rows = worlds.history(use_case, 20, 1).labelled()
    params = {"objective": "multi:softprob", "num_class": 3} if use_case.classes else {"objective": "binary:logistic"}
    tuned = Tuned({**params, "max_bin": 32, "nthread": 1}, 4, np.empty(0), None, (), None)
    scorer = tune.fit_each(use_case.model, tuned, rows, [kind], 0.1)[kind]
    rule = ClassRule.declared(use_case)
    if rule is not None:
        rule.written_to(scorer)
    signature = ModelSignature(outputs=Schema(registration.outputs(scorer)))
    folder = str(tmp_path / "model")
    served_model.save_model(scorer, folder, Model(), signature=signature, pip_requirements=["xgboost"])
    assert {file.name for file in (tmp_path / "model" / "code").glob("*.py")} == {
        "nightjar_model.py",
        "nightjar_linear.py",
    }
    answer = mlflow.pyfunc.load_model(folder).predict(coded_rows.frame(rows))
    expected = scorer.score(rows.features)
    if rule is None:
        assert list(answer) == pytest.approx(list(expected), rel=1e-5)
    else:
        assert answer.iloc[:, 1:].to_numpy() == pytest.approx(expected, rel=1e-5)
        assert list(answer["decision"]) == [rule.classes[number] for number in rule.decide(expected)]
