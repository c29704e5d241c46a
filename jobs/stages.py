"""Running one stage: the door that the command line and a stage that is made of stages go through."""

from __future__ import annotations

import importlib
from typing import Any

from jobs.arguments import Arguments


def run(arguments: Arguments) -> dict[str, Any]:
    """Run the stage's room, jobs/<stage>/job.py, and return its result."""
    job = importlib.import_module(
        "jobs.ingest.replay" if arguments.stage == "replay" else f"jobs.{arguments.stage}.job"
    )
    result: dict[str, Any] = job.run(arguments)
    return result
