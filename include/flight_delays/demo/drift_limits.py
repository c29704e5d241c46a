"""How far ordinary weeks stray: the measurement behind the drift limits of flight_delays.

    python -m include.flight_delays.demo.drift_limits [--from 2013-04-05] [--through 2013-05-31]

Reads the gold features and the silver outcomes, trains a champion for every seventh day as the platform would have (the
same windows, fixed parameters), lets it score the 14 days that follow, and measures on each what monitoring measures.
docs/decisions/0007-drift-limits.md derives the limits from the numbers.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xgboost

from lakehouse import tables
from lakehouse.declaration import UseCase, loader, metric_names
from lakehouse.evaluation import metrics
from lakehouse.evaluation.drift_profile import PARTITION, SCORE, Profile
from lakehouse.storage import arrow_dataset, delta_log

LABEL = "label"
EVERY, WATCHED = 7, 14  # days between champions, and days that each is watched
# The middle of the search: the weeks are measured, not a tuning.
PARAMETERS = {
    "objective": "binary:logistic", "eval_metric": "logloss", "tree_method": "hist", "eta": 0.06, "max_depth": 5,
    "min_child_weight": 80, "subsample": 0.7, "colsample_bytree": 0.5, "reg_lambda": 10, "seed": 20130101,
}  # fmt: skip
FEWEST_DAYS = 3  # as monitoring has it: a shorter window is not measured


def read(use_case: UseCase) -> pd.DataFrame:
    """Features and label (NaN for none) of every scheduled flight in gold, in a fixed order."""
    key = [PARTITION, *use_case.entity.key]
    features = _frame(tables.features(use_case), [*key, *use_case.feature_names])
    label = str(use_case.label.column)
    outcomes = _frame(tables.labels(use_case), [*key, label])
    rows = features.merge(outcomes, on=key, how="left", validate="one_to_one").sort_values(key, ignore_index=True)
    value = rows.pop(label)
    return rows.assign(**{LABEL: (value >= use_case.label.at_least).where(value.notna()).astype("float64")})


def measure(rows: pd.DataFrame, use_case: UseCase, first: dt.date, last: dt.date) -> pd.DataFrame:
    """The statistics that monitoring would have measured.

    Args:
        rows: as ``read`` gives them.
        use_case: declares features, split and windows.
        first: the day for which the first champion is trained.
        last: the last day watched.

    Returns:
        One row per ``champion`` (the day it was trained for) and ``partition``: ``drifted_share``, ``prediction_psi``,
        ``calibration_gap`` and ``loss_rise``, and ``feature_excess``, each feature's PSI over its limit.
    """
    watched: list[dict[str, Any]] = []
    day = first
    while day <= last:
        scores, profile = champion(rows, use_case, day)
        until = min(last, day + dt.timedelta(days=WATCHED - 1))
        watched += _watch(rows, scores, profile, use_case, day, until)
        day += dt.timedelta(days=EVERY)
    return pd.DataFrame(watched)


def champion(rows: pd.DataFrame, use_case: UseCase, day: dt.date) -> tuple[pd.Series[float], Profile]:
    """Train for ``day``: scores of all rows from the holdout on, and the training profile, of flights without a label too."""
    names, split = list(use_case.feature_names), use_case.split
    age = np.array([(day - each).days for each in rows[PARTITION]])
    labelled = rows[LABEL].notna().to_numpy()
    in_train = age >= split.train.last
    in_validation = (age <= split.validation.first) & (age >= split.validation.last)
    in_holdout = (age <= split.holdout.first) & (age >= split.holdout.last)
    train, validation, holdout = (labelled & its for its in (in_train, in_validation, in_holdout))

    def matrix(chosen: Any) -> xgboost.DMatrix:
        return xgboost.DMatrix(rows.loc[chosen, names], rows.loc[chosen, LABEL])

    tuned = xgboost.train(
        PARAMETERS, matrix(train), 400, evals=[(matrix(validation), "validation")], early_stopping_rounds=40,
        verbose_eval=False,
    )  # fmt: skip
    rounds = tuned.best_iteration + 1
    final = xgboost.train(PARAMETERS, matrix(train | validation), rounds)
    later = age <= split.holdout.first
    scores = pd.Series(final.predict(xgboost.DMatrix(rows.loc[later, names])).astype(float), index=rows.index[later])
    seen = tuned.predict(matrix(validation), iteration_range=(0, rounds)).astype(float)
    # Flights without a label are scored as any other, and no model was fitted to them.
    others = in_validation & ~labelled
    unlearned = final.predict(xgboost.DMatrix(rows.loc[others, names])).astype(float)
    unseen = pd.concat([
        pd.Series(seen, index=rows.index[validation]), pd.Series(unlearned, index=rows.index[others]),
        scores[rows.index[in_holdout]],
    ])  # fmt: skip
    measured = metrics.compute("classification", rows.loc[holdout, LABEL].to_numpy(), scores[holdout[later]].to_numpy())
    prediction = pd.DataFrame({PARTITION: rows.loc[unseen.index, PARTITION], SCORE: unseen})
    past = rows.loc[in_train | in_validation, [PARTITION, *names]]
    return scores, Profile.of(past, prediction, measured, use_case.drift)


def _watch(
    rows: pd.DataFrame, scores: pd.Series[float], profile: Profile, use_case: UseCase, first: dt.date, last: dt.date
) -> Iterator[dict[str, Any]]:
    drift = use_case.drift
    scored = rows.loc[scores.index].assign(**{SCORE: scores})
    by_champion = scored[scored[PARTITION] >= first]
    expected_loss = profile.metrics[metric_names.LOSS["classification"]] or 0.0
    for day in (first + dt.timedelta(days=number) for number in range((last - first).days + 1)):
        features = _window(rows, day, drift.window_days)
        excess = {}
        for name, shape in profile.features.items():
            limit = max(drift.feature_psi_floor, drift.feature_psi_factor * (shape.ordinary_psi or 0.0))
            excess[name] = shape.psi(_counts(shape, features[name])) / limit
        result: dict[str, Any] = {"champion": first, PARTITION: day, "feature_excess": excess}
        result["drifted_share"] = float(np.mean([value > 1 for value in excess.values()]))
        predictions = _window(by_champion, day, drift.window_days)
        if predictions[PARTITION].nunique() >= FEWEST_DAYS:
            result["prediction_psi"] = profile.prediction.psi(_counts(profile.prediction, predictions[SCORE]))
        matured = _window(by_champion, day - dt.timedelta(days=use_case.maturity_days), drift.window_days)
        matured = matured[matured[LABEL].notna()]
        if matured[PARTITION].nunique() >= FEWEST_DAYS:
            values = metrics.compute("classification", matured[LABEL].to_numpy(), matured[SCORE].to_numpy())
            result["calibration_gap"] = abs(values[metric_names.CALIBRATION_GAP] or 0.0)
            result["roc_auc"], result["log_loss"] = values["roc_auc"], values["log_loss"]
            result["loss_rise"] = (values["log_loss"] or 0.0) - expected_loss
        yield result


def _window(rows: pd.DataFrame, last: dt.date, days: int) -> pd.DataFrame:
    return rows[(rows[PARTITION] <= last) & (rows[PARTITION] > last - dt.timedelta(days=days))]


def _counts(shape: Any, values: pd.Series[float]) -> Any:
    return np.bincount(shape.bins(values.to_numpy(dtype=np.float64)), minlength=len(shape.shares))


def _frame(table: tables.Table, columns: list[str]) -> pd.DataFrame:
    location = delta_log.location(table)
    frame: pd.DataFrame = (
        arrow_dataset.open_dataset(delta_log.open_at(location), location).to_table(columns=columns).to_pandas()
    )
    return frame.assign(**{PARTITION: pd.to_datetime(frame[PARTITION]).dt.date})


def main(arguments: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m include.flight_delays.demo.drift_limits")
    parser.add_argument("--from", dest="first", type=dt.date.fromisoformat, default=dt.date(2013, 4, 5))
    parser.add_argument("--through", dest="last", type=dt.date.fromisoformat, default=dt.date(2013, 5, 31))
    options = parser.parse_args(arguments)
    use_case = loader.by_name("flight_delays")
    measured = measure(read(use_case), use_case, options.first, options.last)
    statistics = ["drifted_share", "prediction_psi", "calibration_gap", "loss_rise", "log_loss", "roc_auc"]
    print(measured[statistics].describe(percentiles=[0.5, 0.9, 0.95, 0.99]).round(3).to_string())
    excess = pd.DataFrame(list(measured["feature_excess"]))
    print("\nPSI over its limit, by feature:")
    print(excess.describe(percentiles=[0.5, 0.95]).T[["50%", "95%", "max"]].round(2).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
