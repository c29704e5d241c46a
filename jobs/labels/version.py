"""The version of what decides labels. Raise it when the values of the table change with the code.

tests/jobs/test_code_versions.py holds what the version stands for.
"""

from lakehouse.populations import version as population

OUTCOMES = 1

# The modules that decide the values.
OUTCOMES_DECIDED_BY = (
    "jobs.labels.computed",
    "jobs.labels.outcomes",
    "lakehouse.evaluation.category_codes",
    "lakehouse.evaluation.key_join",
    "lakehouse.evaluation.drawn_rows",
    "lakehouse.evaluation.labelled_rows",
    "lakehouse.evaluation.training_set",
    "lakehouse.evaluation.labels",
    "lakehouse.transforms.leading_windows",
    *population.DECIDED_BY,
)
