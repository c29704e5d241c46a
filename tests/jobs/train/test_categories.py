"""A training with categories from its rows to its profile and card, without a server: what is learned, measured and told."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from jobs.train import fitted_model, training_profile
from jobs.train.card import content, page, pictures
from jobs.train.card.content import Trained
from jobs.train.fitted_model import FittedModel
from jobs.train.input_snapshot import InputSnapshot
from jobs.train.plots import figure
from jobs.train.search import tuning
from jobs.train.search.tuning import Tuned
from jobs.train.split import Parts, Split, divide
from jobs.train.tracking import manifest, registration
from jobs.train.training import result_of
from jobs.train.training_inputs import TrainingInputs
from lakehouse.declaration import UseCase
from lakehouse.evaluation import coded_rows, labelled_rows
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.models import category_record, registry
from lakehouse.models.registry import ModelVersion
from tests.jobs import parcels

DAY = parcels.START + dt.timedelta(days=40)
# A level that Markdown and HTML take for markup.
HOSTILE = "<b>|*cat*"
USE_CASE = UseCase.model_validate(parcels.declaration(slices=[]))


def inputs(more: str | None = None) -> TrainingInputs:
    """Rows as the reader gives them; with one that no window has and whose level is ``more``."""
    dice = np.random.default_rng(1)
    count = 40 * 30
    days = [parcels.START + dt.timedelta(days=number // 30) for number in range(count)]
    carriers = [None if dice.random() < 0.1 else str(dice.choice(["ant", "bee", HOSTILE, ""])) for _ in range(count)]
    # One that comes with the validation window, and one that comes with the holdout.
    carriers = [
        "late" if day >= DAY - dt.timedelta(days=14) and number % 7 == 0 else carrier
        for number, (day, carrier) in enumerate(zip(days, carriers, strict=True))
    ]
    carriers = [
        "last" if day >= DAY - dt.timedelta(days=7) and number % 10 == 0 else carrier
        for number, (day, carrier) in enumerate(zip(days, carriers, strict=True))
    ]
    zones = [str(zone) for zone in dice.integers(1, 5, count)]
    label = [float((carrier in ("bee", "")) + dice.normal(0, 0.4) > 0.5) for carrier in carriers]
    columns = {"partition": days, "parcel": [*range(count)], "carrier": carriers, "zone": zones}
    columns |= {"express": ["true"] * count, "weight": dice.random(count).tolist(), labelled_rows.LABEL: label}
    if more is not None:
        beyond = [DAY + dt.timedelta(days=9), -1, more, "1", "true", 0.5, 1.0]
        columns = {name: [*values, last] for (name, values), last in zip(columns.items(), beyond, strict=True)}
    read = labelled_rows.of_arrow(pa.table(columns), USE_CASE, USE_CASE.feature_names)
    split = Split.for_day(USE_CASE, DAY)
    return TrainingInputs(USE_CASE, DAY, split, InputSnapshot(1, 1, "f"), divide(read, split, USE_CASE))


@pytest.fixture(scope="module")
def trained() -> tuple[TrainingInputs, Tuned, FittedModel]:
    made = inputs()
    tuned = tuning.tune(USE_CASE.model, made.parts.train, made.parts.validation)
    return made, tuned, fitted_model.fit_and_measure(USE_CASE, tuned, made.parts)


def test_the_final_model_learns_the_levels_of_train_and_validation(
    trained: tuple[TrainingInputs, Tuned, FittedModel],
) -> None:
    made, _, model = trained
    levels = category_record.levels_of(model.scorer)
    assert levels["carrier"] == tuple(sorted(["ant", "bee", HOSTILE, "", "late"])) and levels["express"] == ("true",)
    holdout = coded_rows.by_levels(made.parts.holdout, levels)
    score = model.scorer.score(holdout.features)
    assert np.array_equal(model.score, score.astype(float)) and model.metrics["model"]["roc_auc"] > 0.8
    tags = registration.version_tags(made, model)
    version = ModelVersion(parcels.NAME, 1, "r", tags)
    assert version.categories == ("carrier", "zone", "express") and registry.retyped_features(version, USE_CASE) == []
    numbers = [feature | {"type": "number"} for feature in parcels.FEATURES]
    retyped = registry.retyped_features(version, UseCase.model_validate(parcels.declaration(features=numbers)))
    assert retyped[0] == "carrier, which was a category in training and is a number now" and len(retyped) == 3
    old = replace(version, tags={name: text for name, text in tags.items() if name != registry.TAG_CATEGORIES})
    assert (
        registry.retyped_features(old, USE_CASE)[0] == "carrier, which was a number in training and is a category now"
    )


def test_what_else_was_read_changes_neither_digest_nor_model(
    trained: tuple[TrainingInputs, Tuned, FittedModel],
) -> None:
    made, tuned, model = trained
    other = inputs("0 never trained on")
    assert other.parts.train.levels != made.parts.train.levels
    assert manifest.digest(other.parts) == manifest.digest(made.parts)
    fitted_to, compared_by = tuning.by_learned_levels(USE_CASE.model, other.parts.train, other.parts.validation)
    score = tuning.validation_score(tuned.params, tuned.rounds, fitted_to, compared_by)
    again = fitted_model.fit_and_measure(USE_CASE, replace(tuned, validation_score=score), other.parts)
    assert manifest.outcome(again) == manifest.outcome(model)
    changed = made.parts.train.features.copy()
    changed[0, 0] = 1.0 if changed[0, 0] != 1.0 else 2.0
    parts = Parts(replace(made.parts.train, features=changed), made.parts.validation, made.parts.holdout, 0)
    assert manifest.digest(parts) != manifest.digest(made.parts)


def test_the_profile_has_levels_and_the_sample_has_texts(trained: tuple[TrainingInputs, Tuned, FittedModel]) -> None:
    made, tuned, model = trained
    profile, reference = training_profile.measure_profile(
        made.parts, tuned, model, USE_CASE.drift, USE_CASE.calendar.scores
    )
    carrier = Profile.from_json(profile.to_json()).features["carrier"]
    assert isinstance(carrier, CategoryDistribution) and "late" in carrier.levels and "last" not in carrier.levels
    assert set(reference["carrier"]) == {"ant", "bee", HOSTILE, "", "late", "last", None}
    assert [str(reference.dtypes[name]) for name in ("weight", "zone")] == ["float64", "object"]


def test_the_card_says_what_was_learned_and_what_the_holdout_has_that_was_not(
    trained: tuple[TrainingInputs, Tuned, FittedModel],
) -> None:
    made, tuned, model = trained
    drawn = {name: figure.png(Figure(figsize=(1, 1))) for name in pictures.CAPTIONS}
    result = result_of(made, tuned, model)
    card = content.gather(
        Trained(USE_CASE, result, made.parts, model.scorer, model.score, {"trained for": str(DAY)}, drawn)
    )
    carrier, zone, _ = card["categories"]
    last = sum(1 for text in coded_rows.frame(made.parts.holdout)["carrier"] if text == "last")
    assert carrier["unseen"] == last / len(made.parts.holdout) > 0 and zone["unseen"] == 0
    assert (carrier["learned"], carrier["others"], zone["learned"]) == (5, 0, 4)
    html, text = page.html(card), page.markdown(card)
    assert "<h2>Categories</h2>" in html and "<b>" not in html and "## Categories" in text and "<b>" not in text
    assert page.share(carrier["unseen"]) in html and page.share(carrier["unseen"]) in text
