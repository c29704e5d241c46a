"""The page of a profile: one file of HTML that needs no other."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from jobs.explore.distributions import Row
from jobs.explore.profile import DOCUMENTS, REASON, REASON_ALONE
from lakehouse import tables
from lakehouse.declaration import Dataset

TEMPLATES = Path(__file__).parent / "templates"
HEADINGS = {"measures": "Measures", "values": "Languages, licences, duplicates, reasons", "limits": "Limits"}
LIMIT = "limit: "


def html(dataset: Dataset, day: dt.date, rows: Sequence[Row], pictures: Mapping[str, bytes]) -> str:
    """The page.

    Args:
        dataset: whose documents.
        day: as of which.
        rows: of the profile.
        pictures: files of PNG, by ``measures``, ``values`` and ``limits``.
    """
    total = next(row for row in rows if row["measure"] == DOCUMENTS)
    alone = {row["value"]: row["documents"] for row in rows if row["measure"] == REASON_ALONE}
    shown = [
        (
            HEADINGS[name],
            base64.b64encode(picture).decode(),
            f"{HEADINGS[name]} of the documents; the tables have the numbers",
        )
        for name, picture in pictures.items()
    ]
    return (
        _environment()
        .get_template("documents_page.html.jinja")
        .render(
            title=dataset.title,
            day=day.isoformat(),
            documents=total["documents"],
            kept=total["kept"],
            table=tables.profile(dataset).full_name,
            reasons=[(row["value"], row["documents"], alone[row["value"]]) for row in rows if row["measure"] == REASON],
            pictures=shown,
            limits=[_limit(row) for row in rows if row["measure"].startswith(LIMIT)],
        )
    )


def _limit(row: Row) -> tuple[str, str, int, int]:
    limit = row["high"] if row["low"] is None else row["low"]
    return row["measure"].removeprefix(LIMIT), f"{limit:.6g}", row["documents"], row["kept"]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
