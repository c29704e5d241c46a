"""The scores that get reasons: by the declared number a day, by their decision, or both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import Reasons, UseCase
from lakehouse.models import registry
from lakehouse.storage import arrow_dataset


def of_days(use_case: UseCase, reasons: Reasons, days: Sequence[dt.date], scores_version: int) -> pa.Table:
    """``partition`` and key of the champion's scores of these days that get reasons, as of a version of the scores table.

    Scores are looked at alone first: of many rows few have keys that are read.
    """
    table = tables.scores(use_case)
    on = ["partition", *use_case.entity.key]
    found = []
    for day in days:
        where = (pc.field("partition") == day) & (pc.field("role") == registry.CHAMPION)
        if use_case.judged:
            # What no model has scored has no reasons of one.
            where &= pc.field("model_score").is_valid()
        if reasons.above_threshold:
            where &= pc.field("decision")
        if reasons.top is not None:
            scores = arrow_dataset.read(table, where, scores_version, ["score"]).column("score").to_numpy()
            if len(scores) > reasons.top:
                where &= pc.field("score") >= float(np.partition(scores, -reasons.top)[-reasons.top])
        rows = arrow_dataset.read(table, where, scores_version, [*on, "score"])
        found.append(highest(rows, reasons.top, on))
    return pa.concat_tables(found)


def highest(rows: pa.Table, top: int | None, on: Sequence[str]) -> pa.Table:
    """The columns ``on`` of the ``top`` highest scores, in their order; of equal scores the first keys, so that every run
    chooses the same. All without ``top``, in the order of the keys.
    """
    keys: list[tuple[str, str]] = [(name, "ascending") for name in on]
    ordered = rows.sort_by(keys if top is None else [("score", "descending"), *keys])
    return ordered.select(list(on)).slice(0, top)


def days_of_many(rows: pa.Table, limit: int) -> frozenset[dt.date]:
    """The days with more rows than the limit."""
    counted = pc.value_counts(rows.column("partition")).to_pylist()
    return frozenset(one["values"] for one in counted if one["counts"] > limit)
