"""The version of what the platform does to the rows of a feature group. Raise it when the tables' values change with the code.

tests/jobs/test_code_versions.py holds what the version stands for.
"""

from lakehouse.populations import version as population

GROUPS = 1

# The modules that decide the values.
DECIDED_BY = (
    "jobs.features.build",
    "jobs.features.collected_rows",
    "jobs.features.promise",
    "jobs.features.spark_rows",
    "jobs.groups.rows",
    "lakehouse.transforms.trailing_windows",
    *population.DECIDED_BY,
)
