"""Every kind of model behind one interface: exact reasons, digits that depend on no other row, and a file that says it all."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jobs.score.predict import predict
from jobs.train.candidates import linear, tune
from jobs.train.search.tuning import Tuned
from lakehouse.declaration import Model
from lakehouse.errors import ModelRefused
from lakehouse.evaluation import coded_rows, shap_values
from lakehouse.scorers import model_files
from tests.jobs.calibrate import worlds
from tests.jobs.calibrate.worlds import KINDS

PARAMS = {"max_depth": 3, "eta": 0.3, "tree_method": "hist", "max_bin": 64, "nthread": 1, "seed": 1}
OBJECTIVE = {"classification": "binary:logistic", "regression": "reg:squarederror", "multiclass": "multi:softprob"}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("world", KINDS)
def test_base_and_contributions_are_the_margin_and_a_row_is_scored_alike_alone(world: str, seed: int) -> None:
    use_case = worlds.declared(world)
    rows = worlds.history(use_case, 30, seed).labelled()
    model = use_case.model
    params = {**PARAMS, "objective": OBJECTIVE[model.task]} | ({"num_class": 3} if use_case.classes else {})
    fitted = tune.fit_each(
        model, Tuned(params, 8, np.empty(0), None, (), None), rows, ("linear", "boosted", "blend"), 0.1
    )
    dice = np.random.default_rng(seed)
    for kind, scorer in fitted.items():
        content = scorer.content()
        loaded = model_files.load(content)
        assert loaded.kind == kind and loaded.content() == content and list(loaded.feature_names) == list(rows.names)
        matrix = rows.features.astype(np.float32)
        score, margin = loaded.score(matrix), loaded.margin(matrix)
        assert np.array_equal(score, scorer.score(rows.features)) and np.isfinite(score).all()
        chosen = dice.permutation(len(rows))[:7]
        assert np.array_equal(loaded.score(matrix[chosen]), score[chosen])
        of_class = score.argmax(axis=1) if use_case.classes else None
        for by_tables in (False, True):
            values, base = loaded.contributions(matrix, by_tables, of_class=of_class)
            explained = margin if of_class is None else margin[np.arange(len(rows)), of_class]
            assert values.sum(axis=1) + base == pytest.approx(explained, abs=2e-5, rel=2e-5)
            named = shap_values.ranked(values, base, 2)
            assert named.margin == pytest.approx(explained, abs=2e-5, rel=2e-5)
        assert sum(loaded.importance().values()) == pytest.approx(1)
        # From a table of the feature store, as scoring reads it.
        table = coded_rows.arrow(rows)
        assert np.array_equal(predict(loaded, table, rows.names), score)
    trees, line, both = (fitted[kind].margin(rows.features) for kind in ("boosted", "linear", "blend"))
    assert np.array_equal(both, (trees + line) / 2)
    assert b'"share"' not in fitted["blend"].content()


def test_a_blend_counts_its_trees_as_much_as_is_declared_and_its_file_says_it() -> None:
    use_case = worlds.declared()
    rows = worlds.history(use_case, 30, 3).labelled()
    model = use_case.model.model_copy(update={"trees_share": 0.3})
    tuned = Tuned({**PARAMS, "objective": "binary:logistic"}, 8, np.empty(0), None, (), None)
    fitted = tune.fit_each(model, tuned, rows, ("linear", "boosted", "blend"), 0.1)
    trees, line = fitted["boosted"], fitted["linear"]
    both = model_files.load(fitted["blend"].content())
    assert both.margin(rows.features) == pytest.approx(
        0.3 * trees.margin(rows.features) + 0.7 * line.margin(rows.features)
    )
    values, base = both.contributions(rows.features)
    assert values.sum(axis=1) + base == pytest.approx(both.margin(rows.features), abs=2e-5)
    assert sum(both.importance().values()) == pytest.approx(1)


def test_a_number_contributes_its_coefficient_times_its_distance_from_the_mean() -> None:
    use_case = worlds.declared()
    rows = worlds.history(use_case, 30, 5).labelled()
    fitted = linear.fit(use_case.model, rows, 1.0)
    said = json.loads(fitted.content())
    values, base = fitted.contributions(rows.features)
    assert set(base) == {said["base"][0]}
    for position, name in enumerate(rows.names):
        term, known = said["terms"][name], ~np.isnan(rows.features[:, position])
        assert term["mean"] == pytest.approx(rows.features[known, position].mean(), abs=1e-6)
        expected = term["weight"][0] * (rows.features[known, position] - term["mean"])
        assert values[known, position] == pytest.approx(expected, abs=1e-6)
        assert set(values[~known, position]) == {term["missing"][0]}


@pytest.mark.parametrize(
    "content",
    [b'{"nightjar_model":"linear"}', b'{"nightjar_model":"magic","base":[0]}', b"no model", b'{"nightjar_model":'],
)
def test_what_is_no_model_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(ModelRefused, match=r"model x version 2: expected a model's file"):
        model_files.expect(content, worlds.declared(), "model x version 2")


def test_a_declaration_without_candidates_reads_and_serialises_as_ever() -> None:
    plain = Model(task="classification")
    assert "candidates" not in plain.model_dump() and "linear" not in plain.model_dump()
    assert Model(task="classification", candidates=("linear",)).model_dump()["candidates"] == ("linear",)
    for wrong, said in (
        ({"candidates": ("linear", "linear")}, "declared twice: linear"),
        ({"candidates": ()}, "at least 1 item"),
        ({"trees_share": 0.3}, "trees_share: is of a blend"),
        ({"candidates": ("blend",), "trees_share": 1}, "less than 1"),
        (
            {"candidates": ("blend",), "fixed": {"objective": "reg:absoluteerror"}},
            "expected an objective that has a linear",
        ),
    ):
        with pytest.raises(ValueError, match=said):
            Model(task="regression", **wrong)
