"""What each limit would keep: candidates at the tenths of a measure, beside the limit that is declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from jobs.explore.distributions import Floats, Mask, Row, row
from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_check import Limits

LEAST, MOST = "at least", "at most"
# In which direction a measure is limited where nothing is declared.
USUAL = {
    "characters": LEAST,
    "words": LEAST,
    "language_share": LEAST,
    "quality": LEAST,
    "mean_word_length": MOST,
    "alphabetic_words": LEAST,
    "symbols_per_word": MOST,
    "bullet_lines": MOST,
    "ellipsis_lines": MOST,
    "repeated_lines": MOST,
    "repeated_ngrams": MOST,
    "common_words": LEAST,
    "pii": MOST,
    "grade": LEAST,
}


def declared(dataset: Dataset, measure: str) -> Limits | None:
    """The limits that the filter sets to a measure."""
    return dict(dataset.filter.limits()).get(measure)


def directions(limits: Limits | None, measure: str) -> dict[str, float | None]:
    """Each way in which a measure is limited, with the declared limit; None: there is none."""
    if limits is None:
        return {USUAL[measure]: None}
    ways = {LEAST: limits.least, MOST: limits.most}
    return {way: limit for way, limit in ways.items() if limit is not None}


def candidates(
    measure: str, values: Floats, otherwise: Mask, limits: Limits | None, needed: bool = False
) -> Iterator[Row]:
    """For each candidate limit, how many documents keep it, and how many would be kept with it in the place of the declared one.

    Args:
        measure: its name.
        values: of the documents; NaN where there is none.
        otherwise: which documents break no other limit.
        limits: the declared ones of the measure.
        needed: whether a document without a value breaks the limit, as it does of ``grade``.

    Yields:
        Rows of the measure ``limit: words at least`` and the like, with the limit in ``low`` (at least) or ``high`` (at most).
    """
    known = ~np.isnan(values)
    if not known.any():
        return
    ways = directions(limits, measure)
    for way, limit in ways.items():
        rest = [one for one in ways if one != way]
        others = otherwise.copy()
        for other in rest:
            others &= _keeps(values, other, ways[other], needed)
        for at, value in enumerate(_tenths(values[known], limit)):
            keeps = _keeps(values, way, value, needed)
            side = {"low" if way == LEAST else "high": value}
            yield row(f"limit: {measure} {way}", at, keeps.sum(), (keeps & others).sum(), **side)


def _keeps(values: Floats, way: str, limit: float | None, needed: bool) -> Mask:
    if limit is None:
        return np.ones(len(values), np.bool_)
    with np.errstate(invalid="ignore"):
        found: Mask = values >= limit if way == LEAST else values <= limit
    return found if needed else found | np.isnan(values)


def _tenths(values: Floats, limit: float | None) -> Sequence[float]:
    tenths = np.quantile(values, np.linspace(0, 1, 11), method="inverted_cdf")
    return [float(one) for one in np.unique(np.append(tenths, [] if limit is None else [limit]))]
