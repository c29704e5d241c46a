"""The canary: a stable share of the entities, by a hash of the key, for which the challenger's decision counts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.evaluation import key_texts

SEPARATOR = "|"
# The hash's first digits, and how many values they can have.
DIGITS = 8
VALUES = 16**DIGITS


def within(share: float, name: str, rows: pa.Table, key: Sequence[str]) -> NDArray[np.bool_]:
    """Which entities are among the share: the same ones every night, on every machine, and all of them in a larger share.

    MD5 is a standard: neither Python's hash seed nor a version of a library changes it, and DuckDB and Spark know it too.

    Args:
        share: from 0 to 1.
        name: of the use case, so that two of them with equal keys try their challengers on different entities.
        rows: with the key.
        key: the columns of the entity's key.
    """
    if not share:
        return np.zeros(len(rows), dtype=np.bool_)
    texts = [key_texts.texts_of(rows.column(column)) for column in key]
    joined = pc.binary_join_element_wise(pa.scalar(name), *texts, SEPARATOR)
    digests = (hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in joined.to_pylist())
    numbers = np.fromiter((int(digest[:DIGITS], 16) for digest in digests), dtype=np.float64, count=len(rows))
    among: NDArray[np.bool_] = numbers < share * VALUES
    return among
