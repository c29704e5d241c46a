"""The documentation of the DAGs of datasets, shown by Airflow's UI, made from the declaration."""

from __future__ import annotations

from include.orchestration.rerun_docs import RERUN
from lakehouse import tables
from lakehouse.declaration import Dataset


def documents(dataset: Dataset) -> str:
    """What ``documents__<dataset>`` makes of a delivery."""
    return f"""
### Documents of {dataset.title}

{dataset.description}

After a delivery of `{dataset.documents.source}` of day D was ingested: its rows become `{tables.documents(dataset).full_name}`,
standardised, measured, and filtered by the declared limits; `reasons` says why one is not kept. `explore` logs to MLflow what they
are like, and what each limit would keep.

**By hand.** Trigger with `partition` and `through` for a range. After a change of `filter` run `restate__{dataset.name}`: no text
is measured again, and no call is made.
{RERUN}"""


def teach(dataset: Dataset) -> str:
    """What ``teach__<dataset>`` asks, and what it may cost."""
    budget = dataset.budget
    if budget is None:
        cost = "The built-in summariser answers: it costs nothing."
    else:
        calls = "" if budget.calls is None else f" and {budget.calls} calls"
        cost = f"All calls together may cost {budget.money} {budget.currency}{calls}, ever."
    services = "".join(f"\n- `{name}`: {one.model} at {one.endpoint}" for name, one in dataset.services.items())
    return f"""
### Ask about the documents of {dataset.title}

Asks about every document that is kept, in {len(dataset.teacher.variants)} variant(s), and checks the answers into
`{tables.summaries(dataset).full_name}`. An answer that is recorded in `{tables.CALLS.full_name}` is never paid again, whatever
happens to this task. {cost}{services}

**When the task ends with `budget spent`**, raise `budget` in the declaration and clear it: it goes on where it stopped. **When it
ends with `incomplete`**, the service did not answer some calls: clear it when the service is well.

**By hand.** "Dry run" says in the log of `teach` how many calls, tokens and how much money a run would take.
{RERUN}"""


def assemble(dataset: Dataset) -> str:
    """What ``assemble__<dataset>`` makes a version of."""
    return f"""
### A version of {dataset.title}

Puts documents that are nearly the same into clusters, gives each cluster one side of the split, and writes the examples into
`{tables.examples(dataset).full_name}`. A document stays where it was in earlier versions. Equal examples make no new version;
`{tables.DATASET_VERSIONS.full_name}` has a line a version.
{RERUN}"""


def release(dataset: Dataset) -> str:
    """What ``release__<dataset>`` asks of a version, and where it goes."""
    approval = dataset.gate.approval
    asked = f"A person is asked, for {approval.hours:g} hours. " if approval is not None else ""
    hub = dataset.publish.hub
    where = f", and to `{hub.repo}` of the Hub" if hub is not None else ""
    return f"""
### Publish {dataset.title}

The gate looks at a version: no leak between its splits, no call that is open, nobody's data in it, licences, rows, and how much has
changed. {asked}Then it is written to a folder of its own{where}. A version that is held says why; when the reason is gone, trigger
again.

**By hand.** Trigger with `version`, or for the newest one without.
{RERUN}"""


def restate(dataset: Dataset) -> str:
    """What ``restate__<dataset>`` computes again."""
    return f"""
### Restate {dataset.title}

Compares what every day of documents and of checked answers was built from (`ops.builds`) with what it would be built from now: a
corrected delivery, another filter, other checks, other code. `plan` says which days are stale and why; `restate` builds exactly
these. **It makes no call**: documents whose text changed are asked about by `teach__{dataset.name}`.
{RERUN}"""
