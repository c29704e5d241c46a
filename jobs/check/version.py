"""The version of what decides checked answers. Raise it when the tables' values change with the code.

tests/jobs/test_code_versions.py holds what the version stands for.
"""

SUMMARIES = 1

# The modules that decide the values.
DECIDED_BY = (
    "jobs.check.rows",
    "lakehouse.language",
    "lakehouse.teacher.mark",
    "lakehouse.teacher.quality.invented",
    "lakehouse.teacher.quality.limits",
    "lakehouse.teacher.quality.measures",
    "lakehouse.teacher.quality.overlap",
    "lakehouse.teacher.quality.repetition",
    "lakehouse.teacher.quality.selection",
    "lakehouse.teacher.quality.words",
    "lakehouse.teacher.subject",
)
