"""A correction makes exactly the days stale that may read it, and restating them leaves what a rebuild would."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from deltalake import DeltaTable

from jobs.features import job as features
from jobs.features.arguments import FeaturesArguments
from jobs.ingest import job as ingest_job
from jobs.ingest.arguments import IngestArguments
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.restate import job as restate
from jobs.restate.arguments import RestateArguments
from jobs.score import job as score
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from lakehouse.date_ranges import contiguous
from lakehouse.errors import BadArguments, TransformBroken
from lakehouse.models import version_selection
from lakehouse.staleness import report
from tests.jobs.bakery_days import DAY, START, build, copy, ingest, prepared
from tests.use_cases import bakery, shared_bakery

FIRST = DAY - dt.timedelta(days=3)
LAST = DAY + dt.timedelta(days=3)
# The bakery's features read the sales of 7 to 20 days before.
CORRECTED = DAY - dt.timedelta(days=6)
READERS = [DAY + dt.timedelta(days=ahead) for ahead in (1, 2, 3)]


ARGUMENTS = {features: FeaturesArguments, stale: StaleArguments, restate: RestateArguments}


def run(job: ModuleType, **more: object) -> dict[str, Any]:
    return job.run(ARGUMENTS[job](use_case="bakery_sales", **more)).as_json()


def files(root: Path) -> dict[dt.date, set[str]]:
    """The data files of each day of the features."""
    found: dict[dt.date, set[str]] = {}
    for uri in DeltaTable(root / "gold/bakery_sales_features").file_uris():
        folder, name = uri.split("/")[-2:]
        found.setdefault(dt.date.fromisoformat(folder.removeprefix("partition=")), set()).add(name)
    return found


def rows(root: Path) -> list[str]:
    return sorted(map(repr, DeltaTable(root / "gold/bakery_sales_features").to_pyarrow_table().to_pylist()))


@pytest.fixture(scope="module")
def correction(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A week of features, and then a correction to the sales of one day."""
    with prepared(tmp_path_factory.mktemp("corrected"), ingested) as root:
        build(FIRST, LAST)
        assert run(stale)["status"] == "fresh"
        bakery.write(root / "landing", "bakery_sales_counted", CORRECTED, ["shop,bread,sold", "canal,rye,500"])
        ingest(CORRECTED, CORRECTED, "bakery_sales_counted")
    return root


@pytest.fixture
def corrected(correction: Path, lakehouse_root: Path, landing_root: Path) -> Path:
    """A lakehouse of the test's own with that correction."""
    return copy(correction, lakehouse_root, landing_root)


def test_the_days_that_may_read_a_correction_are_named_with_the_reason(
    corrected: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(stale)
    assert [(line["partition"], line["reasons"]) for line in found["partitions"]] == [  # type: ignore[attr-defined]
        (day, [f"bakery_sales_counted {CORRECTED} was corrected"]) for day in READERS
    ]
    assert f"gold.bakery_sales_features {READERS[0]}: bakery_sales_counted {CORRECTED} was corrected" in (
        capsys.readouterr().out
    )
    assert run(stale, partition=FIRST, through=DAY)["status"] == "fresh"


def test_a_dry_run_shows_the_plan_and_changes_nothing(corrected: Path) -> None:
    before = files(corrected)
    planned = run(restate, dry_run=True)
    assert (planned["status"], planned["features"]) == ("planned", READERS)
    assert files(corrected) == before


def test_restating_rewrites_the_stale_days_alone_and_equals_a_rebuild_from_nothing(
    corrected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(corrected)
    assert run(restate)["status"] == "restated"
    after = files(corrected)
    assert sorted(day for day in after if after[day] != before[day]) == READERS
    assert (run(stale)["status"], run(restate)["status"]) == ("fresh", "fresh")

    restated = rows(corrected)
    shutil.rmtree(corrected / "gold")
    build(FIRST, LAST)
    assert rows(corrected) == restated


def test_a_restatement_that_was_killed_before_the_verdicts_gives_them_when_it_is_run_again(
    corrected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Scored days whose scores are as stale as their features.
    monkeypatch.setattr(version_selection, "scored_by", lambda use_case: dict.fromkeys(READERS, 1))
    monkeypatch.setattr(report, "_scores", lambda *given: {day: ["its features are stale"] for day in given[4]})
    judged = []

    def killed(arguments: MonitorArguments) -> None:
        raise KeyboardInterrupt

    def judge(arguments: MonitorArguments) -> None:
        judged.append((arguments.partition, arguments.through))

    monkeypatch.setattr(score, "run", lambda arguments: None)
    monkeypatch.setattr(monitor, "run", killed)
    with pytest.raises(KeyboardInterrupt):
        run(restate)
    assert [line["table"] for line in run(stale)["partitions"]] == ["gold.bakery_sales_drift"] * 3  # type: ignore[attr-defined]
    monkeypatch.setattr(monitor, "run", judge)
    assert (run(restate)["status"], judged) == ("restated", [(READERS[0], READERS[-1])])
    assert (run(restate)["status"], len(judged)) == ("fresh", 1)


def test_days_that_follow_one_another_are_one_range() -> None:
    days = [START + dt.timedelta(days=number) for number in (5, 0, 1, 2, 6, 9)]
    assert contiguous(days) == [(days[1], days[3]), (days[0], days[4]), (days[5], days[5])]


def test_a_corrected_source_is_told_and_restated_for_each_use_case_that_reads_it(
    corrected: Path, landing_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bakery's sources are moved out of it, which makes nothing stale, and a second use case reads them too."""
    before = run(stale)["partitions"]
    monkeypatch.setenv("USE_CASE_ROOTS", str(shared_bakery.declare(tmp_path / "roots")))
    assert run(stale)["partitions"] == before
    run(restate)
    of_both = {name: {"use_case": name, "partition": FIRST, "through": LAST} for name in shared_bakery.BOTH}
    features.run(FeaturesArguments(**of_both["cake_sales"]))  # type: ignore[arg-type]
    bakery.write(landing_root, "bakery_sales_counted", CORRECTED, ["shop,bread,sold", "canal,rye,700"])
    told = ingest_job.run(IngestArguments(source="bakery_sales_counted", partition=CORRECTED))
    assert told.to_restate == list(shared_bakery.BOTH)
    tables = DeltaTable(corrected / "gold/bakery_sales_features"), DeltaTable(corrected / "gold/cake_sales_features")
    planned = restate.run(RestateArguments(source="bakery_sales_counted", dry_run=True)).as_json()
    assert planned["status"] == "planned"
    restated = restate.run(RestateArguments(source="bakery_sales_counted")).as_json()
    assert restated["status"] == "restated" and list(restated["use_cases"]) == list(shared_bakery.BOTH)
    for use_case, table in zip(shared_bakery.BOTH, tables, strict=True):
        assert planned["use_cases"][use_case]["features"] == restated["use_cases"][use_case]["features"] == READERS
        assert stale.run(StaleArguments(use_case=use_case)).status == "fresh"
        table.update_incremental()
    assert restate.run(RestateArguments(source="bakery_sales_counted")).status == "fresh"
    of_bread, of_cake = (sorted(map(repr, table.to_pyarrow_table().to_pylist())) for table in tables)
    assert of_bread == of_cake


def test_what_fails_of_one_use_case_stops_the_restatement_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USE_CASE_ROOTS", str(shared_bakery.declare(tmp_path / "roots")))
    asked = []

    def broken_first(arguments: RestateArguments) -> restate.RestateResult:
        asked.append(arguments.use_case)
        if len(asked) == 1:
            raise TransformBroken("it divides by 0")
        return restate.RestateResult(status="restated", features=[], score=[], labels=[], monitor=[], deliver=[])

    monkeypatch.setattr(restate, "of_use_case", broken_first)
    first, second = shared_bakery.BOTH
    with pytest.raises(TransformBroken, match=f"it divides by 0; of the readers .* failed: {first}; done: {second}"):
        restate.run(RestateArguments(source="bakery_plan"))
    assert asked == [first, second]


@pytest.mark.parametrize("named", [{}, {"use_case": "bakery_sales", "source": "bakery_plan"}])
def test_a_use_case_is_restated_or_the_readers_of_a_source(named: dict[str, str]) -> None:
    with pytest.raises(BadArguments, match="expected --use-case, --source or --dataset, found"):
        RestateArguments(**named)  # type: ignore[arg-type]
