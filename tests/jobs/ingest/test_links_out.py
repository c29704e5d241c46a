"""Who delivers has no file of the machine taken in by a link to it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from jobs.ingest import landing
from lakehouse.declaration import loader
from lakehouse.errors import DeliveryRejected
from tests.use_cases import bakery

DAY = dt.date(2024, 3, 5)
NOW = dt.datetime(2024, 3, 6, tzinfo=dt.UTC)
HEADER = "shop,bread,planned,price"
SOURCE = "bakery_plan"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that is no delivery, and that the platform may read."""
    file = tmp_path / "secret.csv"
    file.write_text(f"{HEADER}\nroot,x,0,0\n")
    return file


def found() -> list[landing.Landed]:
    _, source = loader.by_source(SOURCE)
    return landing.landed(source, [DAY], NOW)


@pytest.mark.parametrize("whole_day", [False, True])
def test_a_link_out_of_the_landing_folder_is_refused_and_where_it_leads_is_not_told(
    lakehouse_root: Path, landing_root: Path, secret: Path, whole_day: bool
) -> None:
    folder = landing_root / SOURCE
    folder.mkdir(parents=True)
    link = folder / f"{DAY}.csv"
    link.symlink_to(secret)
    if whole_day:
        # By way of another link that lies inside.
        (folder / "inner").symlink_to(secret)
        link.unlink()
        link.symlink_to(folder / "inner")
    with pytest.raises(DeliveryRejected, match="a link that leads out of it") as refused:
        found()
    assert str(secret) not in str(refused.value)


def test_a_link_within_the_folder_and_a_folder_that_is_a_link_are_the_platforms_own(
    lakehouse_root: Path, landing_root: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    landing_root.mkdir(exist_ok=True)
    (landing_root / SOURCE).symlink_to(elsewhere)
    bakery.write(landing_root, SOURCE, DAY, [HEADER, "canal,rye,3,4"])
    assert len(found()) == 1
    (elsewhere / f"{DAY}.csv").rename(elsewhere / "of_the_day")
    (elsewhere / f"{DAY}.csv").symlink_to(elsewhere / "of_the_day")
    assert len(found()) == 1
