"""The versions of what decides performance, drift and alarm counts, residuals, and estimates.

Raise one when its table's values change with the code.

tests/jobs/test_code_versions.py holds what the versions stand for.
"""

from lakehouse.populations import version as population

PERFORMANCE = 1
COUNTS = 1
ALARM_COUNTS = 1
ESTIMATES = 1
RESIDUALS = 1

# The modules that decide the values.
PERFORMANCE_DECIDED_BY = (
    "jobs.monitor.class_performance",
    "jobs.monitor.final_performance",
    "jobs.monitor.performance",
    "jobs.monitor.scored_classes",
    "jobs.monitor.scored_rows",
    "lakehouse.declaration.class_catalogue",
    "lakehouse.declaration.metric_catalogue",
    "lakehouse.declaration.metric_names",
    "lakehouse.declaration.worth_metrics",
    "lakehouse.evaluation.base_rates",
    "lakehouse.evaluation.blocks",
    "lakehouse.evaluation.bucket_sort",
    "lakehouse.evaluation.category_codes",
    "lakehouse.evaluation.class_metrics",
    "lakehouse.evaluation.key_join",
    "lakehouse.evaluation.drawn_rows",
    "lakehouse.evaluation.labelled_rows",
    "lakehouse.evaluation.training_set",
    "lakehouse.evaluation.labels",
    "lakehouse.evaluation.metrics",
    "lakehouse.evaluation.model_scores",
    "lakehouse.evaluation.packed_scores",
    "lakehouse.evaluation.ranking",
    "lakehouse.evaluation.realised_worth",
    "lakehouse.evaluation.slice_texts",
    *population.DECIDED_BY,
)
COUNTS_DECIDED_BY = (
    "jobs.monitor.counts",
    "jobs.monitor.counted_rows",
    "jobs.monitor.drift_counts",
    "jobs.monitor.new_categories",
    "lakehouse.evaluation.blocks",
    "lakehouse.evaluation.category_codes",
    "lakehouse.evaluation.category_distribution",
    "jobs.monitor.scored_classes",
    "lakehouse.evaluation.calibrator",
    "lakehouse.evaluation.drift_profile",
    "lakehouse.evaluation.estimated_metrics",
    "lakehouse.evaluation.labels",
    "lakehouse.evaluation.model_scores",
    "lakehouse.evaluation.packed_numbers",
    "lakehouse.evaluation.population_stability",
    "lakehouse.evaluation.quality_estimator",
    "lakehouse.evaluation.training_days",
)
ALARM_COUNTS_DECIDED_BY = (
    *COUNTS_DECIDED_BY,
    "jobs.monitor.alarm_counts",
    "lakehouse.evaluation.key_join",
    "lakehouse.evaluation.drawn_rows",
    "lakehouse.evaluation.labelled_rows",
    "lakehouse.evaluation.training_set",
    "lakehouse.evaluation.slice_texts",
    *population.DECIDED_BY,
)
ESTIMATES_DECIDED_BY = (
    "jobs.monitor.estimate_update",
    "jobs.monitor.estimates",
    "jobs.monitor.matured_shares",
    "jobs.monitor.scored_classes",
    "jobs.monitor.scored_rows",
    "lakehouse.evaluation.base_rates",
    "lakehouse.evaluation.blocks",
    "lakehouse.evaluation.calibrator",
    "lakehouse.evaluation.category_codes",
    "lakehouse.evaluation.category_distribution",
    "lakehouse.evaluation.drawn_rows",
    "lakehouse.evaluation.drift_profile",
    "lakehouse.evaluation.estimated_metrics",
    "lakehouse.evaluation.key_join",
    "lakehouse.evaluation.labelled_rows",
    "lakehouse.evaluation.labels",
    "lakehouse.evaluation.model_scores",
    "lakehouse.evaluation.packed_numbers",
    "lakehouse.evaluation.population_stability",
    "lakehouse.evaluation.quality_estimator",
    "lakehouse.evaluation.slice_texts",
    "lakehouse.evaluation.training_set",
    "lakehouse.evaluation.training_days",
    *population.DECIDED_BY,
)
RESIDUALS_DECIDED_BY = (
    *COUNTS_DECIDED_BY,
    "jobs.monitor.residual_counts",
    "lakehouse.evaluation.key_join",
    "lakehouse.evaluation.residuals",
)
