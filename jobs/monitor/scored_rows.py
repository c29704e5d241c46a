"""The scores of a day with their labels and slices, as arrays: read and joined here or in a worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.monitor import scored_classes
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.declaration.rules import MODEL
from lakehouse.evaluation import key_join, labels, model_scores
from lakehouse.evaluation.slice_texts import SliceTexts
from lakehouse.populations import population
from lakehouse.populations.population import DayRows
from lakehouse.storage import worker_threads
from lakehouse.storage.day_files import DayFiles

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ScoredRows:
    """The scores of one day and role by one version.

    Attributes:
        day, role, version: which.
        score: shape (rows,); of several classes the probabilities, a column a class.
        decision: shape (rows,), 1 or 0, or the number of a class; -1 where there is none.
        label: shape (rows,), NaN where none came.
        slices: the slice of each row, by the declared slice's name.
        classes: of a label of several.
        deciders: of rows as they were decided, by rules and fallbacks too, the kind of what decided each: shape (rows,); None of
            those that the model scored, with what it alone said.
        withheld: of the same, whether the decision counts for nothing.
    """

    day: dt.date
    role: str
    version: int
    score: Floats
    decision: NDArray[np.integer[Any]]
    label: Floats
    slices: Mapping[str, SliceTexts]
    classes: tuple[str, ...] = ()
    deciders: NDArray[np.object_] | None = None
    withheld: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class ScoredDays:
    """Reads the scored rows of days.

    Attributes:
        key: the columns of the entity's key.
        scores, outcomes: the files of the tables.
        population: who was scored.
        classes: of a label of several.
        judged: whether rules or fallbacks decide beside the model.
        labelled: whether labels are read too; else none is known.
    """

    key: tuple[str, ...]
    scores: DayFiles
    outcomes: DayFiles
    population: DayRows
    classes: tuple[str, ...] = ()
    judged: bool = False
    labelled: bool = True

    @classmethod
    def of(cls, use_case: UseCase, days: Sequence[dt.date], labelled: bool = True) -> ScoredDays:
        """The days as they are now."""
        scores, outcomes = (DayFiles.of(table(use_case), days) for table in (tables.scores, tables.outcomes))
        who = population.of(use_case, days, coded=use_case.slices)
        return cls(use_case.entity.key, scores, outcomes, who, use_case.classes, use_case.judged, labelled)

    def roles(self, day: dt.date) -> list[str]:
        """The roles that have scores of the day."""
        return sorted({file.partition["role"] for file in self.scores.by_day.get(day, ())})

    def read(self, day: dt.date, role: str, slices: Sequence[str]) -> Iterator[ScoredRows]:
        """The day's rows of a role, those of each version apart, with these slices.

        Where rules or fallbacks decide beside the model: those that it scored, with what it alone said; then all, as they were
        decided.
        """
        rows, texts = self._joined(day, role, slices)
        if not self.judged:
            whole = self._arrays(rows, day, role, texts)
            # Of many rows memory is what takes the time: the columns go before the arrays are worked on.
            del rows
            if len(whole[0].score) >= worker_threads.MANY_ROWS:
                pa.default_memory_pool().release_unused()
            yield from _by_version(*whole)
            return
        yield from _by_version(*self._arrays(model_scores.of_model(rows), day, role, texts))
        yield from _by_version(*self._arrays(rows, day, role, texts, decided=True))

    def _joined(self, day: dt.date, role: str, slices: Sequence[str]) -> tuple[pa.Table, dict[str, tuple[str, ...]]]:
        """The scores with labels and codes of slices, without their key; and the texts that the codes stand for."""
        key = list(self.key)
        own = key if self.labelled or slices else []
        columns = [*own, "model_version", *scored_classes.columns(self.classes), "decision"]
        columns += [*model_scores.COLUMNS, "decided_by", "withheld"] if self.judged else []
        scores = replace(
            self.scores, by_day={day: tuple(f for f in self.scores.by_day[day] if f.partition["role"] == role)}
        )
        reads = [partial(scores.read, day, columns)]
        reads += [partial(self.outcomes.read, day, [*key, "label"])] if self.labelled else []
        reads += [partial(self.population.read, day, list(dict.fromkeys([*key, *slices])))] if slices else []
        rows, *others = worker_threads.run(reads, scores.rows)
        if not self.labelled:
            rows = rows.append_column("label", pa.nulls(rows.num_rows, pa.float64()))
        texts: dict[str, tuple[str, ...]] = {}
        if slices:
            entities = others.pop()
            coded = entities.select(key)
            for name in slices:
                found = SliceTexts.of(entities.column(name))
                coded, texts[name] = coded.append_column(f"slice_{name}", pa.array(found.code)), found.texts
            others.append(coded)
            del entities
        for other in key_join.together(others, key):
            rows = key_join.left_join(rows, other, key)
        return rows.drop_columns(own), texts

    def _arrays(
        self, rows: pa.Table, day: dt.date, role: str, texts: Mapping[str, tuple[str, ...]], decided: bool = False
    ) -> tuple[ScoredRows, NDArray[np.int64] | None]:
        """All rows as arrays, and the version of each where there are several."""
        # Nearly always one.
        versions = pc.min_max(rows.column("model_version")).as_py()
        several = versions["min"] != versions["max"]
        whole = ScoredRows(
            *(day, role, versions["min"]),
            *(scored_classes.score(rows, self.classes), scored_classes.decision(rows, self.classes)),
            labels.floats(rows.column("label")),
            {name: SliceTexts(rows.column(f"slice_{name}").fill_null(-1).to_numpy(), texts[name]) for name in texts},
            self.classes,
            deciders=rows.column("decided_by").fill_null(MODEL).to_numpy().astype(object) if decided else None,
            withheld=rows.column("withheld").fill_null(False).to_numpy().astype(bool) if decided else None,
        )
        return whole, rows.column("model_version").to_numpy() if several else None


def _by_version(whole: ScoredRows, version: NDArray[np.int64] | None) -> Iterator[ScoredRows]:
    if version is None:
        if len(whole.score):
            yield whole
        return
    for number in np.unique(version).tolist():
        its = version == number
        yield replace(
            whole,
            version=number,
            score=whole.score[its],
            decision=whole.decision[its],
            label=whole.label[its],
            slices={name: SliceTexts(texts.code[its], texts.texts) for name, texts in whole.slices.items()},
            deciders=None if whole.deciders is None else whole.deciders[its],
            withheld=None if whole.withheld is None else whole.withheld[its],
        )
