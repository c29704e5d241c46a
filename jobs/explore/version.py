"""The version of the code that makes a dataset's profile. Raise it when the table's values change with it.

tests/jobs/test_code_versions.py holds what the version stands for.
"""

PROFILE = 1

# The modules that decide the values.
DECIDED_BY = (
    "jobs.explore.distributions",
    "jobs.explore.duplicates",
    "jobs.explore.limits",
    "jobs.explore.profile",
    "lakehouse.corpus.shingles",
)
