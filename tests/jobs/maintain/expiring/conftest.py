"""What the tests of retention share: a clinic of sixty days."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from lakehouse.models.registry import ModelVersion
from tests.jobs.maintain.expiring.sixty_days import Declare, live
from tests.jobs.shelf import Shelf, day, open_clinic
from tests.kept_places import KeptPlaces

SPLIT = {
    "train": {"first": 20, "last": 10},
    "validation": {"first": 8, "last": 6},
    "holdout": {"first": 4, "last": 1},
}
KEPT = {"features": 10, "scores": 30, "outcomes": 10, "bronze": 50, "silver": 10, "landing": 5, "drift": 40}


@pytest.fixture(scope="session")
def clinics(tmp_path_factory: pytest.TempPathFactory) -> KeptPlaces:
    """Clinics that have lived, by what is declared."""
    return KeptPlaces(tmp_path_factory.mktemp("clinics").resolve())


@pytest.fixture(scope="session")
def models() -> dict[str, dict[int, ModelVersion]]:
    """What the registries of these clinics have, which are in memory."""
    return {}


@pytest.fixture
def root(clinics: KeptPlaces, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the lakehouse is, the landing zone and the declarations: nothing yet."""
    return clinics.empty(monkeypatch)


@pytest.fixture
def clinic(
    clinics: KeptPlaces, models: dict[str, dict[int, ModelVersion]], root: Path, monkeypatch: pytest.MonkeyPatch
) -> Declare:
    """Sixty days, and version 1 as champion, trained on days 2 to 10."""

    def declare(retention: dict[str, int] | None = None, trained: tuple[int, int] = (2, 10), **sections: Any) -> Shelf:
        given = {"retention": KEPT if retention is None else retention, "split": SPLIT, **sections}
        # No night is caught up, so that what is needed can be counted on the fingers.
        calendar = {"start": day(0), "catch_up_nights": 0}
        shelf = open_clinic(root / "own", monkeypatch, root / "files", calendar=calendar, **given)

        def lived() -> None:
            shelf.add(looks_at=0)
            record = root / "files" / "1" / "training" / "record.json"
            record.parent.mkdir(parents=True)
            windows = {"train": [str(day(trained[0])), str(day(trained[1]))]}
            record.write_text(json.dumps({"windows": windows}))
            shelf.promote(1)
            live(shelf.use_case)

        name = hashlib.sha256(repr((trained, given)).encode()).hexdigest()
        clinics.lay_out(name, lived)
        shelf.versions |= models.setdefault(name, dict(shelf.versions))
        return shelf

    return declare
