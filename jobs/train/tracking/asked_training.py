"""A training that monitoring asked for: its failure goes into the audit log, so that it is asked for again."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse.errors import NightjarError
from lakehouse.ops import retrainings

log = logging.getLogger(__name__)


@contextmanager
def failure_recorded(name: str, day: dt.date, actor: str) -> Iterator[None]:
    """Record an error that leaves the block, if the training for ``day`` was asked for; the error goes on."""
    try:
        yield
    except Exception as error:
        first_line = (str(error).splitlines() or ["no message"])[0]
        retryable = error.retryable if isinstance(error, NightjarError) else True
        try:
            retrainings.record_failure(name, day, actor, f"{type(error).__name__}: {first_line}", retryable)
        except Exception:
            # The training's own error says more; without the line the request is taken for lost some hours later.
            log.warning("train %s: the failure is not recorded in ops.model_events", name, exc_info=True)
        raise
