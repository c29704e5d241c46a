"""One use case's DAG apart from the others' in the same file: what fails to be made is left out, and said elsewhere.

Airflow drops every DAG of a file that raises. So a DAG file makes each DAG within ``made_for``, which logs the failure and leaves
that DAG out; and `dags/checks/declarations.py`, which makes none, runs such a file once more by ``failures`` and raises what it
finds.
"""

from __future__ import annotations

import logging
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow.sdk.definitions._internal.contextmanager import DagContext

log = logging.getLogger(__name__)

# What could not be made in this process.
_failed: list[str] = []


@contextmanager
def made_for(name: str) -> Iterator[None]:
    """Around a ``with DAG(...)``: should it fail, the DAG of ``name`` is left out and the file goes on."""
    before = set(DagContext.autoregistered_dags)
    try:
        yield
    except Exception as error:
        # A DAG registers itself at its end, also one that lacks the tasks after the failure.
        DagContext.autoregistered_dags.intersection_update(before)
        log.exception("the DAG of %s can't be made and is left out", name)
        _failed.append(f"{name}: {type(error).__name__}: {' '.join(str(error).split())}")


def failed() -> int:
    """How often a DAG could not be made in this process."""
    return len(_failed)


def failures(file: Path) -> list[str]:
    """What can't be made of a DAG file."""
    before = failed()
    module, DagContext.current_autoregister_module_name = DagContext.current_autoregister_module_name, None
    try:
        # A file that fails as a whole is an import error of its own.
        runpy.run_path(str(file))
    finally:
        DagContext.current_autoregister_module_name = module
    return [f"{file}: {what}" for what in _failed[before:]]
