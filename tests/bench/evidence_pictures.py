"""The pictures of the pages of a score and of two versions in docs/: ``python -m tests.bench.evidence_pictures``.

Thirty made-up days with a challenger in shadow, served behind Airflow's login, and a browser: Debian's chromium.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from lakehouse.settings import PROJECT_ROOT

IMAGES = PROJECT_ROOT / "docs" / "images"
NAME = "appointments"
ASKED = f"use-cases/{NAME}/explain?day=2024-04-05&key_appointment=1"
COMPARED = f"use-cases/{NAME}/compare?first=1&second=2"
# By file what is opened, how wide and how high the window is, and light or dark.
PICTURES = {
    "status-explain.png": (ASKED, 1100, 800, "light"),
    "status-compare.png": (COMPARED, 1100, 960, "light"),
}
FEATURES = [
    {"name": "lead_days", "description": "days from booking to appointment, as a share of the longest"},
    {"name": "missed_before", "description": "share of the patient's earlier appointments that were missed"},
    {"name": "age", "description": "of the patient, as a share of a hundred years"},
]


def main() -> None:
    """Make the world, serve it and take the pictures."""
    with tempfile.TemporaryDirectory(prefix="evidence-") as made, pytest.MonkeyPatch.context() as patched:
        folder = Path(made)
        os.environ["AIRFLOW_HOME"] = str(folder / "airflow")
        patched.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        patched.setenv(
            "AIRFLOW__API_AUTH__JWT_SECRET", "of these pictures alone, and of nothing else, 64 bytes or more"
        )
        patched.setenv("LAKEHOUSE_ROOT", str(folder / "warehouse"))
        patched.setenv("NIGHTJAR_HOME", str(folder / "state"))
        # Imported here, since Airflow reads its settings when it is first imported.
        from include.status_page import tracking
        from tests import status_server
        from tests.lakehouse.analyst import compared_world

        world = compared_world.made(NAME, folder / "warehouse", patched, days=30, rows_a_day=60, features=FEATURES)
        compared_world.reachable(world, patched)
        patched.setattr(tracking, "away", lambda: False)
        with status_server.airflow(folder) as sessions:
            status_server.dag(sessions, f"score__{NAME}", f"train__{NAME}")
            with status_server.served(status_server.mounted()) as address:
                taken(f"{address}/nightjar/", address, status_server.COOKIE, status_server.token())


def taken(root: str, address: str, cookie: str, token: str) -> None:
    """Open each page and keep what a browser shows."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (path, width, height, scheme) in PICTURES.items():
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
            context.add_cookies([{"name": cookie, "value": token, "url": address}])
            page = context.new_page()
            answer = page.goto(root + path)
            assert answer is not None and answer.status == 200, f"{path}: {answer and answer.status}"
            page.screenshot(path=IMAGES / name)
            print(f"{name}: {(IMAGES / name).stat().st_size:,} bytes")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
