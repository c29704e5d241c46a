"""The table of estimated quality, which a use case has that declares an estimate."""

from __future__ import annotations

from lakehouse.declaration import UseCase
from lakehouse.tables.table import INPUTS_FINGERPRINT, OF_A_SLICE, PARTITION, Table, col


def estimates(use_case: UseCase) -> Table:
    """Estimated metrics by day, model version and slice, before labels mature."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_estimates",
        columns=(
            PARTITION,
            col("role", "string", "champion or challenger"),
            col("model_version", "int", "which model version"),
            *OF_A_SLICE,
            col("rows", "long", "rows that the model scored"),
            col("metric", "string", "which metric, named as in the performance table"),
            col("estimated", "double", "its expected value; null when the rows do not define it", nullable=True),
            col(
                "by_training",
                "double",
                "the same by what training knew alone, before labels have matured since: what a warning compares",
                nullable=True,
            ),
            col("moved_by", "double", "by how much matured days have moved the chances, in log-odds"),
            col(
                "rows_error",
                "double",
                "standard deviation by which so few labels stray from it, when the chances are right",
                nullable=True,
            ),
            col(
                "error",
                "double",
                "the same with what days stray beyond their rows, as measured at training; null where too few days tell",
                nullable=True,
            ),
            col(INPUTS_FINGERPRINT, "string", "digest of the scores and code that it was estimated from"),
        ),
        key=("partition", "role", "model_version", "slice", "slice_value", "metric"),
        partition_by=("partition",),
        indexed=(INPUTS_FINGERPRINT,),
        description=f"how good the scores of {use_case.name} are expected to turn out, by day, model version and slice",
        few_rows=True,
    )
