"""What the documentation of every DAG says on running a task again."""

from __future__ import annotations

RERUN = """
**Rerunning.** Clearing a task and running it again is always safe: every write replaces exactly its own partition.
"""
