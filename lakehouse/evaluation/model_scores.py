"""What a model alone said of rows, before rules and fallbacks decided: of a use case that declares some."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

# The columns of the scores that tell it, beside score and decision.
COLUMNS = ("score_from", "model_score", "model_decision")


def of_model(rows: pa.Table) -> pa.Table:
    """The rows that a model scored, with its own score and decision in ``score`` and ``decision``.

    Args:
        rows: of the scores with `COLUMNS`; a row without ``score_from`` is from before rules were declared, and the model's.
    """
    recorded = pc.is_valid(rows.column("score_from"))
    for name in ("score", "decision"):
        if name in rows.column_names:
            own = pc.if_else(recorded, rows.column(f"model_{name}"), rows.column(name))
            rows = rows.set_column(rows.column_names.index(name), name, own)
    return rows.filter(pc.or_(pc.invert(recorded), pc.is_valid(rows.column("model_score"))))
