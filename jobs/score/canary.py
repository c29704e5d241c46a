"""The canary: a stable share of the entities, by a hash of the key, for which the challenger's decision counts."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

SEPARATOR = "|"
# The hash's first digits, and how many values they can have.
DIGITS = 8
VALUES = 16**DIGITS


def within(share: float, name: str, key: Sequence[str]) -> Column:
    """Whether an entity is among the share: the same ones every night, on every machine, and all of them in a larger share.

    MD5 is a standard: neither Python's hash seed nor a version of Spark changes it, and DuckDB knows it too.

    Args:
        share: from 0 to 1.
        name: of the use case, so that two of them with equal keys try their challengers on different entities.
        key: the columns of the entity's key.
    """
    if not share:
        return F.lit(False)
    text = F.concat_ws(SEPARATOR, F.lit(name), *(F.col(column).cast("string") for column in key))
    number = F.conv(F.substring(F.md5(text), 1, DIGITS), 16, 10).cast("double")
    return number < F.lit(share * VALUES)
