"""A small lakehouse as a release writes it, packed for the tests of the next: ``python -m tests.release_fixture [FOLDER]``.

It makes ``<release>.tar.xz`` of what the code beside it writes: a source with a refused correction, features, two versions of a
model, scores, labels and metrics, and the books. Run it before a release's tables are changed, and keep the file.
"""

from __future__ import annotations

import datetime as dt
import io
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest

from jobs.ingest import job as ingest
from jobs.ingest.arguments import IngestArguments
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from lakehouse import code_version
from tests.jobs.shelf import Shelf, day, live, open_clinic
from tests.use_cases import bakery, shared_bakery

RELEASES = Path(__file__).parent / "releases"
# The days of the lakehouse, and the use case's one that was scored last.
DAYS, SCORED = 8, 6
FIRST = dt.date(2024, 3, 1)
# What a packed file may weigh.
MOST = 300_000


def opened(folder: Path, patch: pytest.MonkeyPatch) -> Shelf:
    """The environment of a lakehouse under ``folder``, its declarations, and the registry of its models."""
    for setting, name in (("LAKEHOUSE_ROOT", "warehouse"), ("LANDING_ROOT", "landing"), ("NIGHTJAR_HOME", "state")):
        patch.setenv(setting, str(folder / name))
    shelf = open_clinic(folder / "roots", patch, Path(tempfile.mkdtemp()), reasons={"above_threshold": True, "each": 2})
    if not (folder / "roots/sources").exists():
        shared_bakery.declare(folder / "roots", [])
    return shelf


def make(folder: Path) -> None:
    """Write the lakehouse, its landing zone and its declarations."""
    with pytest.MonkeyPatch.context() as patch:
        shelf = opened(folder, patch)
        bakery.deliver(folder / "landing", FIRST, FIRST + dt.timedelta(days=DAYS))
        _ingest()
        lines = ["shop,bread,planned,price", "canal,rye,55,4.2", "market,rye,-1,4.2"]
        bakery.write(folder / "landing", "bakery_plan", FIRST, [*lines, *(f"canal,wheat,{n},3" for n in (1, 2))])
        _ingest(any_volume=True)
        live(shelf.use_case, *range(DAYS))
        for _ in range(2):
            shelf.add()
        shelf.promote(1)
        name = shelf.use_case.name
        score.run(ScoreArguments(use_case=name, partition=day(0), through=day(SCORED))).as_json()
        monitor.run(MonitorArguments(use_case=name, partition=day(1), through=day(SCORED - 1))).as_json()


def _ingest(any_volume: bool = False) -> None:
    from lakehouse.errors import DeliveryRejected

    try:
        ingest.run(
            IngestArguments(
                source="bakery_plan", partition=FIRST, through=FIRST + dt.timedelta(days=DAYS), any_volume=any_volume
            )
        )
    except DeliveryRejected:
        # In the ledger as refused.
        return


def pack(folder: Path, file: Path) -> None:
    """Pack it, the same bytes for the same files.

    Raises:
        AssertionError: the file would be too big to be kept beside the code.
    """
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:xz") as packed:
        for name in ("warehouse", "landing", "roots"):
            packed.add(folder / name, name, filter=_plain)
    assert len(content.getvalue()) < MOST, f"{len(content.getvalue())} bytes"
    file.write_bytes(content.getvalue())


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if member.name.endswith((".pyc", "__pycache__", ".crc")):
        return None
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    place = Path(sys.argv[1]) if sys.argv[1:] else RELEASES
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        make(Path(made))
        pack(Path(made), place / f"{code_version.RELEASE}.tar.xz")
    print(place / f"{code_version.RELEASE}.tar.xz")
