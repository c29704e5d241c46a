"""Made-up worlds for the bench of alarms: days of rows with a label, as training reads them, and what may happen to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lakehouse.declaration import UseCase
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.bench.alarm_nights import Floats, Stage

START = dt.date(2024, 1, 1)
# The model learns from these days, is judged on the next, and watched after a day's maturity.
LEARNED, SCORED, QUIET = 104, 21, 90
NUMBERS = ("plain", "skewed", "weather", "count", "degrees")
NAMES = (*NUMBERS, "kind")
KINDS = ("a", "b", "c", "d", "e", "f")
REGIONS = ("north", "south", "west")
PARTS = (0.5, 0.3, 0.2)


def declared(
    window_days: int = 7, alarms: str = "measured", names: tuple[str, ...] = NAMES, **drift: object
) -> UseCase:
    """A yes or no with numbers, a category and a slice; its label matures after a day."""
    source = {
        "name": "plan",
        "columns": [{"name": "id", "type": "int"}, {"name": "region", "type": "string"}],
        "key": ["id"],
    }
    record = {
        "name": "record",
        "arrives_after_days": 1,
        "columns": [{"name": "id", "type": "int"}, {"name": "late", "type": "int", "nullable": True}],
        "key": ["id"],
    }
    features = [
        {"name": name, "description": "d", "type": "category" if name == "kind" else "number"} for name in names
    ]
    return UseCase.model_validate(
        {
            "name": "world",
            "title": "t",
            "description": "d",
            "owner": "o",
            "calendar": {"start": START},
            "sources": [source, record],
            "entity": {"source": "plan", "key": ["id"]},
            "inputs": [{"source": "plan"}],
            "features": features,
            "label": {"source": "record", "column": "late", "at_least": 1, "maturity_days": 1},
            "split": {
                "train": {"first": 126, "last": 38},
                "validation": {"first": 36, "last": 23},
                "holdout": {"first": 21, "last": 1},
            },
            "model": {"task": "classification"},
            "gate": {"metric": "log_loss", "min_improvement": 0.0},
            "drift": {"window_days": window_days, "alarms": alarms, **drift},
            "slices": ["region"],
        }
    )


@dataclass(frozen=True)
class World:
    """How a made-up world is.

    Attributes:
        rows_a_day: on average.
        season: whether weekends differ, in features, rows and labels.
        seed: of all that is drawn.
        change: what happens, from ``since`` on, counted in watched days; nothing when None.
        holiday, gap: watched days that are like no other, and that have no rows.
        cancelled: the share of rows that never get a label, and have no value in one column.
    """

    rows_a_day: int
    season: bool
    seed: int
    change: Change | None = None
    since: int = 0
    holiday: int | None = None
    gap: int | None = None
    cancelled: float = 0.0


@dataclass(frozen=True)
class Change:
    """Something that happens.

    Attributes:
        name: in words.
        column: which a verdict should name; empty for labels and concept.
        region: the slice that it should name, empty for all rows.
        needs_labels: whether it is seen in labels alone.
        watched: days that are waited for it.
        features: of (features, days since it began, dice) -> features, of rows of one day.
        rate: by which the chance of a yes is multiplied.
        turned: whether one feature works the other way.
    """

    name: str
    column: str = ""
    region: str = ""
    needs_labels: bool = False
    watched: int = 20
    features: Callable[[Floats, int, np.random.Generator], Floats] | None = None
    rate: float = 1.0
    turned: bool = False


def day(number: int) -> dt.date:
    """So many days after the first."""
    return START + dt.timedelta(days=number)


def score(features: Floats, turned: bool = False, offset: Floats | float = 0.0) -> Floats:
    """The probability of a yes; ``turned``: one feature works the other way."""
    known = np.where(np.isnan(features), np.array([0.0, 1.0, 0.0, 2.0, 15.0, 0.0]), features)
    plain, skewed, weather, count, degrees, kind = known.T
    kind = np.where(kind < len(KINDS), kind, 0)
    sign = -1 if turned else 1
    latent = (
        -1.2
        + sign * 0.8 * plain
        + 0.2 * skewed
        + 0.3 * weather
        + 0.1 * count
        + 0.02 * (degrees - 15)
        + 0.1 * kind
        + offset
    )
    return np.asarray(1 / (1 + np.exp(-latent)))


def rows_of(world: World, days: int) -> tuple[TrainingSet, Floats]:
    """Rows of so many days from ``START``, and their scores."""
    dice = np.random.default_rng(world.seed)
    weather, mood = 0.0, 0.0
    parts, labels, scores, stamps, regions = [], [], [], [], []
    first = LEARNED + SCORED + 1
    for number in range(days):
        weather = 0.5 * weather + dice.normal() * np.sqrt(0.75)
        mood = 0.3 * mood + 0.05 * dice.normal()
        watched, weekend = number - first, world.season and day(number).weekday() >= 5
        mean = world.rows_a_day * (0.5 if weekend else 1.0)
        holiday = watched >= 0 and watched == world.holiday
        count = dice.poisson(mean * (0.3 if holiday else 1.0))
        if watched >= 0 and watched == world.gap:
            continue
        features = np.stack(
            [
                dice.normal(size=count) + (0.4 if weekend else 0.0) + (1.0 if holiday else 0.0),
                dice.gamma(1.0 if not weekend else 1.5, size=count),
                weather + 0.1 * dice.normal(size=count),
                dice.poisson(2.0, size=count).astype(np.float64),
                15 + 8 * dice.normal(size=count),
                dice.choice(len(KINDS), p=_mix(weekend), size=count).astype(np.float64),
            ],
            axis=1,
        )
        features[dice.random(count) < 0.03, 3] = np.nan
        region = dice.choice(REGIONS, p=PARTS, size=count)
        change = world.change if watched >= world.since else None
        turned = change is not None and change.turned
        if change is not None and change.features is not None:
            chosen = region == change.region if change.region else np.ones(count, dtype=bool)
            truth = features
            features = features.copy()
            features[chosen] = change.features(features[chosen], watched - world.since, dice)
        else:
            truth = features
        chance = score(truth, turned, mood + (-0.3 if weekend else 0.0))
        if change is not None:
            chance = np.minimum(chance * change.rate, 1.0)
        labels.append((dice.random(count) < chance).astype(np.float64))
        if world.cancelled:
            its = dice.random(count) < world.cancelled
            features[its, NAMES.index("degrees")] = labels[-1][its] = np.nan
        parts.append(features)
        scores.append(score(features, False, -0.3 if weekend else 0.0))
        stamps.append(np.full(count, np.datetime64(day(number))))
        regions.append(region)
    made = TrainingSet(
        NAMES,
        np.concatenate(parts),
        np.concatenate(labels),
        np.concatenate(stamps).astype("datetime64[D]"),
        {"region": np.concatenate(regions).astype(np.str_)},
        {"kind": (*KINDS, "zeppelin")},
    )
    return made, np.concatenate(scores)


def _mix(weekend: bool) -> Floats:
    mix = np.array([0.4, 0.25, 0.15, 0.1, 0.06, 0.04])
    return mix[[1, 0, 2, 3, 4, 5]] if weekend else mix


def on(name: str, change: Callable[[Floats, int, np.random.Generator], Floats]) -> Callable[..., Floats]:
    """A change of one column."""
    place = NAMES.index(name)

    def changed(features: Floats, since: int, dice: np.random.Generator) -> Floats:
        features = features.copy()
        features[:, place] = change(features[:, place], since, dice)
        return features

    return changed


def gone(share: float) -> Callable[[Floats, int, np.random.Generator], Floats]:
    """This share of the values is null."""
    return lambda values, since, dice: np.where(dice.random(len(values)) < share, np.nan, values)


CHANGES = (
    Change("shifted by half a standard deviation", "plain", features=on("plain", lambda v, s, d: v + 0.5)),
    Change("the same, in one slice", "plain", "south", features=on("plain", lambda v, s, d: v + 0.5)),
    Change("30 % of the values gone", "skewed", features=on("skewed", gone(0.3))),
    Change("a unit changed", "degrees", features=on("degrees", lambda v, s, d: v * 1.8 + 32)),
    Change(
        "an unseen category in 10 %",
        "kind",
        features=on("kind", lambda v, s, d: np.where(d.random(len(v)) < 0.1, len(KINDS), v)),
    ),
    Change("label rate up by a third", needs_labels=True, rate=4 / 3),
    Change("one relation turned round", "plain", needs_labels=True, turned=True),
    Change(
        "slow drift, one sd in 60 days", "plain", watched=60, features=on("plain", lambda v, s, d: v + min(s / 60, 1.0))
    ),
    Change("a day-level column shifted by half", "weather", features=on("weather", lambda v, s, d: v + 0.5)),
)
# Of other kinds, beyond what the issue lists.
OTHERS = (
    Change("a column went constant", "skewed", features=on("skewed", lambda v, s, d: np.full(len(v), 1.0))),
    Change("values twice as wide", "plain", features=on("plain", lambda v, s, d: v * 2)),
    Change("10 % of the values gone in one slice", "skewed", "west", features=on("skewed", gone(0.1))),
)


def stage(world: World, watched: int = QUIET, skip: int = 0) -> Stage:
    """The days of a world, as a training and the nights after it see them; of the watched ones ``skip`` are left out first."""
    first = LEARNED + SCORED + 1
    rows, scores = rows_of(world, first + watched)

    def between(start: int, end: int) -> tuple[TrainingSet, Floats]:
        kept = (rows.days >= np.datetime64(day(start))) & (rows.days < np.datetime64(day(end)))
        return rows.between(day(start), day(end - 1)), scores[kept]

    learned, _ = between(0, LEARNED)
    scored, scored_score = between(LEARNED, LEARNED + SCORED)
    later, score = between(first - 21, first + watched)
    days = [on for on in np.unique(later.days).astype(object).tolist() if on >= day(first + skip)]
    return Stage(learned, scored, scored_score, later, score, days)
