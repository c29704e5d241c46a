"""Whether quality can be estimated before labels: it is made of probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakehouse.declaration.use_case import UseCase


def problems(use_case: UseCase) -> Iterator[str]:
    """A regression has none."""
    if use_case.drift.estimate is not None and use_case.model.task == "regression":
        yield (
            "drift.estimate: quality is estimated before labels from the probabilities of a classification or a multiclass, and a "
            "regression has none; expected it to be left out (what its matured errors are is in the performance table, and drift "
            "of its features and scores needs no label)"
        )
