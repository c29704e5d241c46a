"""The table catalogue: every table is declared here once, and nowhere else.

DDL, documentation, tests and readers come from these declarations. The tables of a source or a use case are made from
its declaration; those of the platform are constants.
"""

from lakehouse.tables.entity_columns import entity_columns
from lakehouse.tables.feature_columns import feature_columns
from lakehouse.tables.labels_table import labels
from lakehouse.tables.of_dataset import clusters, documents, examples, of_dataset, profile, splits, summaries
from lakehouse.tables.of_estimates import estimates
from lakehouse.tables.of_group import (
    group,
    group_first,
    group_key_columns,
    group_serving,
    of_group,
    served_columns,
)
from lakehouse.tables.of_monitoring import alarm_counts, drift, drift_counts, performance, residuals
from lakehouse.tables.of_scores import reasons, scores
from lakehouse.tables.of_source import bronze, of_source, rejects, silver
from lakehouse.tables.of_use_case import features, of_use_case, outcomes
from lakehouse.tables.ops import (
    ALERTS,
    BUILDS,
    CONTRACTS,
    DELIVERIES,
    EXPORTS,
    MODEL_EVENTS,
    OWED_VERDICTS,
    PARITY,
)
from lakehouse.tables.ops_datasets import CALLS, DATASET_VERSIONS
from lakehouse.tables.ops_keeping import COSTS, ERASURES, RELEASES, RETENTION
from lakehouse.tables.table import INPUTS_FINGERPRINT, Layer, Table

__all__ = [
    "ALERTS",
    "BUILDS",
    "CALLS",
    "CONTRACTS",
    "COSTS",
    "DATASET_VERSIONS",
    "DELIVERIES",
    "ERASURES",
    "EXPORTS",
    "INPUTS_FINGERPRINT",
    "MODEL_EVENTS",
    "OWED_VERDICTS",
    "PARITY",
    "RELEASES",
    "RETENTION",
    "Layer",
    "Table",
    "alarm_counts",
    "bronze",
    "clusters",
    "documents",
    "drift",
    "drift_counts",
    "entity_columns",
    "estimates",
    "examples",
    "feature_columns",
    "features",
    "group",
    "group_first",
    "group_key_columns",
    "group_serving",
    "labels",
    "of_dataset",
    "of_group",
    "of_source",
    "of_use_case",
    "outcomes",
    "performance",
    "profile",
    "reasons",
    "rejects",
    "residuals",
    "scores",
    "served_columns",
    "silver",
    "splits",
    "summaries",
]
