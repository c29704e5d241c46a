"""Names of columns that the platform takes itself, beside a source's columns or a use case's features.

The tables are declared above this floor, so the names are held here; tests/lakehouse/tables/test_reserved_names.py compares
them with every table's columns.
"""

from __future__ import annotations

from lakehouse.declaration import deliver

# Of bronze, silver and the rejects, and what ingestion adds on the way.
OF_SOURCES = frozenset(
    {
        *("partition", "delivery_id", "line", "raw", "malformed", "reasons", "ingested_at", "extra"),
        *("path", "delivered_file", "superseded_in_delivery", "current"),
    }
)
# Of the gold tables that have the entity's key or the features, and what a stage adds to them on the way.
OF_USE_CASES = frozenset(
    {
        *(
            "partition",
            "prediction_time",
            "inputs_fingerprint",
            "role",
            "model_name",
            "model_version",
            "score",
            "decision",
        ),
        *(
            "threshold",
            "features_version",
            "code_version",
            "run_id",
            "scored_at",
            "chosen_by",
            "decides",
            "rank",
            "feature",
        ),
        *("value", "contribution", "base_value", "label"),
    }
)
# Of the reasons of a use case that has categories.
LEVEL = "level"
# What the tables of a label of several classes have besides: the probabilities, and the label's own value.
OF_MULTICLASS = frozenset({"label_class"})
# What the scores have besides where a use case declares rules or fallbacks.
OF_RULES = frozenset(deliver.OF_RULES)
# What the performance of each class is sliced by.
CLASS = "class"
# Of the tables of feature groups, beside those of use cases.
OF_GROUPS = frozenset({"known_at", "expired"})
# What a slice's value is called beside the features, and what the rows of no slice are called.
SLICE = "slice_"
ALL = "all"
# What a source's table of rejects is called.
REJECTS = "_rejects"


def of_silver(source: str) -> tuple[str, str]:
    """The names of a source's tables in silver."""
    return source, f"{source}{REJECTS}"
