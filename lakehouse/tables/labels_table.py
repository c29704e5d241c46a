"""The table that training and the gate read labels from."""

from __future__ import annotations

from lakehouse.declaration import UseCase
from lakehouse.tables import of_source, of_use_case
from lakehouse.tables.table import Table


def labels(use_case: UseCase) -> Table:
    """Silver of the label's source; of a computed label gold outcomes, which have it."""
    if use_case.label.source is None:
        return of_use_case.outcomes(use_case)
    return of_source.silver(use_case.source(use_case.label.source))
