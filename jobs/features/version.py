"""The version of what the platform does to a use case's features. Raise it when the values of the table change with the code.

tests/jobs/test_code_versions.py holds what the version stands for.
"""

from lakehouse.populations import version as population

FEATURES = 1

# The modules that decide the values.
DECIDED_BY = (
    "jobs.features.build",
    "jobs.features.collected_rows",
    "jobs.features.group_join",
    "jobs.features.point_in_time",
    "jobs.features.promise",
    "jobs.features.spark_rows",
    "lakehouse.transforms.trailing_windows",
    *population.DECIDED_BY,
)
