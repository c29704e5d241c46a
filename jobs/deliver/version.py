"""The version of what decides the delivered rows. Raise it when they change with the code: every delivered day is sent again.

tests/jobs/test_code_versions.py holds what the version stands for.
"""

DELIVERY = 1

# The modules that decide the values.
DECIDED_BY = ("jobs.deliver.rows",)
