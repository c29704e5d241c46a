"""The versions of what decides scores and their reasons. Raise one when the values of its table change with the code.

tests/jobs/test_code_versions.py holds what the versions stand for.
"""

from lakehouse.populations import version as population

SCORES = 1
REASONS = 1

# Models behind one interface, and what the trees' contributions are made of.
SCORERS = (
    "lakehouse.evaluation.dense_matrix",
    "lakehouse.evaluation.shap_values",
    "lakehouse.evaluation.shapley_tables",
    "lakehouse.evaluation.tree_shap",
    "lakehouse.scorers.boosted",
    "lakehouse.scorers.model_files",
    "lakehouse.scorers.nightjar_linear",
    "lakehouse.scorers.scorer",
)

# The modules that decide the values.
SCORES_DECIDED_BY = (
    "jobs.score.absent_rows",
    "jobs.score.batch",
    "jobs.score.canary",
    "lakehouse.evaluation.key_texts",
    "jobs.score.class_scores",
    "jobs.score.conditions",
    "jobs.score.fallback_night",
    "jobs.score.fallback_scorer",
    "jobs.score.fallbacks",
    "jobs.score.given_scores",
    "jobs.score.judge",
    "jobs.score.last_scores",
    "jobs.score.many_rows",
    "jobs.score.predict",
    "jobs.score.role_scorer",
    "jobs.score.written_days",
    "lakehouse.evaluation.base_rates",
    "lakehouse.evaluation.category_codes",
    "lakehouse.evaluation.feature_matrix",
    "lakehouse.evaluation.key_join",
    "lakehouse.evaluation.labels",
    "lakehouse.evaluation.model_scores",
    "lakehouse.models.category_record",
    "lakehouse.models.class_decision",
    "lakehouse.models.xgboost_model",
    *SCORERS,
    *population.DECIDED_BY,
)
REASONS_DECIDED_BY = (
    "jobs.score.chosen_rows",
    "jobs.score.explainer",
    "jobs.score.many_reasons",
    "jobs.score.predict",
    "jobs.score.reasons",
    "lakehouse.evaluation.category_codes",
    "lakehouse.evaluation.feature_matrix",
    "lakehouse.models.category_record",
    "lakehouse.models.class_decision",
    "lakehouse.models.xgboost_model",
    *SCORERS,
)
