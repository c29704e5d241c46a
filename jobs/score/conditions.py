"""What rules and fallbacks ask of rows: conditions over the entity, its features and its score."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.score.given_scores import Bools, GivenScores
from lakehouse.declaration import UseCase, decision_path
from lakehouse.evaluation import key_join
from lakehouse.populations import population
from lakehouse.populations.population import DayRows
from lakehouse.row_rules import evaluation


@dataclass(frozen=True)
class Conditions:
    """The conditions of a use case; it can be sent to a worker.

    Attributes:
        key: the columns of the entity's key.
        classes: of a label of several.
        binary: whether the label is yes or no.
        entity_types: the columns that a condition can name before there is a score, with their types.
        scored_types: those that a rule's condition can name.
        features: the columns of the feature table that conditions name.
        entity_columns: the columns of the entity's source that they name and the feature table does not have.
        population: who is scored, for these.
    """

    key: tuple[str, ...]
    classes: tuple[str, ...]
    binary: bool
    entity_types: Mapping[str, str]
    scored_types: Mapping[str, str]
    features: tuple[str, ...]
    entity_columns: tuple[str, ...]
    population: DayRows | None

    @classmethod
    def of(cls, use_case: UseCase, days: Collection[dt.date]) -> Conditions:
        """Of these days, as the tables are now."""
        before, after = decision_path.entity_types(use_case), decision_path.scored_types(use_case)
        asked = [(one.rule.when, before) for one in use_case.fallback if one.rule is not None and one.rule.when]
        asked += [(rule.when, after) for rule in use_case.rules]
        named = set[str]().union(*(evaluation.columns_of(when, types) for when, types in asked))
        features = {feature.name for feature in use_case.table_features}
        present = {*features, *use_case.entity.key, "partition", "prediction_time"}
        others = tuple(sorted(name for name in named if name in before and name not in present))
        return cls(
            key=use_case.entity.key,
            classes=use_case.classes,
            binary=use_case.binary,
            entity_types=before,
            scored_types=after,
            features=tuple(sorted(named & features)),
            entity_columns=others,
            population=population.of(use_case, days) if others else None,
        )

    def of_rows(self, rows: pa.Table, day: dt.date) -> AskedRows:
        """Rows of a day, with all columns that conditions name."""
        if self.population is not None and len(rows):
            entities = self.population.read(day, [*self.key, *self.entity_columns])
            rows = key_join.left_join(rows, entities, self.key)
        return AskedRows(self, rows)


@dataclass(frozen=True)
class AskedRows:
    """The rows of a day that conditions are asked of."""

    conditions: Conditions
    rows: pa.Table

    def hold(self, when: str, given: GivenScores | None = None) -> Bools:
        """For which rows a condition is true; null, and what can't be evaluated, is not.

        Args:
            when: the condition.
            given: the scores that it may name; None: it is asked before there are any.
        """
        of = self.conditions
        types = of.entity_types if given is None else of.scored_types
        whole = f"coalesce(({when}), false)"
        named = evaluation.columns_of(whole, types)
        # Of a name that both have, a rule means the score's.
        of_score = {decision_path.SCORE, decision_path.DECISION, *types.keys() - of.entity_types.keys()}
        scored = {} if given is None or not named & of_score else given.columns(of.classes, of.binary)
        table = {name: scored[name] if name in scored else self.rows.column(name) for name in named}
        table[""] = pa.nulls(len(self.rows))
        outcome = evaluation.evaluate(whole, types, table)
        return ~np.asarray(pc.or_(outcome.broken, outcome.failed).to_numpy(zero_copy_only=False), dtype=bool)
