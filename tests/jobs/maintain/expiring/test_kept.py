"""Retention keeps what is needed or held."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml

from lakehouse import tables
from lakehouse.__main__ import main
from lakehouse.errors import ServiceUnavailable
from lakehouse.models import registry
from lakehouse.ops import pending_verdicts
from lakehouse.staleness.expired import Expired
from tests.jobs.maintain.expiring.sixty_days import DAYS, Declare, present, put, stale, take
from tests.jobs.shelf import day, open_clinic


def test_a_hold_beats_all_until_it_ends(clinic: Declare, root: Path) -> None:
    use_case = clinic().use_case
    hold = {"what": "gold.appointments_scores", "from": day(5), "through": day(7), "reason": "case 12"}
    file = root / "own" / "retention.yaml"
    file.write_text(yaml.safe_dump({"holds": [hold | {"until": dt.date(2999, 1, 1)}]}))
    take()
    assert present(tables.scores(use_case)) == {5, 6, 7, *range(30, 60)}
    file.write_text(yaml.safe_dump({"holds": [hold | {"until": dt.date(2024, 12, 31)}]}))
    take()
    assert present(tables.scores(use_case)) == set(range(30, 60))


@pytest.mark.parametrize("what", ["gold", "appointments"])
def test_a_hold_may_mean_many_tables(clinic: Declare, root: Path, what: str) -> None:
    use_case = clinic().use_case
    hold = {"what": what, "from": day(0), "through": day(59), "reason": "audit"}
    (root / "own" / "retention.yaml").write_text(yaml.safe_dump({"holds": [hold]}))
    take()
    assert present(tables.scores(use_case)) == present(tables.features(use_case)) == set(DAYS)


def test_days_that_wait_for_their_verdict_stay(clinic: Declare) -> None:
    use_case = clinic().use_case
    pending_verdicts.record(use_case.name, [day(25)])
    take()
    # The window of three days and what is judged with it, before the day's labels came.
    assert {23, 24, 25} <= present(tables.scores(use_case))
    assert {23, 24, 25} <= present(tables.features(use_case))


def test_while_mlflow_is_away_nothing_of_the_use_case_goes(
    clinic: Declare, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_case = clinic().use_case

    def away(name: str) -> None:
        raise ServiceUnavailable("MLflow")

    monkeypatch.setattr(registry, "versions", away)
    take()
    assert present(tables.scores(use_case)) == present(tables.silver(use_case.source("visits"))) == set(DAYS)
    assert main(["retention", "--format", "csv"]) == 0
    assert "MLflow does not answer" in capsys.readouterr().out


def test_a_former_champion_is_a_way_back(clinic: Declare, root: Path) -> None:
    shelf = clinic(trained=(22, 25))
    shelf.add(looks_at=1, **{registry.TAG_TRAINED_FOR: day(50).isoformat()})
    shelf.promote(2)
    take()
    assert {22, 23, 24, 25} <= present(tables.features(shelf.use_case))


def test_reference_data_keeps_the_newest_row_of_every_key(clinic: Declare) -> None:
    sources = [
        {"name": "rooms", "cadence": "occasional", "key": ["room"], "columns": [{"name": "room", "type": "int"}]},
        {
            "name": "beds",
            "cadence": "occasional",
            "delivers": "snapshot",
            "key": ["room"],
            "columns": [{"name": "room", "type": "int"}],
        },
    ]
    from tests.jobs import appointments

    given = {"sources": [*appointments.declaration()["sources"], *sources]}
    inputs = [{"source": name} for name in ("bookings", "rooms", "beds")]
    use_case = clinic({"silver": 10}, (35, 40), inputs=inputs, **given).use_case
    rooms, beds = (tables.silver(use_case.source(name)) for name in ("rooms", "beds"))
    put(
        rooms,
        [
            {"room": key, "line": 1, "delivery_id": "d", "partition": day(n)}
            for n, key in ((0, 1), (1, 2), (5, 1), (39, 2), (50, 1))
        ],
    )
    put(beds, [{"room": 1, "line": 1, "delivery_id": "d", "partition": day(n)} for n in (0, 9, 31, 45)])
    take()
    # Days from 35 on may be made again: room 2 is known by day 1 until day 39, room 1 by day 5 until day 50.
    assert present(rooms) == {1, 5, 39, 50}
    assert present(beds) == {31, 45}
    gone = Expired()
    assert (gone.whole_from(rooms), gone.whole_from(beds)) == (day(35), day(35))
    assert gone.features(use_case, [day(34), day(35)]).keys() == {day(34)}


def test_a_use_case_that_has_built_nothing_keeps_its_sources(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = open_clinic(root / "own", monkeypatch, root / "files", retention={"silver": 1})
    silver = tables.silver(shelf.use_case.source("visits"))
    put(silver, [{"appointment": 1, "line": 2, "delivery_id": "d", "partition": day(n)} for n in (0, 30)])
    take()
    assert present(silver) == {0, 30}


def test_documents_stay_while_they_are_the_newest_and_silver_while_they_do(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lakehouse.declaration import datasets
    from tests.jobs import notes

    notes.declare(root / "declared", monkeypatch, retention={"documents": 5})
    (root / "declared" / "retention.yaml").write_text(yaml.safe_dump({"layers": {"silver": 5}}))
    dataset = datasets.by_name(notes.NAME)
    documents, silver = tables.documents(dataset), tables.silver(dataset.source)
    empty = {"string": "", "long": 0, "int": 0, "double": 0.0, "boolean": False}
    row = {column.name: empty[column.type] for column in documents.columns if column.name != "partition"}
    written = [(0, "a"), (0, "b"), (1, "a"), (2, "b"), (3, "c"), (20, "a")]
    put(documents, [row | {"document_id": key, "partition": day(n)} for n, key in written])
    put(silver, [{dataset.documents.id: key, "line": 1, "delivery_id": "d", "partition": day(n)} for n, key in written])
    take()
    # What day 0 says was corrected by day 16, from which on all is as before; what day 1 says not until day 20.
    assert present(documents) == present(silver) == {1, 2, 3, 20}


def test_what_was_delivered_stays_in_the_target_when_its_scores_are_gone(clinic: Declare, root: Path) -> None:
    from jobs.deliver import job as deliver_job
    from jobs.deliver.arguments import DeliverArguments

    out = root / "out"
    target = {"name": "office", "files": {"folder": str(out), "format": "csv"}}
    use_case = clinic({"scores": 5}, deliver=[target]).use_case
    deliver_job.run(DeliverArguments(use_case=use_case.name, partition=day(3)))

    def delivered() -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in out.rglob("*") if file.is_file()}

    before = delivered()
    take()
    assert 3 not in present(tables.scores(use_case))
    assert "delivery to office" not in {table for table, _, _ in stale(use_case).lines(use_case)}
    deliver_job.run(DeliverArguments(use_case=use_case.name, corrections=True, verify=True))
    deliver_job.run(DeliverArguments(use_case=use_case.name, partition=day(3), force=True))
    assert before and delivered() == before
