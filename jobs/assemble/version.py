"""The version of how a dataset's versions are made. Raise it when clusters, splits or examples change with the code.

tests/jobs/test_code_versions.py holds what the version stands for.
"""

ASSEMBLE = 1

# The modules that decide the values.
DECIDED_BY = (
    "jobs.assemble.alike",
    "jobs.assemble.clusters",
    "jobs.assemble.earlier",
    "jobs.assemble.equal_answers",
    "jobs.assemble.examples",
    "jobs.assemble.made",
    "jobs.assemble.material",
    "jobs.assemble.split",
    "jobs.assemble.ties",
    "lakehouse.corpus.content_digest",
    "lakehouse.corpus.current",
    "lakehouse.corpus.near",
    "lakehouse.corpus.run_sets",
    "lakehouse.corpus.shingles",
    "lakehouse.corpus.text_runs",
)
