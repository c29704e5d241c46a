"""Scoring rows without the model: by the declared fallbacks and rules alone, in the job's process or in Spark's workers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.score.role_scorer import PASSED, Lineage, RoleScorer, judge_of
from lakehouse import code_version, tables
from lakehouse.declaration import UseCase
from lakehouse.declaration.class_names import PROBABILITY
from lakehouse.storage import table_schema


@dataclass(frozen=True)
class FallbackScorer(RoleScorer):
    """Scores rows as a model would that knows none of them; the lineage names the model in whose place it scores."""

    @classmethod
    def of(cls, use_case: UseCase, lineage: Lineage) -> FallbackScorer:
        """What scores the use case's rows by its fallbacks; it declares some."""
        return cls(
            name=use_case.name,
            key=use_case.entity.key,
            columns=table_schema.arrow_schema(tables.scores(use_case)),
            features=(),
            model=b"",
            lineage=lineage,
            code_version=code_version.version(),
            judge=judge_of(use_case, lineage),
        )

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of the feature table that it reads: those that conditions name."""
        assert self.judge is not None
        return tuple(dict.fromkeys((*self.key, *PASSED, *self.judge.conditions.features)))

    def _scored(self, rows: pa.Table) -> dict[str, pa.Array]:
        names = [name for name in self.columns.names if name in ("score", "decision") or name.startswith(PROBABILITY)]
        return {name: pa.nulls(len(rows), self.columns.field(name).type) for name in names}

    def _unscored(self, rows: pa.Table) -> NDArray[np.bool_]:
        return np.ones(len(rows), dtype=np.bool_)
