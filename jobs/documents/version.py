"""The version of what the platform does to a document's text, and what it measures. Raise it when the values change with it.

tests/jobs/test_code_versions.py holds what the version stands for.
"""

# Of text and measures, and of what the filter makes of them: a change of the second alone leaves the texts as they are.
MADE = 1
FILTERED = 1
DOCUMENTS = MADE * 1_000 + FILTERED

MADE_BY = (
    "jobs.documents.badges",
    "jobs.documents.common_words",
    "jobs.documents.html_text",
    "jobs.documents.making",
    "jobs.documents.markdown_text",
    "jobs.documents.measures",
    "jobs.documents.normalised",
    "jobs.documents.plain_text",
    "lakehouse.corpus.bank_numbers",
    "lakehouse.corpus.found",
    "lakehouse.corpus.mail_addresses",
    "lakehouse.corpus.network_addresses",
    "lakehouse.corpus.phones",
    "lakehouse.corpus.pii",
    "lakehouse.corpus.secret_tokens",
    "lakehouse.corpus.shingles",
    "lakehouse.language",
)
# The modules that decide the values.
DECIDED_BY = (*MADE_BY, "jobs.documents.filtering", "jobs.documents.made_day", "jobs.documents.workers")
