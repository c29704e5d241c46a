"""Pictures of the status page, for docs/: ``make status-screenshots``. The nights are made up, the page is the real one."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.ops import deliveries, model_events
from lakehouse.settings import PROJECT_ROOT
from lakehouse.storage import delta_log
from tests import status_nights as nights
from tests.bench import status_page
from tests.status_nights import A_DAY, NOW, TODAY
from tests.status_situations import SITUATIONS

IMAGES = PROJECT_ROOT / "docs" / "images"
# What is told of which use case.
TOLD = {
    "no_shows": ("Appointments that will be missed", "good"),
    "readmissions": ("Patients who will come back within 30 days", "violated"),
    "lab_delays": ("Samples whose result will be late", "late_source"),
    "bed_days": ("Days in bed", "good"),
    "medication_stock": ("Drugs that will run out", "approval"),
    "transport": ("Transports that will wait", "good"),
    "triage": ("Who is seen first", "rolled_back"),
    "billing": ("Bills that will be disputed", "good"),
}
SHOWN = "readmissions"
STAGES = ("features", "score", "monitor", "train", "rollback", "restate", "deliver")


def main() -> int:
    """Take the pictures."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("no browser: install Debian's package chromium")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        status_page.at_home(root)
        os.environ["MLFLOW_TRACKING_URI"] = "http://mlflow.example"
        for name, (title, situation) in TOLD.items():
            make(root, name, title, situation)
        take(root, browser)
    return 0


def make(root: Path, name: str, title: str, situation: str) -> None:
    """A use case in a situation, with 60 nights before it."""
    worth = {"currency": "EUR", "true_positive": 40, "false_positive": -8, "true_negative": 0, "false_negative": -15}
    chosen = SITUATIONS[situation]
    sections: dict[str, Any] = {"drift": {"estimate": "platt"}, "worth": worth, "rollout": {"shadow": True}}
    sections["deliver"] = [{"name": "desk", "files": {"folder": f"/exports/{name}"}}]
    use_case = nights.declare(root / "use_cases", name, title, owner="clinic", **sections, **(chosen.sections or {}))
    if name == SHOWN:
        in_full(use_case)
    else:
        last = TODAY - A_DAY if situation == "late_source" else TODAY
        nights.ordinary(use_case, 60, last=last)
        chosen.make(use_case)
        nights.delivered(use_case, "desk", [last])
    for table in tables.of_use_case(use_case):
        of_that_night(Path(delta_log.location(table)))


def in_full(use_case: UseCase) -> None:
    """Sixty nights with a promotion, some violated verdicts, a version in shadow."""
    days = nights.back(60)
    for name in use_case.reads:
        its = [day - A_DAY * use_case.source(name).arrives_after_days for day in days]
        nights.arrived(name, its, deliveries.INGESTED, random.Random(name).randrange(400, 700))
    promoted = days[24]
    at = dt.datetime.combine(promoted, dt.time(3, 40), dt.UTC)
    nights.happened(use_case.name, model_events.REGISTERED, 3, NOW - 90 * A_DAY, reason="trained for 2024-03-11")
    nights.happened(use_case.name, model_events.PROMOTED, 3, NOW - 90 * A_DAY, 2)
    nights.happened(
        use_case.name,
        model_events.REQUESTED,
        3,
        at - 4 * A_DAY / 24,
        3,
        "jobs.monitor",
        "3 of the last 5 days are violated",
    )
    nights.happened(use_case.name, model_events.REGISTERED, 4, at - A_DAY / 24, reason=f"trained for {promoted}")
    nights.happened(use_case.name, model_events.PROMOTED, 4, at, 3)
    nights.built(use_case, days, 12)
    violated = {days[place] for place in (19, 21, 22, 23, 44, 59)}
    before, after = days[:24], days[24:]
    for part, version in ((before, 3), (after, 4)):
        nights.scored(use_case, part, version, rows=12)
        nights.judged(use_case, part, violated, version)
    nights.scored(use_case, after, 3, "challenger", rows=12)
    nights.measured(use_case, days, {day: 2 if day in after else 1 for day in days})
    nights.delivered(use_case, "desk", days)


def of_that_night(table: Path) -> None:
    """Let the log say that the files were written in the night: they were made just now."""
    for entry in (table / "_delta_log").glob("*.json"):
        lines = []
        for line in entry.read_text(encoding="utf-8").splitlines():
            action = json.loads(line)
            if "add" in action:
                day = dt.date.fromisoformat(action["add"]["partitionValues"]["partition"])
                minute = 10 + 3 * len(re.findall(r"scores|drift", table.name)) + 5 * table.name.endswith("drift")
                night = dt.datetime.combine(day, dt.time(2, minute), dt.UTC)
                action["add"]["modificationTime"] = int(night.timestamp() * 1000)
            lines.append(json.dumps(action))
        entry.write_text("\n".join(lines) + "\n", encoding="utf-8")


def take(root: Path, chromium: str) -> None:
    """Serve the page, and look at it."""
    from playwright.sync_api import sync_playwright

    from include.status_page import clock, tracking
    from tests import status_server

    clock.now = lambda: NOW
    tracking.away = lambda: False
    with status_server.airflow(root) as sessions:
        for name, (_, situation) in TOLD.items():
            status_server.dag(sessions, *(f"{stage}__{name}" for stage in STAGES))
            status_server.dag(sessions, *(f"ingest__{name}_{source}" for source in ("bookings", "visits")))
            if asked := SITUATIONS[situation].asked:
                question = f"Promote version 2 of {name} to champion?"
                status_server.failed_run(sessions, f"{asked[0]}__{name}", asked[1], None, NOW - A_DAY / 8, question)
        with status_server.served(status_server.mounted()) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

            def picture(name: str, path: str, width: int, height: int, scheme: str) -> None:
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
                context.add_cookies([{"name": status_server.COOKIE, "value": status_server.token(), "url": address}])
                page = context.new_page()
                page.goto(f"{address}/nightjar/{path}")
                page.screenshot(path=IMAGES / f"status-{name}.png")
                context.close()
                few_colours(IMAGES / f"status-{name}.png")
                print(f"docs/images/status-{name}.png, {(IMAGES / f'status-{name}.png').stat().st_size:,} bytes")

            picture("overview", "", 1200, 1000, "light")
            picture("use-case", f"use-cases/{SHOWN}", 1200, 1840, "light")
            picture("phone", "", 360, 760, "dark")
            browser.close()


def few_colours(picture: Path) -> None:
    """Write it again with a palette: a third of the bytes, and nothing that the eye misses."""
    from PIL import Image

    with Image.open(picture) as found:
        found.convert("RGB").quantize(256, dither=Image.Dither.NONE, kmeans=2).save(picture, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
