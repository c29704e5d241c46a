"""Sending an event without waiting long: a receiver that is slow or gone costs a job `PATIENCE` seconds, and no more.

The client's own time-outs and tries are longer, so it works in a thread that is left behind when its time is up. Most receivers
answer in milliseconds, and then no thread is there any more when the job goes on.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from lakehouse.lineage import redaction
from lakehouse.settings.lineage_target import Lineage

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import RunEvent

log = logging.getLogger(__name__)

# A job waits so long for an event: twice, at its begin and at its end.
PATIENCE = 2.0


class Sender:
    """Sends the events of one run, one after the other, to the receiver that is configured.

    Args:
        configured: where to.
        patience: seconds that an event may take; by default `PATIENCE`.
    """

    def __init__(self, configured: Lineage, patience: float | None = None) -> None:
        self._configured = configured
        self._patience = PATIENCE if patience is None else patience
        self._client: OpenLineageClient | None = None
        self._busy: threading.Thread | None = None

    def send(self, event: RunEvent) -> bool:
        """Send it; whether that is known to have gone well. What goes wrong is a warning in the job's log."""
        if self._busy is not None:
            # The first one hangs still, and two threads may not use one client.
            self._busy.join(self._patience)
            if self._busy.is_alive():
                log.warning("lineage: an earlier event is still on its way: this one is not sent")
                return False
        problem: list[BaseException] = []
        thread = threading.Thread(target=self._emit, args=(event, problem), name="lineage", daemon=True)
        thread.start()
        thread.join(self._patience)
        if thread.is_alive():
            self._busy = thread
            log.warning("lineage: no answer within %.1f s: the job goes on", self._patience)
            return False
        self._busy = None
        for error in problem:
            why = redaction.redacted(f"{type(error).__name__}: {error}")[:300]
            log.warning("lineage: an event was not sent, the job goes on: %s", why)
        return not problem

    def _emit(self, event: RunEvent, problem: list[BaseException]) -> None:
        try:
            if self._client is None:
                self._client = _client(self._configured)
            self._client.emit(event)
            if self._client.transport.kind != "http":
                self._client.close(self._patience)
                self._client = None
        except BaseException as error:
            problem.append(error)


def _client(configured: Lineage) -> OpenLineageClient:
    # Its own lines would repeat ours, with stack traces.
    for name in ("openlineage", "openlineage.client"):
        logging.getLogger(name).setLevel(logging.ERROR)
    from openlineage.client import OpenLineageClient

    # It would ask git for the remote's address, which may have a login.
    config: dict[str, object] = {"facets": {"source_code_location": {"disabled": True}}}
    if configured.transport is not None:
        config["transport"] = dict(configured.transport)
    return OpenLineageClient(config=config)
