"""The documentation of the DAGs of erasures, shown by Airflow's UI, made from the declaration."""

from __future__ import annotations

from include.orchestration.rerun_docs import RERUN
from lakehouse import tables
from lakehouse.declaration import Source


def erase(source: Source) -> str:
    """What ``erase__<source>`` takes out."""
    key = ", ".join(f"`{name}`" for name in source.key)
    return f"""
### Erase what is about a key of {source.name}

Takes the rows of one key ({key}) out of landing files, bronze, silver, the tables of every use case, feature group and dataset
that reads this source, their targets and published folders, and keeps them out: a delivery that brings them again is taken in
without them. `{tables.ERASURES.full_name}` has a digest of the key, what was taken out of where, and which versions of models have
learned from it.

**By hand.** Trigger with the key and the reason; "Dry run" counts and stops. Else a person is asked, with the counts, and the key
stands in the run's form alone: look there before you approve. **Have an Admin delete the run afterwards**: while it is there,
Airflow's database has the key.
{RERUN}"""
