"""How many rows a stage works on in its own process; more are worked on by Spark's workers, by the same functions.

A stage knows how many rows it will read from the log's statistics, before it reads one.
"""

from __future__ import annotations

# Joining a Spark session and starting its workers' imports costs 2 to 3 s of processor time, in which one core scores a million
# rows of 20 features. Half a million rows of 40 features are 160 MB in the job's process (`make bench-scoring`).
IN_PROCESS_ROWS = 500_000
