"""The table catalogue: every table is declared here once, and nowhere else.

DDL, documentation, tests and readers come from these declarations. The tables of a source or a use case are made from
its declaration; those of the platform are constants.
"""

from lakehouse.tables.of_label import labels
from lakehouse.tables.of_source import bronze, of_source, rejects, silver
from lakehouse.tables.of_use_case import (
    drift,
    drift_counts,
    entity_columns,
    features,
    of_use_case,
    outcomes,
    performance,
    reasons,
    scores,
)
from lakehouse.tables.ops import BUILDS, CONTRACTS, DELIVERIES, EXPORTS, MODEL_EVENTS, OWED_VERDICTS
from lakehouse.tables.table import INPUTS_FINGERPRINT, Layer, Table

__all__ = [
    "BUILDS",
    "CONTRACTS",
    "DELIVERIES",
    "EXPORTS",
    "INPUTS_FINGERPRINT",
    "MODEL_EVENTS",
    "OWED_VERDICTS",
    "Layer",
    "Table",
    "bronze",
    "drift",
    "drift_counts",
    "entity_columns",
    "features",
    "labels",
    "of_source",
    "of_use_case",
    "outcomes",
    "performance",
    "reasons",
    "rejects",
    "scores",
    "silver",
]
