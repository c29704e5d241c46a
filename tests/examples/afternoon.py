"""An honest afternoon in pandas for each example: the same files, days and label, sensible features, XGBoost with early stopping.

Nothing is tuned: the parameters are those that many people would begin with.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from sklearn import metrics

from tests.examples.feed import Tables

PARAMETERS: dict[str, Any] = {"n_estimators": 2000, "learning_rate": 0.05, "max_depth": 6, "early_stopping_rounds": 50}
PARAMETERS |= {"subsample": 0.8, "colsample_bytree": 0.8, "tree_method": "hist", "enable_categorical": True}
# The first and the last day of each part, by its name: train, validation and holdout.
Windows = Mapping[str, tuple[dt.date, dt.date]]


@dataclass(frozen=True)
class Measured:
    """Metrics on the holdout, and its rows; ``naive`` are those of a guess that needs no model, where there is a good one."""

    rows: int
    model: dict[str, float]
    naive: dict[str, float] = field(default_factory=dict)
    naive_is: str = ""


def footfall(tables: Tables, windows: Windows) -> Measured:
    """Trailing means of each sensor's days, and the weekday of last week as the naive guess."""
    counts = tables["footfall_counts"].assign(pedestrians=lambda rows: rows["pedestrians"].astype(float))
    evening = _by_day(counts[counts["hour"].astype(int) >= 18])
    daily = _by_day(counts)
    weekdays = [daily.shift(7 * week) for week in (1, 2, 3, 4)]
    columns = {
        "yesterday": daily.shift(1),
        "evening": evening.shift(1),
        "week": daily.shift(1).rolling(7).mean(),
        "month": daily.shift(1).rolling(28).mean(),
        "last_week": weekdays[0],
        "weekday": sum(weekdays) / 4,
        "total": daily,
    }
    rows = pd.concat({name: frame.stack(future_stack=True) for name, frame in columns.items()}, axis=1).reset_index()
    rows["day_of_week"], rows["day_of_year"] = rows["day"].dt.dayofweek, rows["day"].dt.dayofyear
    rows["sensor"] = rows["sensor"].astype("category")
    rows = rows.dropna(subset="total")
    features = ["sensor", "day_of_week", "day_of_year", *(name for name in columns if name != "total")]
    train, validation, holdout = parts(rows, windows)
    model = xgboost.XGBRegressor(**PARAMETERS)
    model.fit(train[features], train["total"], eval_set=[(validation[features], validation["total"])], verbose=False)
    guess = holdout.dropna(subset="last_week")
    return Measured(
        len(holdout),
        errors(holdout["total"], model.predict(holdout[features])),
        errors(guess["total"], guess["last_week"]),
        "the count of a week ago",
    )


def car_loan(tables: Tables, windows: Windows) -> Measured:
    """The application as it stands, texts as pandas' categories."""
    rows = tables["loan_applications"].merge(tables["loan_repayments"], on=["day", "application"])
    features = [name for name in tables["loan_applications"] if name not in ("day", "application")]
    texts = ["salary_range", "repaid_loan_on_prev_car", "size_of_downpayment"]
    rows = _typed(rows, [name for name in features if name not in texts], texts)
    return _classified(rows, features, rows["repaid"].astype(float).astype(int), windows)


def credit_cards(tables: Tables, windows: Windows) -> Measured:
    """The application as it stands; XGBoost's softmax over the three cards."""
    rows = tables["card_applications"].merge(tables["cards_taken"], on=["day", "application"])
    features = [name for name in tables["card_applications"] if name not in ("day", "application")]
    texts = ["acq_channel", "app_channel", "is_customer"]
    rows = _typed(rows, [name for name in features if name not in texts], texts)
    rows["label"] = rows["card"].astype("category").cat.codes
    train, validation, holdout = parts(rows, windows)
    model = xgboost.XGBClassifier(**PARAMETERS)
    model.fit(train[features], train["label"], eval_set=[(validation[features], validation["label"])], verbose=False)
    chances = model.predict_proba(holdout[features])
    decided = chances.argmax(axis=1)
    measured = {
        "log_loss": metrics.log_loss(holdout["label"], chances),
        "accuracy": metrics.accuracy_score(holdout["label"], decided),
        "macro_f1": metrics.f1_score(holdout["label"], decided, average="macro"),
    }
    return Measured(len(holdout), measured)


def next_purchase(tables: Tables, windows: Windows) -> Measured:
    """Recency, frequency and age of each customer on each Monday, and whether a purchase follows within 30 days."""
    log = tables["shop_purchases"]
    first = log.groupby("customer")["day"].min().rename("first")
    mondays = [day for part in windows.values() for day in pd.date_range(*part) if day.dayofweek == 0]
    rows = pd.concat([_customers(log, first, monday) for monday in mondays], ignore_index=True)
    features = ["recency", "age", "purchases", "purchase_days", "mean_gap", "last_30", "last_90"]
    return _classified(rows, features, rows["buys"], windows)


def _customers(log: pd.DataFrame, first: pd.Series, monday: pd.Timestamp) -> pd.DataFrame:
    past = log[log["day"] < monday].assign(back=lambda rows: (monday - rows["day"]).dt.days)
    by_customer = past.groupby("customer")
    rows = pd.DataFrame({"recency": by_customer["back"].min(), "purchases": by_customer.size()})
    rows["purchase_days"] = by_customer["day"].nunique()
    rows["age"] = (monday - first.reindex(rows.index)).dt.days
    rows["mean_gap"] = (rows["age"] - rows["recency"]) / (rows["purchase_days"] - 1).replace(0, np.nan)
    for days in (30, 90):
        rows[f"last_{days}"] = past[past["back"] <= days].groupby("customer").size().reindex(rows.index, fill_value=0)
    later = log[log["day"].between(monday, monday + pd.Timedelta(days=29))]["customer"]
    return rows.assign(day=monday, buys=rows.index.isin(later).astype(int))


def flight_cancelled(tables: Tables, windows: Windows) -> Measured:
    """The schedule, and shares of cancelled departures of the days before, by airport, carrier and airport's evening."""
    key = ["day", "carrier", "flight", "origin", "sched_dep_time"]
    outcomes = tables["flight_outcomes"]
    outcomes = outcomes.assign(
        cancelled=outcomes["dep_time"].isna().astype(float), time=outcomes["sched_dep_time"].astype(int)
    )
    outcomes["late"] = (outcomes["arr_delay"].astype(float) >= 15).where(outcomes["arr_delay"].notna()).astype(float)
    rows = tables["flight_schedule"].merge(outcomes[[*key, "cancelled", "time"]], on=key)
    rows["minute"] = rows["time"] // 100 * 60 + rows["time"] % 100
    rows["hour"], rows["weekday"] = rows["time"] // 100, rows["day"].dt.dayofweek
    rows["at_once"] = rows.groupby(["day", "origin", "hour"])["time"].transform("size")
    evenings = outcomes[outcomes["time"] >= 1800]
    for name, part, by, column in (
        ("origin_1d", outcomes, "origin", "cancelled"),
        ("evening_1d", evenings, "origin", "cancelled"),
        ("late_1d", outcomes, "origin", "late"),
        ("carrier_1d", outcomes, "carrier", "cancelled"),
    ):
        share = part.groupby([by, "day"])[column].mean().rename(name).reset_index()
        rows = rows.merge(share.assign(day=share["day"] + pd.Timedelta(days=1)), on=[by, "day"], how="left")
    sums = outcomes.groupby(["day", "origin"])["cancelled"].agg(["sum", "count"]).unstack().shift(1).rolling(7).sum()
    week = (sums["sum"] / sums["count"]).stack(future_stack=True).rename("week").reset_index()
    rows = rows.merge(week, on=["day", "origin"], how="left").merge(
        _weather(tables["weather"]), on=["day", "origin"], how="left"
    )
    rows["miles"] = rows["distance"].astype(float)
    texts = ["carrier", "dest"]
    rows = _typed(rows, [], texts)
    features = [
        *texts,
        "minute",
        "weekday",
        "miles",
        "at_once",
        "origin_1d",
        "evening_1d",
        "late_1d",
        "carrier_1d",
        "week",
    ]
    return _classified(rows, [*features, "visib", "wind_speed", "precip"], rows["cancelled"].astype(int), windows)


def _weather(weather: pd.DataFrame) -> pd.DataFrame:
    """The last reading of the day before, and its rain."""
    numbers = _typed(weather, ["hour", "visib", "wind_speed", "precip"], []).sort_values(["day", "hour"])
    by_day = numbers.groupby(["day", "origin"])
    rows = by_day[["visib", "wind_speed"]].last().join(by_day["precip"].sum()).reset_index()
    return rows.assign(day=rows["day"] + pd.Timedelta(days=1))


def _classified(rows: pd.DataFrame, features: list[str], label: pd.Series, windows: Windows) -> Measured:
    train, validation, holdout = parts(rows.assign(label=label), windows)
    model = xgboost.XGBClassifier(**PARAMETERS)
    model.fit(train[features], train["label"], eval_set=[(validation[features], validation["label"])], verbose=False)
    chance = model.predict_proba(holdout[features])[:, 1]
    measured = {
        "log_loss": metrics.log_loss(holdout["label"], chance),
        "roc_auc": metrics.roc_auc_score(holdout["label"], chance),
        "average_precision": metrics.average_precision_score(holdout["label"], chance),
        "brier": metrics.brier_score_loss(holdout["label"], chance),
    }
    return Measured(len(holdout), measured)


def _typed(rows: pd.DataFrame, numbers: list[str], texts: list[str]) -> pd.DataFrame:
    return rows.astype(dict.fromkeys(numbers, float) | dict.fromkeys(texts, "category"))


def _by_day(counts: pd.DataFrame) -> pd.DataFrame:
    """The sum of each day's counts, a column a sensor."""
    return counts.groupby(["day", "sensor"])["pedestrians"].sum(min_count=1).unstack()


def errors(label: pd.Series, predicted: Any) -> dict[str, float]:
    """MAE, RMSE and R²."""
    return {
        "mae": metrics.mean_absolute_error(label, predicted),
        "rmse": float(np.sqrt(metrics.mean_squared_error(label, predicted))),
        "r2": metrics.r2_score(label, predicted),
    }


def parts(rows: pd.DataFrame, windows: Windows) -> list[pd.DataFrame]:
    """The rows of train, validation and holdout."""
    return [rows[rows["day"].between(*map(pd.Timestamp, windows[name]))] for name in ("train", "validation", "holdout")]
