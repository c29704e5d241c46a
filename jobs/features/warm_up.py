"""Warms a young Spark server up, so that the first night does not pay for loading classes and for code that Java has not compiled.

``python -m jobs.features.warm_up`` builds, of each use case, the newest day that was built before, again and again, and keeps
nothing: no other work is so like the next night's. Killed or failed, nothing is missing but warmth.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import time

from jobs.features.batch import Batch
from lakehouse import tables
from lakehouse.arrivals.readiness import Arrivals
from lakehouse.declaration import UseCase, loader
from lakehouse.storage import delta_log, spark_session, warm_up

log = logging.getLogger("jobs.features.warm_up")

# After the third time a day takes as long as it ever will, within a tenth. Then the next night is the best use of the processor.
ROUNDS = 4
# A hundred use cases must not keep a small machine busy for an hour: what the first of them do warms the others too.
ENOUGH_SECONDS = 40.0


def main() -> None:
    """Warm the server up, at low priority."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    os.nice(10)
    began = time.monotonic()
    warm_up.night(spark_session.session("warm-up"))
    built = [(use_case, day) for use_case in loader.declared() for day in newest(use_case)]
    for use_case, day in built * ROUNDS:
        if time.monotonic() - began > ENOUGH_SECONDS:
            break
        try:
            rows = of_day(use_case, day)
        except Exception as error:
            # Whatever it is: the night will meet it too, and tell the person on call.
            log.warning("%s of %s: %s: %s", use_case.name, day, type(error).__name__, error)
        else:
            log.info("%s: %d rows of %s, %.1f s after the start", use_case.name, rows, day, time.monotonic() - began)


def newest(use_case: UseCase) -> list[dt.date]:
    """The newest day that was built before, if there is one."""
    return sorted(delta_log.rows_by_day(tables.features(use_case)))[-1:]


def of_day(use_case: UseCase, day: dt.date) -> int:
    """Build the day of what has arrived, and keep nothing; how many rows it has."""
    return Batch(use_case, (day,)).try_out(Arrivals(use_case, day, day).same_snapshots([day]))


if __name__ == "__main__":
    main()
    # While its threads live: what closes a connection at the interpreter's end may wait for them for ever.
    spark_session.leave()
