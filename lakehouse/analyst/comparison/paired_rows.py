"""Rows that both versions scored: stored scores side by side, on days that neither was fitted to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse import tables
from lakehouse.analyst.comparison import limits
from lakehouse.declaration import UseCase, class_names
from lakehouse.evaluation import key_join, labels, model_scores
from lakehouse.evaluation.slice_texts import SliceTexts
from lakehouse.models import registry, version_selection
from lakehouse.populations import population
from lakehouse.storage import arrow_dataset, delta_log

Floats = NDArray[np.float64]
Decided = NDArray[np.integer[Any]]

# Where the scores are from: the scores table, or both models, now.
Origin = Literal["stored", "scored again"]
LABEL, PARTITION = "label", "partition"


@dataclass(frozen=True)
class PairedRows:
    """Rows with the scores of both versions.

    Attributes:
        origin: where the scores are from.
        days: shape (rows,).
        label: shape (rows,), NaN where none has come.
        scores: of each version, shape (rows,); of several classes (rows, classes).
        decided: of each version, shape (rows,): 1 or 0, or the number of a class; -1 where nothing was decided; None for a value.
        slices: the slice of each row, by the declared slice's name.
        roles: of each version, in which roles its scores are stored.
        left_out: what a limit leaves out, in words; empty where nothing is.
    """

    origin: Origin
    days: NDArray[np.datetime64]
    label: Floats
    scores: tuple[Floats, Floats]
    decided: tuple[Decided | None, Decided | None]
    slices: Mapping[str, SliceTexts] = field(default_factory=dict)
    roles: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    left_out: str = ""

    @property
    def labelled_days(self) -> int:
        """How many days have a label."""
        return len(np.unique(self.days[~np.isnan(self.label)]))


def stored(
    use_case: UseCase, versions: tuple[int, int], after: dt.date | None, missing: list[str]
) -> PairedRows | None:
    """The newest days that both have scored, in whichever role; None where there are none.

    Args:
        use_case: whose.
        versions: the two.
        after: days after this one are new to both; None: that is not known.
        missing: gets what could not be read.
    """
    table = tables.scores(use_case)
    days = _scored_by(use_case)
    shared = sorted(day for day, found in days.items() if set(versions) <= found and (after is None or day > after))
    if not shared:
        return None
    chosen, left_out = newest(shared, delta_log.rows_by_day(table, None), limits.MOST_ROWS)
    key, classes = list(use_case.entity.key), use_case.classes
    names = [*key, PARTITION, "role", "model_version", *score_columns(classes), "decision"]
    names += list(model_scores.COLUMNS) if use_case.judged else []
    where = arrow_dataset.among(PARTITION, chosen) & arrow_dataset.among("model_version", versions)
    rows = arrow_dataset.read(table, where, columns=names)
    if use_case.judged:
        rows = model_scores.of_model(rows)
    sides = [rows.filter(pc.equal(rows.column("model_version"), pa.scalar(n, pa.int32()))) for n in versions]
    on = [PARTITION, *key]
    first = sides[0].sort_by([(name, "ascending") for name in on])
    renamed = sides[1].rename_columns([name if name in on else f"_{name}" for name in sides[1].column_names])
    both = key_join.left_join(first, renamed, on)
    both = both.filter(pc.is_valid(both.column("_model_version")))
    if not both.num_rows:
        return None
    outcomes = arrow_dataset.read(
        tables.outcomes(use_case), arrow_dataset.among(PARTITION, chosen), columns=[*on, LABEL]
    )
    both = key_join.left_join(both, outcomes, on)
    return PairedRows(
        origin="stored",
        days=both.column(PARTITION).to_numpy(zero_copy_only=False).astype("datetime64[D]"),
        label=labels.floats(both.column(LABEL)),
        scores=(_score(both, classes, ""), _score(both, classes, "_")),
        decided=(_decision(both, use_case, ""), _decision(both, use_case, "_")),
        slices=slices_of(use_case, both.select(on), chosen, missing),
        roles=(_roles(both, "role"), _roles(both, "_role")),
        left_out=left_out,
    )


def newest(days: Sequence[dt.date], rows: Mapping[dt.date, int], most: int) -> tuple[list[dt.date], str]:
    """The newest of the days that the limits allow, at least one; and what is left out, in words."""
    chosen, count = list[dt.date](), 0
    for day in sorted(days, reverse=True)[: limits.MOST_DAYS]:
        count += rows.get(day, 0)
        if chosen and count > most:
            break
        chosen.append(day)
    older = len(days) - len(chosen)
    left_out = f"{older} older day(s): at most {limits.MOST_DAYS} days or {most:,} rows are read" if older else ""
    return sorted(chosen), left_out


def score_columns(classes: Sequence[str]) -> list[str]:
    """The columns of the scores table that hold the score, of several classes one each."""
    return [f"{class_names.PROBABILITY}{class_names.in_column(name)}" for name in classes] or ["score"]


def slices_of(use_case: UseCase, rows: pa.Table, days: Sequence[dt.date], missing: list[str]) -> dict[str, SliceTexts]:
    """The declared slices of rows that have ``partition`` and the key, as the entity's source has them now."""
    if not use_case.slices:
        return {}
    key = list(use_case.entity.key)
    names = [PARTITION, *dict.fromkeys([*key, *use_case.slices])]
    try:
        who = population.read(use_case, days, names)
    except OSError as error:
        missing.append(f"the slices: the population can't be read ({type(error).__name__})")
        return {}
    on, found = [PARTITION, *key], dict[str, SliceTexts]()
    for name in use_case.slices:
        texts = SliceTexts.of(who.column(name))
        coded = who.select(on).append_column("_code", pa.array(texts.code))
        code = key_join.left_join(rows, coded, on).column("_code").fill_null(-1)
        found[name] = SliceTexts(code.to_numpy().astype(np.int64), texts.texts)
    return found


def _scored_by(use_case: UseCase) -> dict[dt.date, set[int]]:
    """The versions that have scores of each day, in any role, by the table's log."""
    found: dict[dt.date, set[int]] = {}
    for role in (registry.CHAMPION, registry.CHALLENGER):
        for day, version in version_selection.scored_by(use_case, role).items():
            found.setdefault(day, set()).add(version)
    return found


def _score(rows: pa.Table, classes: Sequence[str], side: str) -> Floats:
    found = [labels.floats(rows.column(f"{side}{name}")) for name in score_columns(classes)]
    return np.nan_to_num(np.column_stack(found)) if classes else found[0]


def _decision(rows: pa.Table, use_case: UseCase, side: str) -> Decided | None:
    value = rows.column(f"{side}decision")
    if use_case.classes:
        number = pc.index_in(value.cast(pa.string()), value_set=pa.array(use_case.classes, pa.string()))
        return np.asarray(number.fill_null(-1).to_numpy())
    return np.asarray(value.cast(pa.int8()).fill_null(-1).to_numpy()) if use_case.binary else None


def _roles(rows: pa.Table, name: str) -> tuple[str, ...]:
    return tuple(sorted(map(str, pc.unique(rows.column(name)).to_pylist())))
