"""A worker of a search, in a process of its own: ``python -m jobs.train.search.worker FOLDER``.

It ends when the study has no trial left, and at once when the process that started it has ended, however that ended: it
reads from a pipe that nobody writes to, and whose end comes when the other side is gone.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from lakehouse.declaration import Model
from lakehouse.errors import NightjarError
from lakehouse.models import xgboost_model

# A trial that failed with a named error would fail anywhere: the search ends with it. Other codes are a death.
REFUSED = 9


@dataclass(frozen=True)
class Order:
    """What a worker is told, as a file in the study's folder."""

    model: str
    names: tuple[str, ...]
    nthread: int
    until: float | None

    def write(self, folder: Path) -> None:
        """Write it."""
        (folder / "order.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read it."""
        content = json.loads((folder / "order.json").read_text(encoding="utf-8"))
        return cls(**{**content, "names": tuple(content["names"])})


def work(folder: Path) -> None:
    """Bin the rows, then take trials until there is none left."""
    xgboost_model.import_alone()
    # Imported here: the watch over the starter begins before the seconds that these take.
    from jobs.train.search.binning import load_memmap
    from jobs.train.search.objective import Objective
    from jobs.train.search.study import Study

    order, rows = Order.read(folder), folder / "rows"
    model = Model.model_validate_json(order.model)
    train, validation = (load_memmap(rows, name, order.names) for name in ("train", "validation"))
    study = Study(folder, model)
    try:
        Objective(model, train, validation, order.nthread).search(study, order.until)
    finally:
        study.close()


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, daemon=True).start()
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s %(levelname)s worker {os.getpid()}: %(message)s")
    try:
        work(Path(sys.argv[1]))
    except NightjarError as error:
        (Path(sys.argv[1]) / f"refused-{os.getpid()}").write_text(str(error), encoding="utf-8")
        os._exit(REFUSED)
    # The thread that reads must not be waited for.
    sys.stderr.flush()
    os._exit(0)
