"""Categories as numbers: a level's code is its place in a list of levels. NaN is null, or a level that is not in the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

# Characters of a level in a sentence.
SHOWN = 60

Floats = NDArray[np.float64]
# By category its levels; a level's code is its place.
Levels = Mapping[str, tuple[str, ...]]


def of_texts(texts: pa.ChunkedArray, levels: Sequence[str]) -> Floats:
    """The code of each text; NaN for null and for a text that is no level."""
    places = pc.index_in(texts.cast(pa.string()), value_set=pa.array(levels, pa.string()))
    return np.asarray(places.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def of_value(text: str | None, levels: Sequence[str]) -> float:
    """The same of one text."""
    return float(levels.index(text)) if text is not None and text in levels else np.nan


def encoded(texts: pa.ChunkedArray) -> tuple[Floats, tuple[str, ...]]:
    """The code of each text among the texts' own levels, and these in the order of their code points."""
    levels = tuple(sorted(text for text in pc.unique(texts.cast(pa.string())).to_pylist() if text is not None))
    return of_texts(texts, levels), levels


def recoded(codes: Floats, before: Sequence[str], after: Sequence[str]) -> Floats:
    """The codes among the levels ``after``, of codes among the levels ``before``."""
    place = {level: float(number) for number, level in enumerate(after)}
    # Last, for NaN.
    table = np.array([*(place.get(level, np.nan) for level in before), np.nan], dtype=np.float64)
    return table[np.where(np.isnan(codes), len(before), codes).astype(np.intp)]


def texts_of(codes: Floats, levels: Sequence[str]) -> NDArray[np.object_]:
    """The level of each code, None for NaN."""
    table = np.array([*levels, None], dtype=object)
    return table[np.where(np.isnan(codes), len(levels), codes).astype(np.intp)]


def shown(level: str) -> str:
    """A level in a sentence: on one line, shortened, and quoted where it would not be seen, such as the empty text."""
    # A semicolon and a blank separate the reasons of a verdict.
    plain = " ".join(level.split()).replace("; ", ";")
    plain = plain if len(plain) <= SHOWN else f"{plain[:SHOWN]}..."
    return f'"{plain}"' if level != level.strip() or not level else plain
