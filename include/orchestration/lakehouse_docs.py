"""The documentation of the DAGs that look after the whole lakehouse, shown by Airflow's UI."""

from __future__ import annotations

from include.orchestration.rerun_docs import RERUN

MAINTAIN = f"""
### Maintain the lakehouse

Once a week: takes away days that are older than declared (`docs/retention.md`), but for what is still needed or held; merges small
files and removes files that no table version within its time needs. `python -m lakehouse retention` says what goes next, and why
something stays. With "Dry run" on, the log of `maintain` lists it, and nothing is done.
{RERUN}"""


ALERT = f"""
### Tell what could not be told

Once an hour: writes down what is new in the records of all use cases, and sends what a server that was away, or a killed task, has
left open. Messages go out when it happens, at the end of the task that made the news; this is the second chance. `ops.alerts` has
every message, who got it, and why not. `python -m lakehouse alerts --open` lists what is left.
{RERUN}"""
