"""What a model card says of the categories: their levels, how many rows have each, and what the holdout has that is new."""

from __future__ import annotations

from typing import Any

from jobs.train.split import Parts
from lakehouse.evaluation import category_codes, coded_rows
from lakehouse.models import category_record

# So many levels are listed; the others are counted together.
LISTED = 10


def described(parts: Parts, scorer: Any) -> list[dict[str, Any]]:
    """For each category ``name``; ``learned``, how many levels the model has learned; ``frequent``, the text and the share of the
    training rows of the most frequent levels; ``others``, how many more levels the training rows have; and ``unseen``, the share of
    the holdout's rows whose level the model has not learned.
    """
    learned = category_record.levels_of(scorer)
    unseen = coded_rows.unseen(parts.holdout, learned)
    lines = []
    for name, levels in learned.items():
        counts = coded_rows.row_counts(parts.train, name)
        frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LISTED]
        lines.append(
            {
                "name": name,
                "learned": len(levels),
                "frequent": [(category_codes.shown(level), rows / len(parts.train)) for level, rows in frequent],
                "others": len(counts) - len(frequent),
                "unseen": unseen[name] / len(parts.holdout),
            }
        )
    return lines
