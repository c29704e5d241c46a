"""The modules that decide who is in a population, for the versions of the tables that have its rows."""

DECIDED_BY = (
    "lakehouse.populations.known_rows",
    "lakehouse.populations.population",
    "lakehouse.row_rules.arithmetic",
    "lakehouse.row_rules.casts",
    "lakehouse.row_rules.comparison",
    "lakehouse.row_rules.evaluation",
    "lakehouse.row_rules.logic",
    "lakehouse.row_rules.moments",
    "lakehouse.row_rules.texts",
    "lakehouse.row_rules.values",
    "lakehouse.row_rules.written",
)
