"""Rows of features and scores counted by bin: here when they are few, else by Spark's workers."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from jobs.monitor import counts, new_categories, scored_classes, version
from lakehouse import fingerprints
from lakehouse.evaluation import model_scores
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import SCORE, Distribution
from lakehouse.ops import builds
from lakehouse.storage import row_limits, worker_tasks
from lakehouse.storage.day_files import DayFiles
from lakehouse.storage.day_parts import Part, parts_of

Kind = Literal["feature", "prediction", "new category"]
FEATURE: Literal["feature"] = "feature"
PREDICTION: Literal["prediction"] = "prediction"
NEW_CATEGORY = new_categories.KIND
MODEL_VERSION, DECISION = "model_version", "decision"

# By kind and day, the counts of each column; of new categories the rows of each level, in a Counter.
Counted = dict[tuple[Kind, dt.date], dict[str, Any]]


@dataclass(frozen=True)
class Rows:
    """What is counted of one kind: the files of the days that have rows, what identifies them, and the bins of each column.

    ``classes``: of a label of several, those that the scores decide for: each is a bin of its own. ``judged``: rules and fallbacks
    decide beside the model, whose own scores are counted.
    """

    files: DayFiles
    identity: Mapping[dt.date, str]
    bins: Mapping[str, Distribution | CategoryDistribution]
    classes: tuple[str, ...] = ()
    judged: bool = False

    def fingerprint(self, day: dt.date) -> str:
        """Of everything that the counts of the day are made from."""
        edges = json.dumps({name: item.boundaries for name, item in sorted(self.bins.items())})
        inputs = {"rows": self.identity[day], "bins": fingerprints.digest(edges), "code": str(version.COUNTS)}
        if self.classes:
            inputs["classes"] = fingerprints.digest(*self.classes)
        return builds.fingerprint(inputs)


def count(application: str, number: int, kinds: Mapping[Kind, Rows], missing: list[tuple[Kind, dt.date]]) -> Counted:
    """Count the rows of these days: here when they are few, else by Spark's workers, each file in parts.

    Args:
        application: the name of what Spark does.
        number: of the model version whose scores are counted.
        kinds: what is counted.
        missing: the kinds and days that are, all of which have files.
    """
    rows = sum(file.rows for kind, day in missing for file in kinds[kind].files.by_day[day])
    few = rows <= row_limits.IN_PROCESS_ROWS
    parts = [
        (kind, day, part)
        for kind, day in missing
        # One column of a whole file is less work than some of a part.
        for part in parts_of(kinds[kind].files, day, whole=few or len(kinds[kind].bins) == 1)
    ]
    work = _counter(number, kinds, parts)
    found: Counted = {}
    made = (one for place in range(len(parts)) for one in work(place))
    for kind, day, some in made if few else worker_tasks.run(f"monitor {application}", len(parts), work):
        before = found.get((kind, day))
        found[kind, day] = some if before is None else {name: before[name] + some[name] for name in some}
    return found


def _counter(
    number: int, kinds: Mapping[Kind, Rows], parts: list[tuple[Kind, dt.date, Part]]
) -> Callable[[int], Iterator[tuple[Kind, dt.date, dict[str, Any]]]]:
    def count_part(place: int) -> Iterator[tuple[Kind, dt.date, dict[str, Any]]]:
        kind, day, part = parts[place]
        bins = kinds[kind].bins
        classes = kinds[kind].classes
        names = [*bins, MODEL_VERSION] if kind == PREDICTION else list(bins)
        if classes:
            names = [DECISION, MODEL_VERSION]
        if kinds[kind].judged:
            names += model_scores.COLUMNS
        for rows in kinds[kind].files.parts(part.file, names, part.groups):
            if kind == PREDICTION:
                by_version = pc.equal(rows.column(MODEL_VERSION), number)
                rows = rows if pc.all(by_version).as_py() else rows.filter(by_version)
                if kinds[kind].judged:
                    rows = model_scores.of_model(rows)
                if classes:
                    rows = pa.table({SCORE: scored_classes.numbers(rows.column(DECISION), classes).cast(pa.float64())})
            if len(rows):
                yield kind, day, counts.of_columns(rows, bins)
                if kind == FEATURE and (new := new_categories.of_rows(rows, bins)):
                    yield NEW_CATEGORY, day, new

    return count_part
