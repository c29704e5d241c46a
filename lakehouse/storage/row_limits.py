"""How many rows a stage works on in its own process; more are worked on by Spark's workers, by the same functions.

A stage knows how many rows it will read from the log's statistics, before it reads one.
"""

from __future__ import annotations

from lakehouse import settings

# The setting of that name, or its default, which gives the reason.
IN_PROCESS_ROWS = settings.load().in_process_rows
