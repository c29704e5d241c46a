"""The versions of what decides labels and measured performance. Raise one when the values of its table change with the code.

tests/jobs/test_code_versions.py holds what the versions stand for.
"""

OUTCOMES = 1
PERFORMANCE = 1

# The modules that decide the values.
OUTCOMES_DECIDED_BY = ("jobs.monitor.outcomes", "lakehouse.evaluation.labelled_rows")
PERFORMANCE_DECIDED_BY = (
    "jobs.monitor.performance",
    "lakehouse.declaration.metric_catalogue",
    "lakehouse.declaration.metric_names",
    "lakehouse.evaluation.labelled_rows",
    "lakehouse.evaluation.metrics",
)
