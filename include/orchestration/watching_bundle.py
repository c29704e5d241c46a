"""The DAG folder as Airflow's bundle, watched together with the folders of the use cases that its files read."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Any

from airflow.dag_processing.bundles.local import LocalDagBundle

from lakehouse import settings

log = logging.getLogger(__name__)

MILLISECOND = 1_000_000

# What is seen of a file: where it is, when it was written, and how long it is.
Seen = frozenset[tuple[str, int, int]]


class WatchingBundle(LocalDagBundle):
    """Lets the DAG files be parsed again soon after a use case has changed.

    Airflow parses a DAG file when the file itself has changed, or again and again. What a file of ours makes also depends on
    declarations, so it was parsed every minute; with a hundred use cases that never ended. Here a changed declaration marks the
    DAG files as changed, by their time of writing, and parsing again and again may be seldom.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seen: Seen | None = None
        self._twice = False

    def refresh(self) -> None:
        """Look at the use cases' folders; Airflow calls this every ``refresh_interval`` seconds."""
        now = seen(settings.load().use_case_roots)
        changed = self._seen is not None and now != self._seen
        # Once more the next time: a file that was just being parsed had read what was there before.
        if changed or self._twice:
            self._mark_as_changed()
        self._seen, self._twice = now, changed

    def _mark_as_changed(self) -> None:
        now = time.time_ns()
        # Airflow parses what was written last first. Files in folders, which look at what the others could make, come last.
        files = sorted(self.path.rglob("*.py"), key=lambda file: len(file.parts), reverse=True)
        for place, file in enumerate(files):
            written = now + place * MILLISECOND
            try:
                os.utime(file, ns=(written, written))
            except OSError as error:
                log.warning("%s is not parsed again at once: %s", file, error.strerror)


def seen(roots: tuple[Path, ...]) -> Seen:
    """The declarations and modules of every use case and source under ``roots``, as they are now."""
    found = set()
    for root in roots:
        # Of a use case, and of a shared source.
        for file in (
            one for depth in ("*", "*/*") for kind in ("yaml", "py") for one in root.glob(f"{depth}/*.{kind}")
        ):
            try:
                status = file.stat()
            except OSError:
                continue  # gone meanwhile
            found.add((str(file), status.st_mtime_ns, status.st_size))
    return frozenset(found)
