"""The draw of what is learned from: which rows a declared condition and sample keep, by a hash of key and day.

The one function of a day's rows, for few rows in the job's process and for many in Spark's workers. MD5 is a standard: neither a
version of a library nor the order of files or rows changes it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.declaration import UseCase, decision_path, learn_from
from lakehouse.evaluation import key_texts
from lakehouse.row_rules import evaluation

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Bools = NDArray[np.bool_]

# What a row's hash is made of besides the seed, so that other draws of the same keys are independent of this one.
NAME, SEPARATOR = "learn_from", "|"
# The hash's first digits, and how many values they can have: a whole number of 64 bits holds them.
DIGITS = 15
VALUES = 16**DIGITS

# Columns of the draw. Declared names begin with a letter, so these can never be a feature's.
STANDS, SELECTED, MEASURED = "_stands", "_selected", "_measured"
CODE, OF_CLASS, SELECTED_OF_CLASS, FAILED = "_code", "_of_class", "_selected_of_class", "_failed"
TYPES = {
    STANDS: "double", SELECTED: "boolean", MEASURED: "boolean",
    CODE: "long", OF_CLASS: "long", SELECTED_OF_CLASS: "long", FAILED: "string",
}  # fmt: skip


@dataclass(frozen=True)
class Draw:
    """A declared draw; it can be sent to a worker.

    Attributes:
        key: the columns of the entity's key.
        label: the column with the label, null where there is none.
        seed: of the sample.
        select: the condition; None: all rows.
        types: the columns that it may name, with their types.
        shares: of each class, in the order of their numbers; of a label that has none the one share.
        limits: how many rows of each class a day may have; None where there is no limit.
        rows_a_day: how many a day may have of all classes together.
    """

    key: tuple[str, ...]
    label: str
    seed: int
    select: str | None
    types: Mapping[str, str]
    shares: tuple[float, ...]
    limits: tuple[int | None, ...]
    rows_a_day: int | None

    @classmethod
    def of(cls, use_case: UseCase, label: str) -> Draw | None:
        """The declared draw; None where no row is left out."""
        learn = use_case.learn_from
        if learn is None or not learn.of_some_rows:
            return None
        types, sample = decision_path.entity_types(use_case), learn.sample
        by_class = {} if sample is None else sample.by_class
        parts = [by_class.get(name) for name in learn_from.classes(use_case)] or [None]
        whole = 1.0 if sample is None else sample.share
        return cls(
            key=use_case.entity.key,
            label=label,
            seed=0 if sample is None else sample.seed,
            select=learn.select,
            types=types,
            shares=tuple(whole if one is None else whole * one.share for one in parts),
            limits=tuple(None if one is None else one.rows_a_day for one in parts),
            rows_a_day=None if sample is None else sample.rows_a_day,
        )

    @property
    def columns(self) -> frozenset[str]:
        """The columns that the condition names."""
        return frozenset() if self.select is None else learn_from.named(self.select, self.types)

    def judged(self, rows: pa.Table, measured_share: float = 1.0) -> pa.Table:
        """Whole days in the order of their keys, with the columns of ``TYPES``.

        Args:
            rows: ``partition``, the key, the label and what the condition names.
            measured_share: of the rows, which are measured by.
        """
        rows = rows.sort_by([(name, "ascending") for name in ("partition", *self.key)])
        label = np.asarray(rows.column(self.label).to_numpy(zero_copy_only=False), dtype=np.float64)
        day = np.asarray(rows.column("partition").cast(pa.int32()).to_numpy(), dtype=np.int64)
        lot, (selected, failed) = self.lots(rows), self._selected(rows)
        code = np.where(np.isnan(label), -1, label if len(self.shares) > 1 else 0).astype(np.int64)
        _, group = np.unique(np.column_stack([day, code]), axis=0, return_inverse=True)
        group = group.reshape(-1)
        columns = {
            STANDS: pa.array(self.stands(day, code, lot, selected)),
            SELECTED: pa.array(selected),
            MEASURED: pa.array(lot < measured_share * VALUES),
            CODE: pa.array(code),
            OF_CLASS: pa.array(np.bincount(group)[group] if len(group) else group),
            SELECTED_OF_CLASS: pa.array(
                np.bincount(group, weights=selected).astype(np.int64)[group] if len(group) else group
            ),
            FAILED: failed,
        }
        for name, values in columns.items():
            rows = rows.append_column(name, values)
        return rows

    def thinned(self, rows: pa.Table, measured_share: float, through: dt.date) -> pa.Table:
        """The same, without the rows of days up to ``through`` that are neither learned from nor measured by.

        One row of each day and class stays, whatever it is: it knows how many there are.
        """
        judged = self.judged(rows, measured_share)
        days = np.asarray(judged.column("partition").cast(pa.int32()).to_numpy(), dtype=np.int64)
        _, first = np.unique(np.column_stack([days, judged.column(CODE).to_numpy()]), axis=0, return_index=True)
        kept = np.asarray(days > through.toordinal() - dt.date(1970, 1, 1).toordinal(), dtype=bool)
        kept |= judged.column(STANDS).to_numpy() > 0
        kept |= judged.column(MEASURED).to_numpy(zero_copy_only=False).astype(bool)
        kept |= pc.is_valid(judged.column(FAILED)).to_numpy(zero_copy_only=False).astype(bool)
        kept[first] = True
        return judged.filter(pa.array(kept))

    def lots(self, rows: pa.Table) -> Whole:
        """The number that each row draws, below ``VALUES``."""
        texts = [key_texts.texts_of(rows.column(name)) for name in ("partition", *self.key)]
        joined = pc.binary_join_element_wise(pa.scalar(f"{NAME}{SEPARATOR}{self.seed}"), *texts, SEPARATOR)
        digests = (hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in joined.to_pylist())
        return np.fromiter((int(digest[:DIGITS], 16) for digest in digests), dtype=np.int64, count=len(rows))

    def stands(self, day: Whole, code: Whole, lot: Whole, selected: Bools) -> Floats:
        """For how many rows each row stands, see `drawn_rows.Drawn`.

        Args:
            day: the number of each row's day; all rows of a day are there.
            code: the number of its class, 0 where there are none, -1 for a row without a label.
            lot: what it draws.
            selected: whether the condition holds.
        """
        share = np.array(self.shares)[np.maximum(code, 0)]
        # Evenly spread below 1 among those that are in the share: so the least of a day are a fair draw of all its classes.
        number = lot / (VALUES * share)
        among = selected & (code >= 0) & (number < 1)
        found: Floats = among.astype(np.float64)
        place = np.flatnonzero(among)
        limits = [self.rows_a_day if limit is None else limit for limit in self.limits]
        if not len(place) or all(limit is None for limit in limits):
            return found
        own = code[place] if self.rows_a_day is None else np.zeros(len(place), dtype=np.int64)
        _, group = np.unique(np.column_stack([day[place], own]), axis=0, return_inverse=True)
        group = group.reshape(-1)
        order = np.lexsort((lot[place], number[place], group))
        rows = np.bincount(group)
        rank = np.empty(len(place), dtype=np.int64)
        rank[order] = np.arange(len(place)) - (np.cumsum(rows) - rows)[group[order]]
        limit = np.array([np.iinfo(np.int64).max if one is None else one for one in limits])[code[place]]
        kept = np.minimum(rows[group], limit)
        found[place] = np.where(rank < kept, rows[group] / kept, 0.0)
        return found

    def _selected(self, rows: pa.Table) -> tuple[Bools, pa.Array]:
        """For which rows the condition is true, and why it can't be evaluated where it can't."""
        if self.select is None or not len(rows):
            return np.ones(len(rows), dtype=bool), pa.nulls(len(rows), pa.string())
        whole = f"coalesce(({self.select}), false)"
        # Of a condition without columns the number of rows is asked.
        table = {name: rows.column(name) for name in self.columns} | {"": pa.nulls(len(rows))}
        outcome = evaluation.evaluate(whole, self.types, table)
        refused = pc.or_(outcome.broken, outcome.failed).to_numpy(zero_copy_only=False)
        return ~np.asarray(refused, dtype=bool), outcome.reasons
