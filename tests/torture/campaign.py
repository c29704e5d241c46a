"""The campaign: what the platform is put through, step by step, each step one job as Airflow would start it.

History is taken in, a model is trained and promoted, a night comes whose plan has drifted, a file is refused, one day is
corrected with a bad row among the good ones, the contract is mended, a second and better model is trained, takes over, is taken
back and put away: every stage has something to do, and every table gets rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lakehouse.errors import DeliveryRejected
from tests.torture.place import USE_CASE, Place
from tests.use_cases import bakery

START = dt.date(2024, 3, 1)
TRAINED = START + dt.timedelta(days=45)
NIGHT = TRAINED + dt.timedelta(days=1)
FIRST_SCORED = NIGHT - dt.timedelta(days=9)
WEEK = dt.timedelta(days=7)
CORRECTED = NIGHT - dt.timedelta(days=9)
PLAN, SALES = "bakery_plan", "bakery_sales_counted"


def nothing(place: Place) -> None:
    """What most steps need to be done before them."""


@dataclass(frozen=True)
class Step:
    """One task: the job's arguments, what happens in the world before it, and how it ends when nobody disturbs it."""

    name: str
    arguments: tuple[str, ...]
    before: Callable[[Place], None] = nothing
    exit_code: int = 0

    @property
    def stage(self) -> str:
        """Which job."""
        return self.arguments[0]


def steps(short: bool = False) -> list[Step]:
    """The campaign, in order; ``short`` for tests: the night comes with the history, and one model is all there is."""
    last = NIGHT if short else TRAINED
    history = [
        Step("ingest plans, history", _ingest(PLAN, START, last), _deliver_all),
        Step("ingest sales, history", _ingest(SALES, START, last - WEEK)),
        Step("features, history", _of("features", START, last)),
        Step("train", _of("train", TRAINED)),
        Step("gate", _of("gate", TRAINED)),
    ]
    night = [
        Step("ingest a plan of one night", _ingest(PLAN, NIGHT)),
        Step("ingest sales of one day", _ingest(SALES, NIGHT - WEEK)),
        Step("features of one night", _of("features", NIGHT)),
    ]
    judged = [
        Step("score, ten days", _of("score", FIRST_SCORED, NIGHT)),
        Step("monitor", _of("monitor", NIGHT)),
    ]
    refused = [
        Step("report", _of("report", NIGHT)),
        Step("ingest what is refused", _ingest(PLAN, NIGHT + WEEK), _rename_a_column, DeliveryRejected.exit_code),
    ]
    corrected = [
        Step("ingest a correction", _ingest(SALES, CORRECTED), _correct),
        Step("restate", _of("restate")),
        Step("replay", ("replay", "--source", SALES), lambda place: place.allow(SALES, "oats")),
    ]
    migrated = [
        Step("migrate", ("migrate", "--source", PLAN), lambda place: place.retype(PLAN, "planned", "long")),
    ]
    succeeded = [
        Step("train again", _of("train", NIGHT), Place.learn_longer),
        Step("gate again", _of("gate", NIGHT)),
        Step("score by today's champion", (*_of("score", FIRST_SCORED), "--champion", "now")),
        Step("rollback", (*_of("rollback"), "--rescore", "--request", "kill", "--reason", "the bread got worse")),
        Step("retire", _of("retire")),
    ]
    maintained = [Step("maintain", ("maintain",))]
    if short:
        return [*history, *judged, *corrected, *maintained]
    return [*history, *night, *judged, *refused, *corrected, *migrated, *succeeded, *maintained]


def _ingest(source: str, first: dt.date, last: dt.date | None = None) -> tuple[str, ...]:
    return ("ingest", "--source", source, *_days(first, last))


def _of(stage: str, first: dt.date | None = None, last: dt.date | None = None) -> tuple[str, ...]:
    return (stage, "--use-case", USE_CASE, *_days(first, last))


def _days(first: dt.date | None, last: dt.date | None) -> tuple[str, ...]:
    begin = () if first is None else ("--partition", str(first))
    return begin if last is None else (*begin, "--through", str(last))


def _deliver_all(place: Place) -> None:
    """All of history, and a night in which every shop plans four times as much bread, at twice the price."""
    bakery.deliver(place.landing, START, NIGHT)
    header, *lines = _file(place, PLAN, NIGHT).read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines]
    drifted = [f"{shop},{bread},{int(planned) * 4},{float(price) * 2}" for shop, bread, planned, price in rows]
    bakery.write(place.landing, PLAN, NIGHT, [header, *drifted])


def _rename_a_column(place: Place) -> None:
    bakery.write(place.landing, PLAN, NIGHT + WEEK, ["shop,bread,planned,cost", "canal,rye,40,4.2"])


def _correct(place: Place) -> None:
    """One changed row, one that comes twice, and one that breaks the contract."""
    lines = ["shop,bread,sold", "canal,rye,50", "market,oats,30", "station,rye,12", "station,rye,13"]
    bakery.write(place.landing, SALES, CORRECTED, lines)


def _file(place: Place, source: str, day: dt.date) -> Path:
    return place.landing / source / f"{day}.csv"
