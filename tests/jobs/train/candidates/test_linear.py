"""The linear candidate is scikit-learn's, as coefficients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn import linear_model
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jobs.train import baselines, probing
from jobs.train.candidates import linear
from lakehouse.declaration import Model
from lakehouse.evaluation import coded_rows
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.scorers import model_files
from tests.jobs.calibrate import worlds
from tests.jobs.calibrate.worlds import KINDS
from tests.jobs.train.rows import rows


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("strength", [0.001, 0.1, 10.0])
def test_it_predicts_as_scikit_learn_does_on_standardised_mean_imputed_features(seed: int, strength: float) -> None:
    some, other = rows(400, seed), rows(300, seed + 50)
    whole = replace(some, features=np.nan_to_num(some.features).astype(np.float32).astype(float))
    imputed = make_pipeline(SimpleImputer(), StandardScaler(), linear_model.LogisticRegression(C=strength, tol=1e-8))
    expected = imputed.fit(whole.features, whole.label).predict_proba(np.nan_to_num(other.features))[:, 1]
    fitted = linear.fit(Model(task="classification", candidates=("linear",)), whole, strength)
    assert fitted.score(np.nan_to_num(other.features)) == pytest.approx(expected, abs=2e-5)
    # A feature that no row lacked says nothing where it is lacking: it counts as its mean.
    lacking = fitted.contributions(np.full((1, 4), np.nan))[0]
    assert lacking.tolist() == [[0.0] * 4]


@pytest.mark.parametrize(
    ("objective", "labels"),
    [
        ("reg:squarederror", lambda latent, dice: latent * 50 + 1000),
        ("count:poisson", lambda latent, dice: dice.poisson(np.exp(latent / 2)).astype(float)),
        ("reg:gamma", lambda latent, dice: np.exp(latent / 2)),
        ("reg:tweedie", lambda latent, dice: dice.poisson(np.exp(latent / 2)) * 1.5),
        ("reg:logistic", lambda latent, dice: 1 / (1 + np.exp(-latent))),
    ],
)
def test_every_objective_with_a_linear_counterpart_has_one_of_its_scale(
    objective: str, labels: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else scikit-learn starts a process to count the cores.
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    dice = np.random.default_rng(1)
    made = rows(900, 1, "regression")
    made = replace(made, label=labels(made.label, dice))
    model = Model(task="regression", candidates=("linear",), fixed={"objective": objective})
    fitted = model_files.load(linear.fit(model, made, 1.0).content())
    score = fitted.score(made.features)
    assert np.corrcoef(score, made.label)[0, 1] > 0.5
    assert score.mean() == pytest.approx(made.label.mean(), rel=0.03)
    assert objective == "reg:squarederror" or (score > 0).all()


def test_the_same_rows_give_the_same_bytes_and_odd_columns_do_no_harm() -> None:
    made = rows(300, 3)
    made.features[:, 2], made.features[:, 3] = 7.0, np.nan
    model = Model(task="classification", candidates=("linear",))
    assert linear.fit(model, made, 0.1).content() == linear.fit(model, made, 0.1).content()
    fitted = linear.fit(model, made, 0.1)
    assert set(fitted.importance()) == {"a", "b"}
    assert np.isfinite(fitted.score(np.array([[1e38, -1e38, 0.0, 5.0], [np.nan] * 4]))).all()


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("world", KINDS)
def test_the_baseline_as_coefficients_scores_as_its_pipeline_does(world: str, seed: int) -> None:
    use_case = worlds.declared(world)
    made = worlds.history(use_case, 30, seed).labelled()
    past, rest = (
        coded_rows.by_own_levels(made.between(worlds.day(0), worlds.day(19))),
        made.between(worlds.day(20), worlds.day(29)),
    )
    fitted = baselines.Baselines.fit(use_case.model, past)
    for name, scores in fitted.scores(rest).items():
        found = fitted.files()[name]
        columns = coded_rows.by_levels(rest, past.levels).features[:, : len(found.feature_names)]
        assert found.score(columns) == pytest.approx(scores, abs=1e-5, rel=1e-5), name


def test_a_pipeline_of_two_classes_named_as_several_has_a_margin_for_each() -> None:
    made = rows(300, 3)
    pipeline = baselines.linear(Model(task="multiclass"), made).fit(made.features, made.label)
    found = probing.as_coefficients(pipeline, made, "softmax")
    assert found.score(made.features) == pytest.approx(pipeline.predict_proba(made.features), abs=1e-5)
    own = linear.fit(Model(task="multiclass", candidates=("linear",)), made, 1.0).score(made.features)
    assert own.shape == (300, 2) and own == pytest.approx(pipeline.predict_proba(made.features), abs=0.15)


def test_levels_are_pulled_to_nothing_where_they_have_no_rows() -> None:
    codes = np.array([0.0, 1.0, np.nan] * 100)
    days = np.full(300, np.datetime64("2024-01-01"))
    made = TrainingSet(("zone",), codes[:, None], (codes == 0).astype(float), days, levels={"zone": ("a", "b")})
    fitted = linear.fit(Model(task="classification", candidates=("linear",)), made, 1.0)
    first, second, unknown = fitted.score(np.array([[0.0], [1.0], [np.nan]]))
    assert first > 0.9 and max(second, unknown) < 0.1
