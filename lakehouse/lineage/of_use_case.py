"""Where the columns of a use case's and a feature group's tables come from, as far as their declarations say it.

What ``features.py`` makes of its inputs is Python: the tables that such a feature may be made of are known; no column is guessed.
"""

from __future__ import annotations

from lakehouse import tables
from lakehouse.declaration import FeatureGroup, UseCase, class_names
from lakehouse.lineage.columns import ColumnOrigins, Origin, same
from lakehouse.tables import Table


def features(use_case: UseCase) -> ColumnOrigins:
    """The key is the population's, features of groups are theirs, the use case's own are its transform's."""
    population = tables.silver(use_case.source(use_case.entity.source)).full_name
    columns = same(population, use_case.entity.key)
    joined: list[Origin] = []
    read = [population, *(tables.silver(use_case.source(item.source)).full_name for item in use_case.inputs)]
    for taken in use_case.taken:
        place = tables.group(taken.group).full_name
        read += [place, *([tables.group_first(taken.group).full_name] if taken.use.as_known == "served" else [])]
        columns |= {
            name: (Origin(place, theirs, "IDENTITY", f"the newest row within {taken.group.ttl_days} days"),)
            for name, theirs in taken.columns.items()
        }
        joined += [Origin(place, name, "JOIN", f"equal to {ours}") for name, ours in taken.key.items()]
        joined += [Origin(population, ours, "JOIN", f"equal to {taken.use.label}'s key") for ours in taken.key.values()]
    why = f"features.py makes it of {_listed(use_case)}; which of their columns it reads is not declared"
    rows = [Origin(population, name, "FILTER", "population") for name in _population_columns(use_case)]
    return ColumnOrigins(
        columns=columns,
        rows=tuple([*rows, *joined]),
        unknown=dict.fromkeys(use_case.own_feature_names, why),
        tables=tuple(dict.fromkeys(read)),
    )


def scores(use_case: UseCase) -> ColumnOrigins:
    """A score is made of features by a model, whose record says of which."""
    place = tables.features(use_case).full_name
    what = "features that the row's model version reads: those that its record names"
    made = tuple(
        Origin(place, feature.name, "TRANSFORMATION", what, by_model=True) for feature in use_case.table_features
    )
    values = ["score", "decision", *class_names.probability_columns(use_case.label)]
    values += ["model_score", "model_decision"] if use_case.judged else []
    unknown = {}
    if use_case.judged:
        unknown = {
            name: "a rule or fallback may decide, as ops.builds records it by day" for name in ("decided_by", "sent_to")
        }
    return ColumnOrigins(
        columns={**same(place, (*use_case.entity.key, "partition", "prediction_time")), **dict.fromkeys(values, made)},
        unknown=unknown,
        tables=(place, models(use_case.name)),
    )


def models(name: str) -> str:
    """The name of a registered model among tables."""
    return f"models.{name}"


def reasons(use_case: UseCase) -> ColumnOrigins:
    """SHAP values of features, for rows of the scores."""
    scored, place = tables.scores(use_case).full_name, tables.features(use_case).full_name
    made = tuple(Origin(place, name, "TRANSFORMATION", "SHAP", by_model=True) for name in use_case.feature_names)
    explained = dict.fromkeys(("value", "contribution", "base_value"), made)
    names = (*use_case.entity.key, "partition", "role", "model_version")
    return ColumnOrigins(columns={**same(scored, names), **explained}, tables=(scored, place, models(use_case.name)))


def outcomes(use_case: UseCase) -> ColumnOrigins:
    """The label's column, or what labels.py makes."""
    population = tables.silver(use_case.source(use_case.entity.source)).full_name
    read = [population, *(tables.silver(use_case.source(name)).full_name for name in use_case.label.sources)]
    columns, unknown = same(population, use_case.entity.key), dict[str, str]()
    labels = ("value", "label", *(("label_class",) if use_case.classes else ()))
    if use_case.label.source is None or use_case.label.column is None:
        why = f"labels.py makes it of {', '.join(use_case.label.sources)}; which of their columns it reads is not declared"
        unknown = dict.fromkeys(labels, why)
    else:
        place, column = tables.silver(use_case.source(use_case.label.source)).full_name, use_case.label.column
        columns["value"] = (Origin(place, column, "IDENTITY"),)
        columns |= dict.fromkeys(labels[1:], (Origin(place, column, "TRANSFORMATION", "the declared label"),))
    return ColumnOrigins(columns=columns, unknown=unknown, tables=tuple(dict.fromkeys(read)))


def of_use_case(use_case: UseCase) -> list[tuple[Table, ColumnOrigins]]:
    """All gold tables of a use case, each with its origins."""
    scored, matured = tables.scores(use_case), tables.outcomes(use_case)
    of_rows = (
        Origin(scored.full_name, "score", "AGGREGATION", "measured against the label"),
        Origin(matured.full_name, "label", "AGGREGATION", "measured against the score"),
    )
    built = tables.features(use_case).full_name
    counted = ColumnOrigins(
        columns={
            "rows": tuple(Origin(built, name, "AGGREGATION", "counted by bin") for name in use_case.feature_names)
        },
        tables=(built, scored.full_name),
    )
    made: dict[str, ColumnOrigins] = {
        built: features(use_case),
        scored.full_name: scores(use_case),
        tables.reasons(use_case).full_name: reasons(use_case),
        matured.full_name: outcomes(use_case),
        tables.performance(use_case).full_name: ColumnOrigins(
            {"value": of_rows}, tables=(scored.full_name, matured.full_name)
        ),
        tables.drift_counts(use_case).full_name: counted,
        tables.alarm_counts(use_case).full_name: ColumnOrigins(
            unknown={"rows": "features or labels, as kind and name of the row say"}, tables=(built, matured.full_name)
        ),
        tables.residuals(use_case).full_name: ColumnOrigins(
            {"residual": of_rows}, tables=(built, scored.full_name, matured.full_name)
        ),
        tables.estimates(use_case).full_name: ColumnOrigins(
            {"estimated": of_rows[:1]}, tables=(scored.full_name, tables.performance(use_case).full_name)
        ),
        tables.drift(use_case).full_name: ColumnOrigins(
            unknown={"value": "a statistic of what kind and feature of the row name"},
            tables=(tables.drift_counts(use_case).full_name, tables.performance(use_case).full_name),
        ),
    }
    return [(table, made.get(table.full_name, ColumnOrigins())) for table in tables.of_use_case(use_case)]


def of_group(group: FeatureGroup) -> list[tuple[Table, ColumnOrigins]]:
    """All tables of a feature group, each with its origins."""
    read = tuple(tables.silver(group.source(name)).full_name for name in group.reads)
    why = f"features.py makes it of {', '.join(group.reads)}; which of their columns it reads is not declared"
    built = ColumnOrigins(unknown=dict.fromkeys((*group.key_names, *group.feature_names), why), tables=read)
    place = tables.group(group).full_name
    served = tuple(column.name for column in tables.served_columns(group))
    kept = ColumnOrigins(columns=same(place, served), tables=(place,))
    return list(zip(tables.of_group(group), (built, kept, kept), strict=True))


def _listed(use_case: UseCase) -> str:
    return ", ".join(dict.fromkeys(item.source for item in use_case.inputs))


def _population_columns(use_case: UseCase) -> list[str]:
    if use_case.entity.where is None:
        return []
    from lakehouse.row_rules import evaluation

    source = use_case.source(use_case.entity.source)
    named = evaluation.columns_of(use_case.entity.where, {**source.column_types, "partition": "date"})
    return sorted(named - {"partition"})
