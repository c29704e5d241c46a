"""How a category was distributed in training: what its drift, and its new levels, are measured against."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic.dataclasses import dataclass

from lakehouse.declaration import Drift
from lakehouse.evaluation import category_codes
from lakehouse.evaluation.population_stability import NUMBERS, Counts, ordinary, psi

if TYPE_CHECKING:
    import pandas as pd

# Levels that fewer of the training rows have share a bin: each by itself would come and go by chance, and PSI would count it.
LEAST_SHARE = 0.01


@dataclass(frozen=True, config=NUMBERS)
class CategoryDistribution:
    """The distribution of a category in training.

    Attributes:
        levels: all that the training rows have, in the order of their code points.
        bin: of each level. A level that at least ``LEAST_SHARE`` of the rows have has one of its own; after these come the bins of
            all rarer levels together, of levels that training did not have, and of null.
        shares: share of the training rows in each bin.
        ordinary_psi: the declared quantile of the PSI of every window in training against the whole of it; None when
            training is shorter than a window.
    """

    levels: tuple[str, ...]
    bin: tuple[int, ...]
    shares: tuple[float, ...]
    ordinary_psi: float | None

    @property
    def width(self) -> int:
        """The number of bins."""
        return len(self.shares)

    @property
    def new(self) -> int:
        """The bin of levels that training did not have."""
        return self.width - 2

    @property
    def boundaries(self) -> list[Any]:
        """What decides the bin of a value, as JSON takes it."""
        return [*zip(self.levels, self.bin, strict=True), self.width]

    def psi(self, counts: Counts) -> float:
        """PSI of rows counted by bin (at least one row) against training."""
        return float(psi(np.asarray(self.shares), counts / counts.sum()))

    def counted(self, texts: pa.ChunkedArray) -> Counts:
        """How many of the values lie in each bin."""
        counts = np.zeros(self.width, dtype=np.int64)
        distinct, rows = _distinct(texts)
        np.add.at(counts, self._bins(distinct), rows)
        return counts

    def new_levels(self, texts: pa.ChunkedArray) -> Counter[str]:
        """The number of rows of each level that training did not have."""
        distinct, rows = _distinct(texts)
        new = self._bins(distinct) == self.new
        return Counter(dict(zip(distinct.filter(pa.array(new)).to_pylist(), rows[new].tolist(), strict=True)))

    def bins(self, texts: pa.ChunkedArray) -> Counts:
        """The bin of each value."""
        coded = texts.cast(pa.string()).combine_chunks().dictionary_encode(null_encoding="encode")
        bins: Counts = self._bins(coded.dictionary)[coded.indices.to_numpy(zero_copy_only=False)]
        return bins

    def _bins(self, texts: pa.Array) -> Counts:
        codes = category_codes.of_texts(pa.chunked_array([texts]), self.levels)
        table = np.array([*self.bin, self.new], dtype=np.int64)
        bins = table[np.where(np.isnan(codes), len(self.levels), codes).astype(np.intp)]
        bins[texts.is_null().to_numpy(zero_copy_only=False)] = self.width - 1
        return bins

    @classmethod
    def of(cls, values: pd.Series[Any], day: Counts, days: int, drift: Drift) -> CategoryDistribution:
        """The distribution of texts, None for null, where value i belongs to the ``day[i]``-th of ``days`` successive days."""
        codes, levels = category_codes.encoded(pa.chunked_array([pa.array(values, pa.string())]))
        known = ~np.isnan(codes)
        rows = np.bincount(codes[known].astype(np.intp), minlength=len(levels))
        frequent = rows >= LEAST_SHARE * len(codes)
        own = int(frequent.sum())
        places = np.where(frequent, frequent.cumsum() - 1, own).astype(np.int64)
        width = own + 3
        bins = np.append(places, width - 1)[np.where(known, codes, len(levels)).astype(np.intp)]
        counts = np.bincount(day * width + bins, minlength=days * width).reshape(days, width)
        return cls(levels, tuple(map(int, places)), *ordinary(counts, drift))


def _distinct(texts: pa.ChunkedArray) -> tuple[pa.Array, Counts]:
    """The distinct values, null among them, and the number of rows of each."""
    counted = pc.value_counts(texts.cast(pa.string()))
    return counted.field("values"), np.asarray(counted.field("counts"), dtype=np.int64)
