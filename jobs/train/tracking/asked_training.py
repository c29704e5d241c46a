"""A training that was asked for: a person's request and any failure go into the audit log, so that it is asked for again."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse import masking
from lakehouse.errors import NightjarError
from lakehouse.models import champion_record, registry
from lakehouse.ops import retrainings

log = logging.getLogger(__name__)

# What asked for it, as the audit log has it.
BY_HAND = "by hand"


def by_hand(name: str, day: dt.date, actor: str, reason: str | None) -> None:
    """Record a person's request with its reason, unless the day's training is made or asked for already.

    A model's first training replaces nothing, and is no retraining.
    """
    if reason is None or day in retrainings.requests(name):
        return
    champion = champion_record.number(name)
    if champion is None or any(made.trained_for == day for made in registry.versions(name)):
        return
    run_id = registry.version(name, champion).run_id
    retrainings.record(name, day, champion, run_id, actor, reason, {BY_HAND: {}})


@contextmanager
def failure_recorded(name: str, day: dt.date, actor: str) -> Iterator[None]:
    """Record an error that leaves the block, if the training for ``day`` was asked for; the error goes on."""
    try:
        yield
    except Exception as error:
        first_line = masking.mask((str(error).splitlines() or ["no message"])[0])
        retryable = error.retryable if isinstance(error, NightjarError) else True
        try:
            retrainings.record_failure(name, day, actor, f"{type(error).__name__}: {first_line}", retryable)
        except Exception:
            # The training's own error says more; without the line the request is taken for lost some hours later.
            log.warning("train %s: the failure is not recorded in ops.model_events", name, exc_info=True)
        raise
