"""The version of what decides the served rows. Raise it when they change with the code: every group is published again.

tests/jobs/test_code_versions.py holds what the version stands for.
"""

PUBLISHED = 1

# The modules that decide the values.
DECIDED_BY = ("jobs.publish.serving_rows",)
