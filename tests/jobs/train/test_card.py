"""The model card: complete, readable, and text stays text whatever a use case declares."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from jobs.train.card import content, page, pictures
from jobs.train.card.content import Trained
from jobs.train.plots import figure
from jobs.train.split import Parts
from lakehouse.declaration import UseCase
from lakehouse.evaluation import day_bootstrap, metrics
from lakehouse.evaluation.day_bootstrap import Draws, Rows
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs import appointments

HOSTILE = "<script>alert(1)</script> {{ 123 * 321 }} a|b `c` ![x](http://e) \n# d"
SLICES = [
    {"slice": "clinic", "value": HOSTILE, "rows": 30, "positives": 9, "metric": "log_loss"}
    | {"value_of_metric": 0.41234, "low": 0.3, "high": 0.5},
    {"slice": "clinic", "value": "east", "rows": 170, "positives": 60, "metric": "log_loss"}
    | {"value_of_metric": None, "low": None, "high": None},
]


class Page(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@cache
def trained(task: str = "classification", hostile: bool = False) -> Trained:
    import xgboost

    declared = appointments.declaration()
    if task == "regression":
        declared["label"].pop("at_least")
        declared["gate"] = {"metric": "rmse", "min_improvement": 0, "floors": {"rmse": 40}}
        declared["model"]["task"] = task
    declared["card"] = {"intended_use": "Calling patients the day before.", "known_limits": ["Not for children."]}
    if hostile:
        declared |= {"title": HOSTILE, "description": HOSTILE, "owner": HOSTILE}
        declared["features"] = [{**each, "description": HOSTILE} for each in declared["features"]]
        declared["card"] = {"intended_use": HOSTILE, "known_limits": [HOSTILE]}
    use_case = UseCase.model_validate(declared)
    dice = np.random.default_rng(5)

    def rows(count: int, first: str, days: int = 1) -> TrainingSet:
        values = dice.random((count, 3))
        label = (values[:, 0] + values[:, 1] > 1).astype(float) if task == "classification" else values.sum(axis=1)
        values[dice.random(values.shape) < 0.25] = np.nan
        return TrainingSet(appointments.FEATURES, values, label, np.datetime64(first) + np.arange(count) % days)

    parts = Parts(rows(400, "2024-01-01"), rows(100, "2024-01-28"), rows(200, "2024-02-03", 7), unlabelled=1234)
    objective = "binary:logistic" if task == "classification" else "reg:squarederror"
    matrix = xgboost.DMatrix(parts.train.features, label=parts.train.label, feature_names=list(appointments.FEATURES))
    booster = xgboost.train({"objective": objective, "max_depth": 2}, matrix, 10)
    score = np.asarray(booster.inplace_predict(parts.holdout.features, validate_features=False), dtype=np.float64)
    metric = use_case.gate.metric
    measured = metrics.compute(use_case.model.task, parts.holdout.label, score)[metric]
    result: dict[str, Any] = {
        "metrics": {"model": {metric: measured, "confusion": [[1, 2], [3, 4]]}, "baseline_constant": {metric: 0.6931}},
        "rows": parts.rows,
        "windows": {
            "train": "2024-01-01..2024-01-26",
            "validation": "2024-01-28..2024-02-02",
            "holdout": "2024-02-03..9",
        },
        "best_params": {"rounds": 10, "eta": 0.1},
        "threshold": 0.4321 if task == "classification" else None,
        **({"slices": SLICES} if hostile else {}),
    }
    lineage = {"trained for": "2024-02-10", "MLflow run": "ab12", "code version": "0.1.0+abc", "none": None}
    drawn = {name: figure.png(Figure(figsize=(1, 1))) for name in pictures.CAPTIONS}
    return Trained(use_case, result, parts, booster, score, lineage, drawn)


@cache
def gathered(task: str = "classification", hostile: bool = False) -> dict[str, Any]:
    return content.gather(trained(task, hostile))


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_card_says_what_a_reader_must_know(task: str) -> None:
    card = gathered(task)
    text = Page(page.html(card)).text
    for words in (
        *("Appointments that will be missed", "Which appointments of tomorrow will the patient miss?", "Owner: clinic"),
        *(
            "Calling patients the day before.",
            "Not for children.",
            "2024-01-01..2024-01-26",
            "1,234 rows of these days",
        ),
        *("minutes_late of visits", "known 1 day(s) after the day", "0.6931", "baseline constant"),
        *(
            page.number(card["metrics"]["rows"][0]["values"][0]),
            "whole days drawn from the holdout's 7 with replacement",
        ),
        *("lead_days", "importance", "min improvement", "violated days", "0.1.0+abc", "ab12", "xgboost-cpu"),
    ):
        assert words in text
        assert words in page.markdown(card).replace("\\", "")
    assert ("Decided yes from" in text) == (task == "classification")
    assert "confusion" not in text and "By slice" not in text and "none" not in dict(card["lineage"])


def test_shares_are_those_of_the_rows() -> None:
    card = gathered()
    assert sum(feature["importance"] for feature in card["features"]) == pytest.approx(1)
    assert [f["importance"] for f in card["features"]] == sorted(
        (f["importance"] for f in card["features"]), reverse=True
    )
    assert all(0.65 < feature["known"] < 0.85 for feature in card["features"])
    part = card["parts"][0]
    assert (part["rows"], part["mean"]) == (400, trained().parts.train.label.mean())


def repeated(rows: TrainingSet, times: int) -> TrainingSet:
    return TrainingSet(
        rows.names, np.repeat(rows.features, times, axis=0), np.repeat(rows.label, times), np.repeat(rows.days, times)
    )


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_interval_is_of_days_so_that_more_rows_of_the_same_days_make_it_no_narrower(task: str) -> None:
    one = trained(task)
    tenfold = replace(
        one, parts=replace(one.parts, holdout=repeated(one.parts.holdout, 10)), score=np.repeat(one.score, 10)
    )
    interval, of_tenfold = content.interval(one), content.interval(tenfold)
    assert interval is not None and of_tenfold is not None
    assert interval["low"] < interval["value"] < interval["high"] and interval["days"] == 7
    # Of rows the interval would be narrower by a factor of three.
    assert (of_tenfold["low"], of_tenfold["high"]) == pytest.approx((interval["low"], interval["high"]))


def test_the_interval_is_that_of_the_gate_s_rule_with_the_use_case_s_seed() -> None:
    one = trained()
    holdout, seed = one.parts.holdout, one.use_case.model.seed
    values = Draws.of(holdout.days, seed).values("log_loss", Rows(holdout.label, one.score))
    interval = content.interval(one)
    assert interval is not None and (interval["low"], interval["high"]) == day_bootstrap.interval(values, 7)
    assert interval["value"] == one.result["metrics"]["model"]["log_loss"]


def test_a_holdout_of_one_day_has_no_interval_and_the_card_says_so() -> None:
    one = trained()
    same_day = replace(one.parts.holdout, days=np.full(200, np.datetime64("2024-02-03")))
    card = content.gather(replace(one, parts=replace(one.parts, holdout=same_day)))
    assert (card["interval"]["low"], card["interval"]["days"]) == (None, 1)
    for text in (Page(page.html(card)).text, page.markdown(card)):
        assert "no interval: too few days to draw from" in text and "95 %" not in text


def test_pictures_are_in_the_page_itself() -> None:
    read = Page(page.html(gathered()))
    pictures = [dict(attributes)["src"] or "" for tag, attributes in read.tags if tag == "img"]
    assert len(pictures) == 2 and all(source.startswith("data:image/png;base64,iVBOR") for source in pictures)
    assert "../plots/calibration.png" in page.markdown(gathered())


def test_declared_text_stays_text() -> None:
    card = gathered(hostile=True)
    read = Page(page.html(card))
    assert not [tag for tag, _ in read.tags if tag in ("script", "a", "iframe")]
    assert "<script>alert(1)</script> {{ 123 * 321 }}" in read.text and "39483" not in read.text
    written = page.markdown(card)
    unescaped = re.sub(r"\\.", "", written)
    assert "<script" not in unescaped and "](http" not in unescaped
    # A line of its own, or a cell too many, would be markup as well.
    assert "\n# d" not in written
    rows = [line for line in written.splitlines() if line.startswith("| `lead_days`")]
    assert len(rows) == 1 and rows[0].replace("\\|", "").count("|") == 5


def test_slices_are_told_with_their_intervals_and_the_largest_first() -> None:
    read = Page(page.html(gathered(hostile=True))).text
    assert read.index("east") < read.index("0.4123")
    assert "By slice" in read and "0.5" in read and "170" in read
