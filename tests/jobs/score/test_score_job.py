"""Two versions score a day: the champion's rows never depend on the challenger, and one row an entity decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession

from jobs.monitor.version import PERFORMANCE
from jobs.score import job
from jobs.score.arguments import ScoreArguments
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from lakehouse import tables
from lakehouse.analyst import query
from lakehouse.errors import ModelRefused
from lakehouse.models import artifacts, registry
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, report
from lakehouse.storage import commits, delta_log, small_tables, table_schema
from tests.jobs.shelf import NOON, ROWS, Shelf, day, live, open_clinic

IDENTITY = ("appointment", "partition")
# Whose decision counted: the README's question.
DECIDED = """
select appointment, partition, model_version, decision from gold.appointments_scores
where coalesce(decides, role = 'champion') order by all
"""


@pytest.fixture
def shelf(spark: SparkSession, lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Three days of features, a champion and two others."""
    made = open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files")
    live(made.use_case, 0, 1, 2)
    for _ in range(3):
        made.add()
    made.promote(1)
    return made


def rollout(shelf: Shelf, patch: pytest.MonkeyPatch, **declared: Any) -> None:
    """Declare it anew, as a team that edits its file does."""
    folder = Path(shelf.folder).parent / "own"
    shelf.use_case = open_clinic(folder, patch, shelf.folder, rollout=declared).use_case
    shelf.install(patch)


def score(first: int, last: int | None = None, **more: Any) -> dict[str, Any]:
    through = None if last is None else day(last)
    return job.run(ScoreArguments(use_case="appointments", partition=day(first), through=through, **more)).as_json()


def scores(shelf: Shelf, role: str) -> list[dict[str, Any]]:
    """What the role's rows say, but for when they were written."""
    found = small_tables.read(tables.scores(shelf.use_case))
    return [{k: v for k, v in row.items() if k != "scored_at"} for row in found if row["role"] == role]


def stale_scores(patch: pytest.MonkeyPatch) -> list[tuple[Any, list[str]]]:
    """The stale days with the reasons; the features of these tests were built by no transform, and are not asked."""
    patch.setattr(report, "_features", lambda *_: {})
    found = stale.run(StaleArguments(use_case="appointments")).as_json()["partitions"]
    return [(line["partition"], line["reasons"]) for line in found]


def commit_count(shelf: Shelf) -> int:
    return delta_log.version(tables.scores(shelf.use_case))


def test_a_challenger_scores_everybody_and_changes_nothing_for_the_champion(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = score(0)
    assert (alone["rows"], alone["challenger_versions"], alone["challenger_rows"]) == (ROWS, [], 0)
    before = scores(shelf, "champion")
    assert {row["decides"] for row in before} == {True}
    rollout(shelf, monkeypatch, shadow=True)
    shelf.aliases[registry.CHALLENGER] = 2
    both = score(1)
    assert (both["status"], both["rows"], both["challenger_versions"], both["challenger_rows"]) == (
        "scored",
        ROWS,
        [2],
        ROWS,
    )
    assert both["challenger_failures"] == []
    shadow = scores(shelf, "challenger")
    assert {(row["model_version"], row["chosen_by"], row["decides"], row["threshold"]) for row in shadow} == {
        (2, "challenger", False, 0.6)
    }
    champion = [row for row in scores(shelf, "champion") if row["partition"] == day(1)]
    assert {(row["model_version"], row["decides"], row["threshold"]) for row in champion} == {(1, True, 0.5)}
    assert [row["score"] for row in champion] != [row["score"] for row in shadow]
    # The day from before has no challenger, and a rerun does not give it one.
    version = commit_count(shelf)
    assert (score(0, 1)["status"], commit_count(shelf)) == ("unchanged", version)
    assert [row for row in scores(shelf, "champion") if row["partition"] == day(0)] == before
    assert stale_scores(monkeypatch) == []


def test_a_canary_decides_for_the_same_share_every_night_and_one_row_an_entity_decides(
    shelf: Shelf, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout(shelf, monkeypatch, shadow=True, canary_share=0.3)
    shelf.aliases[registry.CHALLENGER] = 2
    score(0, 1)
    decided = list(query.ask(str(lakehouse_root), DECIDED).rows)
    assert [(key, on) for key, on, *_ in decided] == [(key, day(n)) for key in range(ROWS) for n in (0, 1)]
    canary = [{key for key, on, version, _ in decided if on == day(n) and version == 2} for n in (0, 1)]
    assert canary[0] == canary[1] and 5 < len(canary[0]) < 20
    # A smaller share from now on: nights that were, stay as they were; those to come have fewer of the same.
    rollout(shelf, monkeypatch, shadow=True, canary_share=0.1)
    shelf.aliases[registry.CHALLENGER] = 2
    version = commit_count(shelf)
    assert (score(0, 1)["status"], commit_count(shelf)) == ("unchanged", version)
    score(2)
    fewer = {key for key, on, number, _ in query.ask(str(lakehouse_root), DECIDED).rows if on == day(2) and number == 2}
    assert fewer < canary[0]
    # Scored by number, it is that version's decision that counts for all.
    score(0, model_version=3)
    decided = list(query.ask(str(lakehouse_root), DECIDED).rows)
    assert {version for _, on, version, _ in decided if on == day(0)} == {3} and len(decided) == 3 * ROWS


def test_a_challenger_whose_files_are_gone_is_reported_and_made_up_for_when_they_are_back(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout(shelf, monkeypatch, shadow=True, canary_share=0.3)
    shelf.aliases[registry.CHALLENGER] = 2
    shelf.broken.add(2)
    result = score(0)
    assert (result["rows"], result["challenger_rows"]) == (ROWS, 0)
    assert "ModelMissing: model appointments version 2" in result["challenger_failures"][0]
    assert {row["decides"] for row in scores(shelf, "champion")} == {True}
    version = commit_count(shelf)
    again = score(0)
    assert (again["challenger_failures"], commit_count(shelf)) == (result["challenger_failures"], version)
    shelf.broken.clear()
    mended = score(0)
    assert (mended["challenger_rows"], mended["challenger_failures"]) == (ROWS, [])
    assert sum(row["decides"] for role in ("champion", "challenger") for row in scores(shelf, role)) == ROWS


def test_a_challenger_that_fails_while_it_scores_leaves_the_champion_alone_to_decide(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout(shelf, monkeypatch, shadow=True, canary_share=0.3)
    shelf.aliases[registry.CHALLENGER] = 2
    (shelf.folder / "2" / artifacts.MODEL).write_bytes(b"no model at all")
    result = score(0, 1)
    assert (result["rows"], result["challenger_rows"], len(result["challenger_failures"])) == (2 * ROWS, 0, 1)
    assert {row["decides"] for row in scores(shelf, "champion")} == {True}


def test_a_promotion_in_the_middle_of_a_run_does_not_split_it(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    really = commits.replace_table

    def promote_first(*given: Any, **more: Any) -> None:
        if shelf.aliases[registry.CHAMPION] == 1:
            shelf.promote(2)
        really(*given, **more)

    monkeypatch.setattr(commits, "replace_table", promote_first)
    result = score(0, 1)
    assert shelf.aliases[registry.CHAMPION] == 2 and result["model_versions"] == [1]
    assert {(row["partition"], row["model_version"]) for row in scores(shelf, "champion")} == {(day(0), 1), (day(1), 1)}
    # The same run, tried again after the promotion, and the next night.
    assert score(0, 1)["model_versions"] == [1]
    assert score(0, 2)["model_versions"] == [1, 2]


def test_scores_from_before_it_was_recorded_get_the_column_and_count_as_the_champions(
    shelf: Shelf, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tables.scores(shelf.use_case)
    score(0)
    whole = DeltaTable(delta_log.location(table)).to_pyarrow_table().drop_columns(["decides"])
    old = pa.schema([field for field in table_schema.arrow_schema(table) if field.name != "decides"])
    for file in lakehouse_root.glob("gold/appointments_scores/**/*"):
        if file.is_file():
            file.unlink()
    write_deltalake(delta_log.location(table), whole.cast(old), partition_by=list(table.partition_by), mode="overwrite")
    rollout(shelf, monkeypatch, shadow=True, canary_share=0.3)
    shelf.aliases[registry.CHALLENGER] = 2
    score(1)
    decided = list(query.ask(str(lakehouse_root), DECIDED).rows)
    assert len(decided) == 2 * ROWS
    assert {version for _, on, version, _ in decided if on == day(0)} == {1}
    assert {row["decides"] for row in scores(shelf, "champion") if row["partition"] == day(0)} == {None}
    assert {version for _, on, version, _ in decided if on == day(1)} == {1, 2}


def test_metrics_are_stale_when_the_labels_that_they_were_measured_from_have_changed(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    score(0)
    monkeypatch.setattr(expected_inputs, "for_outcomes", lambda *_: {})

    def label(digest: str) -> None:
        row = {"appointment": 1, "partition": day(0), "value": 1.0, "label": 1.0, "inputs_fingerprint": digest}
        commits.replace_rows(tables.outcomes(shelf.use_case), [row], "true")

    label("first")
    table = tables.performance(shelf.use_case)
    digests = builds.record(table, expected_inputs.for_performance(shelf.use_case, [day(0)], PERFORMANCE))
    numbers = {"role": "champion", "model_version": 1, "slice": "all", "slice_value": "all", "rows": 1}
    metric = {"labelled_rows": 1, "metric": "brier", "value": 0.5, "inputs_fingerprint": digests[day(0)]}
    commits.replace_rows(table, [{"partition": day(0), **numbers, **metric}], "true")
    assert stale_scores(monkeypatch) == []
    label("second")
    assert stale_scores(monkeypatch) == [(day(0), ["outcomes changed from first to second"])]


def test_changed_features_make_both_stale_and_both_are_scored_again_in_one_commit(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout(shelf, monkeypatch, shadow=True, canary_share=0.3)
    shelf.aliases[registry.CHALLENGER] = 2
    score(0)
    before, version = scores(shelf, "challenger"), commit_count(shelf)
    found = small_tables.read(tables.features(shelf.use_case))
    changed = [row | {"inputs_fingerprint": "corrected", "lead_days": 1 - row["lead_days"]} for row in found]
    commits.replace_rows(tables.features(shelf.use_case), changed, "true")
    assert stale_scores(monkeypatch) == [(day(0), ["features changed from f0 to corrected"])]
    score(0)
    assert commit_count(shelf) == version + 1
    after = scores(shelf, "challenger")
    assert [row["decides"] for row in after] == [row["decides"] for row in before] and after != before


def test_a_retired_version_scores_nothing_by_number(shelf: Shelf) -> None:
    registry.tag(shelf.versions[2], registry.TAG_RETIRED, NOON.isoformat())
    with pytest.raises(ModelRefused, match="version 2: expected a version in service, it was retired at 2024-05-01"):
        score(0, model_version=2)
    assert not delta_log.exists(tables.scores(shelf.use_case))


def test_after_a_promotion_the_former_champion_scores_beside_the_new_one(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout(shelf, monkeypatch, former_nights=1)
    shelf.promote(2)
    score(0, 1)
    assert {(row["partition"], row["model_version"], row["chosen_by"]) for row in scores(shelf, "challenger")} == {
        (day(0), 1, "former champion")
    }
    assert {(row["partition"], row["model_version"]) for row in scores(shelf, "champion")} == {(day(0), 2), (day(1), 2)}
