"""The version of what decides a trained model and its numbers. Raise it when either changes with the code.

tests/jobs/test_code_versions.py holds what the version stands for.
"""

from lakehouse.populations import version as population

TRAINING = 1

# The modules that decide the values.
DECIDED_BY = (
    "jobs.train.baselines",
    "jobs.train.candidates.choice",
    "jobs.train.candidates.design",
    "jobs.train.candidates.linear",
    "jobs.train.candidates.rolling",
    "jobs.train.candidates.tune",
    "jobs.train.class_evaluation",
    "jobs.train.evaluation",
    "jobs.train.fitted_model",
    "jobs.train.fitting",
    "jobs.train.input_snapshot",
    "jobs.train.job",
    "jobs.train.probing",
    "jobs.train.search.binning",
    "jobs.train.search.objective",
    "jobs.train.search.sampler",
    "jobs.train.search.space",
    "jobs.train.search.studies",
    "jobs.train.search.study",
    "jobs.train.search.tuning",
    "jobs.train.split",
    "jobs.train.threshold",
    "jobs.train.training",
    "jobs.train.training_inputs",
    "jobs.train.training_profile",
    "lakehouse.declaration.class_catalogue",
    "lakehouse.declaration.metric_catalogue",
    "lakehouse.declaration.metric_names",
    "lakehouse.evaluation.category_codes",
    "lakehouse.evaluation.category_distribution",
    "lakehouse.evaluation.coded_rows",
    "lakehouse.evaluation.class_metrics",
    "lakehouse.evaluation.day_bootstrap",
    "lakehouse.evaluation.drift_profile",
    "lakehouse.evaluation.labelled_rows",
    "lakehouse.evaluation.metrics",
    "lakehouse.evaluation.population_stability",
    "lakehouse.evaluation.ranking",
    "lakehouse.evaluation.slices",
    "lakehouse.evaluation.undeclared_classes",
    "lakehouse.models.category_record",
    "lakehouse.evaluation.shap_values",
    "lakehouse.evaluation.shapley_tables",
    "lakehouse.evaluation.tree_shap",
    "lakehouse.models.class_decision",
    "lakehouse.scorers.boosted",
    "lakehouse.scorers.model_files",
    "lakehouse.scorers.nightjar_linear",
    "lakehouse.scorers.scorer",
    *population.DECIDED_BY,
)
