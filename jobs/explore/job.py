"""Explore: what a dataset's documents are like as of a day, and what each limit would keep: a table, and a page in MLflow."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

from jobs.explore import page, pictures, version
from jobs.explore.arguments import ExploreArguments
from jobs.explore.profile import COLUMNS, profile
from jobs.explore.run_log import ProfileRun
from jobs.result import Result
from lakehouse import fingerprints, tables
from lakehouse.corpus import current
from lakehouse.declaration import datasets
from lakehouse.storage import partition_rows

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ExploreResult(Result):
    """How many documents count on the day, how many of them are kept, and where the page is."""

    documents: int = 0
    kept: int = 0
    run_id: str | None = None
    url: str = ""


def run(arguments: ExploreArguments) -> ExploreResult:
    """Write the profile of the documents as they are on a day, and log its pictures. A profile that is the same is kept.

    Raises:
        ServiceUnavailable: when MLflow does not answer; the table is written by then.
    """
    dataset, day = datasets.by_name(arguments.dataset), arguments.partition
    documents = current.read(dataset, day, COLUMNS)
    if not len(documents):
        asked = f"python -m jobs documents --dataset {dataset.name} --partition {day}"
        return ExploreResult(status="none", message=f"no document is made up to {day}; make them first: {asked}")
    rows = list(profile(dataset, documents))
    changed = partition_rows.replace(tables.profile(dataset), [day], [{**row, "partition": day} for row in rows])
    said = json.dumps([rows, dataset.filter.model_dump(mode="json"), dataset.title, version.PROFILE])
    fingerprint = fingerprints.digest(said)
    total = {"documents": rows[0]["documents"], "kept": rows[0]["kept"]}
    logged = ProfileRun(dataset.name, day)
    if logged.fingerprint == fingerprint:
        return ExploreResult(
            status="explored" if changed else "unchanged", **total, run_id=logged.run_id, url=logged.url
        )
    drawn = {
        "measures": pictures.png(pictures.histograms(dataset, rows)),
        "values": pictures.png(pictures.values(dataset, rows)),
        "limits": pictures.png(pictures.kept_by_limits(dataset, rows)),
    }
    files = {f"{name}.png": content for name, content in drawn.items()}
    files["documents.html"] = page.html(dataset, day, rows, drawn).encode()
    files["profile.json"] = json.dumps(rows, indent=1).encode()
    logged.log(fingerprint, total, files)
    log.info("explore: the page of the documents as of %s is at %s", day, logged.url)
    return ExploreResult(status="explored", **total, run_id=logged.run_id, url=logged.url)
