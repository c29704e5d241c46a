"""Many rows are scored and explained by Spark's workers: the tables are those of few rows, in one commit, whatever fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from jobs.score import job, written_days
from jobs.score.arguments import ScoreArguments
from lakehouse import tables
from lakehouse.evaluation import shap_values
from lakehouse.models import artifacts, registry
from lakehouse.storage import commits, day_parts, delta_log, partition_files, row_limits
from tests.jobs.shelf import ROWS, Shelf, day, live, open_clinic

ALWAYS_NEW = ("scored_at",)


@pytest.fixture
def shelf(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Three days of features, two versions, the second in shadow with a share; reasons for the three highest scores."""
    wanted = {"rollout": {"shadow": True, "canary_share": 0.3}, "reasons": {"top": 3, "each": 2}}
    made = open_clinic(tmp_path / "own", monkeypatch, tmp_path / "files", **wanted)
    live(made.use_case, 0, 1, 2)
    for _ in range(2):
        made.add()
    made.promote(1)
    made.aliases[registry.CHALLENGER] = 2
    return made


def many(patch: pytest.MonkeyPatch) -> None:
    """From now on any row is one too many for the job's process, and a file is read and written in several parts."""
    patch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
    patch.setattr(day_parts, "ROWS_A_PART", 15)


def score(first: int, last: int, **more: Any) -> dict[str, Any]:
    return job.run(ScoreArguments(use_case="appointments", partition=day(first), through=day(last), **more)).as_json()


def contents(shelf: Shelf) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for table in (tables.scores(shelf.use_case), tables.reasons(shelf.use_case)):
        rows = DeltaTable(delta_log.location(table)).to_pyarrow_table().to_pylist()
        kept = [{name: value for name, value in row.items() if name not in ALWAYS_NEW} for row in rows]
        found[table.name] = sorted(kept, key=lambda row: repr([row[name] for name in table.key]))
    return found


@pytest.mark.parametrize("explained_by_xgboost", [1000, 1])
def test_both_sides_of_the_limit_write_the_same_tables(
    spark: SparkSession, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, explained_by_xgboost: int
) -> None:
    monkeypatch.setattr(shap_values, "BY_XGBOOST", explained_by_xgboost)
    # Features as workers write them: in several row groups.
    monkeypatch.setattr(partition_files, "ROWS_A_GROUP", 6)
    few = score(0, 2)
    expected = contents(shelf)
    assert len(expected["appointments_scores"]) == 6 * ROWS and len(expected["appointments_reasons"]) == 3 * 3 * 3
    many(monkeypatch)
    by_workers = score(0, 2, force=True)
    assert contents(shelf) == expected
    told = ("days", "rows", "challenger_rows", "challenger_failures", "reasons", "features_version")
    assert [by_workers[name] for name in told] == [few[name] for name in told]
    # One commit for the scores of all days and both roles, one for their reasons; no key is left lying beside the log.
    for made in (tables.scores, tables.reasons):
        table = made(shelf.use_case)
        assert delta_log.version(table) == 2
        assert list(Path(delta_log.location(table)).glob("*.parquet")) == []


def test_columns_read_by_others_are_texts_and_not_dictionaries(
    spark: SparkSession, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(monkeypatch)
    score(0, 0)
    schema = DeltaTable(delta_log.location(tables.scores(shelf.use_case))).to_pyarrow_dataset().schema
    assert {str(schema.field(name).type) for name in ("role", "run_id", "chosen_by", "code_version")} == {"string"}


def test_a_challenger_that_fails_in_a_worker_leaves_the_champion_alone_to_decide(
    spark: SparkSession, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(monkeypatch)
    (shelf.folder / "2" / artifacts.MODEL).write_bytes(b"no model at all")
    result = score(0, 1)
    assert (result["rows"], result["challenger_rows"], len(result["challenger_failures"])) == (2 * ROWS, 0, 1)
    assert {row["decides"] for row in contents(shelf)["appointments_scores"]} == {True}


def test_a_run_that_dies_before_its_commit_leaves_files_and_no_row(
    spark: SparkSession, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    score(0, 0)
    before = contents(shelf)
    many(monkeypatch)
    with monkeypatch.context() as patch:

        def dies(*_: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(commits, "replace_by_files", dies)
        with pytest.raises(KeyboardInterrupt):
            score(0, 1, force=True)
    assert contents(shelf) == before
    assert score(0, 1)["days"] == 1
    assert len(contents(shelf)["appointments_scores"]) == 4 * ROWS


def test_rows_of_a_day_that_is_scored_by_workers_replace_those_of_the_process_and_the_other_way_round(
    spark: SparkSession, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    score(0, 1)
    expected = contents(shelf)
    with monkeypatch.context() as patch:
        many(patch)
        score(1, 1, force=True)
    score(0, 0, force=True)
    assert contents(shelf) == expected


def test_a_process_scores_few_rows_without_spark(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written_days.many_rows, "score", None)
    monkeypatch.setattr("lakehouse.storage.spark_session.session", None)
    assert score(0, 2)["rows"] == 3 * ROWS
