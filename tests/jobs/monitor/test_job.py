import json
import shutil
import subprocess
import sys

import pytest
from deltalake import DeltaTable, write_deltalake

from jobs.monitor import job, performance_update, version
from jobs.monitor.arguments import MonitorArguments
from lakehouse import tables
from lakehouse.declaration import UseCase, metric_names
from lakehouse.errors import InputsMissing
from lakehouse.ops import model_events
from lakehouse.settings import PROJECT_ROOT
from lakehouse.storage import delta_log, partition_rows, row_limits
from tests.jobs.monitor.conftest import DECLARED


def monitor(toy, first: int, last: int | None = None) -> dict:
    through = None if last is None else toy.day(last)
    return job.run(MonitorArguments(use_case="toy_monitored", partition=toy.day(first), through=through)).as_json()


def rows_of(toy, table, *numbers: int) -> list[dict]:
    return partition_rows.read(table(toy.use_case), [toy.day(number) for number in numbers])


def test_a_day_without_scores_names_the_command_that_makes_them(toy):
    with pytest.raises(InputsMissing, match="python -m jobs score --use-case toy_monitored --partition 2024-01-06"):
        monitor(toy, 5)


def test_days_are_judged_repeated_and_corrected_as_their_labels_come(toy):
    for number in range(5):
        toy.live(number)
    result = monitor(toy, 1, 4)
    assert (result["status"], result["violated"], result["retrain"]) == ("monitored", False, False)
    assert [day["partition"] for day in result["days"]] == [toy.day(number) for number in range(1, 5)]
    assert (result["outcomes_partition"], result["labelled_rows"]) == (toy.day(3), 58)

    outcomes = rows_of(toy, tables.outcomes, 3)
    assert len(outcomes) == 60
    assert [row["label"] for row in outcomes if row["id"] in (0, 57, 58, 59)] == [1.0, 0.0, None, None]

    performance = rows_of(toy, tables.performance, 3)
    assert {(row["slice"], row["slice_value"], row["rows"], row["labelled_rows"]) for row in performance} == {
        ("all", "all", 60, 58),
        ("region", "a", 30, 29),
        ("region", "b", 30, 29),
    }
    assert {row["metric"] for row in performance} == {
        "log_loss", "brier", "average_precision", "roc_auc", "calibration_gap", "calibration_error",
        *metric_names.OF_DECISIONS, *metric_names.CONFUSION,
    }  # fmt: skip

    drift = rows_of(toy, tables.drift, 4)
    assert [(row["kind"], row["feature"], row["statistic"]) for row in drift] == [
        ("feature", "calm", "psi"),
        ("feature", "still", "psi"),
        ("feature", "warm", "psi"),
        ("performance", "calibration", "calibration_gap"),
        ("performance", "log_loss", "loss_rise"),
        ("prediction", "score", "psi"),
        ("verdict", "all", "violated"),
    ]
    assert all(row["value"] is not None and not row["violated"] for row in drift)

    # Repeating it, whole or in part, commits nothing.
    before = toy.versions()
    assert monitor(toy, 4)["status"] == "unchanged"
    assert monitor(toy, 1, 4)["status"] == "unchanged"
    assert toy.versions() == before

    # A correction of a day that the window still looks at is caught up with.
    toy.record(2, 0.5, name="correction")
    result = monitor(toy, 4)
    assert result["outcomes_written"] == [toy.day(2)]
    assert sum(row["label"] or 0 for row in rows_of(toy, tables.outcomes, 2)) == 30
    gap = next(row for row in rows_of(toy, tables.performance, 2) if row["metric"] == "calibration_gap")
    assert gap["value"] < -0.1


def test_corrected_labels_are_measured_also_when_the_job_that_wrote_them_was_killed(toy, monkeypatch):
    for number in range(5):
        toy.live(number)
    monitor(toy, 1, 4)
    toy.record(2, 0.5, name="correction")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(performance_update, "measure", killed)
        with pytest.raises(KeyboardInterrupt):
            monitor(toy, 4)
    assert monitor(toy, 4)["outcomes_written"] == []
    gap = next(row for row in rows_of(toy, tables.performance, 2) if row["metric"] == "calibration_gap")
    assert gap["value"] < -0.1


def test_only_days_whose_scores_labels_or_code_have_changed_are_measured_again(toy, monkeypatch):
    for number in range(5):
        toy.live(number)
    monitor(toy, 1, 4)
    measured, really = [], performance_update.of_days

    def watched(use_case, days):
        measured.append(days)
        return really(use_case, days)

    monkeypatch.setattr(performance_update, "of_days", watched)
    assert monitor(toy, 4)["status"] == "unchanged" and measured == []
    toy.record(2, 0.5, name="correction")
    toy.live(5)
    monitor(toy, 5)
    assert measured == [[toy.day(2), toy.day(4)]]
    monkeypatch.setattr(version, "PERFORMANCE", version.PERFORMANCE + 1)
    monitor(toy, 5)
    assert measured[-1] == [toy.day(number) for number in range(1, 5)]


def test_metrics_from_before_it_was_recorded_what_of_get_the_column(toy):
    for number in range(3):
        toy.live(number)
    monitor(toy, 1, 2)
    table = tables.performance(toy.use_case)
    before = rows_of(toy, tables.performance, 0, 1)
    whole = DeltaTable(delta_log.location(table)).to_pyarrow_table().drop_columns(["inputs_fingerprint"])
    shutil.rmtree(delta_log.location(table))
    write_deltalake(delta_log.location(table), whole, partition_by=list(table.partition_by))
    assert delta_log.constant_by_partition(table, "inputs_fingerprint") == {toy.day(0): "", toy.day(1): ""}
    monitor(toy, 1, 2)
    assert rows_of(toy, tables.performance, 0, 1) == before


def test_a_range_gives_the_rows_that_its_days_one_by_one_give(toy, lakehouse_root, monkeypatch):
    for number in range(4):
        toy.live(number, shift=0.6 * number)
    copy = shutil.copytree(lakehouse_root, lakehouse_root.parent / "copy")
    made = (tables.outcomes, tables.performance, tables.drift_counts, tables.drift)
    ranged = monitor(toy, 2, 3)
    together = [rows_of(toy, table, *range(4)) for table in made]
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(copy))
    alone = [monitor(toy, number) for number in (2, 3)]
    assert [rows_of(toy, table, *range(4)) for table in made] == together
    assert [day["violated"] for day in ranged["days"]] == [result["violated"] for result in alone]


def test_a_day_that_comes_late_is_counted_by_the_days_judged_before_it(toy, lakehouse_root, monkeypatch):
    empty = lakehouse_root.parent / "in order"
    for number in (0, 1, 2, 4):
        toy.live(number, shift=0.6 * number)
    assert monitor(toy, 4)["judged_again"] == []
    toy.live(3, shift=0.6 * 3)
    late = monitor(toy, 3)
    assert (late["judged_again"], late["partition"], late["retrain_for"]) == ([toy.day(4)], toy.day(3), toy.day(4))
    monitor(toy, 2)
    made = (tables.outcomes, tables.performance, tables.drift_counts, tables.drift)
    scrambled = [rows_of(toy, table, 1, 2, 3, 4) for table in made]
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(empty))
    for number in range(5):
        toy.live(number, shift=0.6 * number)
    for number in (2, 3, 4):
        monitor(toy, number)
    assert [rows_of(toy, table, 1, 2, 3, 4) for table in made] == scrambled


def test_a_regression_that_matures_after_a_week_drifts_and_asks_for_retraining_once(toy):
    declared = toy.use_case.model_dump() | {"model": {"task": "regression"}}
    declared["gate"] = {"metric": "rmse", "min_improvement": 0}
    declared["label"] |= {"at_least": None, "maturity_days": 7}
    declared["split"] = {
        "train": {"first": 60, "last": 29},
        "validation": {"first": 21, "last": 18},
        "holdout": {"first": 10, "last": 7},
    }
    toy.use_case = UseCase.model_validate(declared)
    for number in range(11):
        toy.live(number, shift=2.0 if number > 6 else 0.0)
    # The first outcomes have not arrived: nothing to judge by, and no harm.
    result = monitor(toy, 7, 10)
    assert (result["outcomes_partition"], result["labelled_rows"]) == (toy.day(3), 58)
    assert next(row["label"] for row in rows_of(toy, tables.outcomes, 3) if row["id"] == 0) == 30.0
    whole = [row for row in rows_of(toy, tables.performance, 3) if row["slice"] == "all"]
    assert {row["metric"] for row in whole} == {"rmse", "mae", "mape", "r2", "calibration_gap", "calibration_error"}

    assert result["violated"] and result["retrain"]
    assert result["drifted_features"] == ["calm", "warm"]
    assert result["reasons"][0].startswith("2 of 3 features drifted (67%, limit 50%)")
    assert any("too low on average over the matured days to 2024-01-04" in reason for reason in result["reasons"])
    audit_log = model_events.of_model(toy.use_case.name)
    (line,) = audit_log
    assert (line.event, line.model_version, line.evidence["partition"]) == (model_events.REQUESTED, 1, "2024-01-11")
    asked = line.evidence["triggers"]
    assert result["retrain_triggers"] == list(asked) and asked["drift"]["violated_days"][-1] == "2024-01-11"
    # While the training waits its turn the next day does not ask for another one, and the same day asks for the same.
    toy.live(11, shift=2.0)
    assert not monitor(toy, 11)["retrain"]
    assert monitor(toy, 10)["retrain_for"] == toy.day(10)
    assert model_events.of_model(toy.use_case.name) == audit_log
    toy.trained_for[2], toy.champion = toy.day(10), 2
    repeated = monitor(toy, 10)
    assert (repeated["status"], repeated["violated"], repeated["retrain"]) == ("unchanged", True, False)
    # The labels of a day have come since the training, and now their number asks, whatever the verdicts are.
    toy.use_case = UseCase.model_validate(
        declared | {"retrain": {"triggers": [], "new_labels": 59, "cooldown_days": 1}}
    )
    few = monitor(toy, 11)
    assert few["retrain_reasons"] == ["58 new labels since the last training, 59 ask for retraining"]
    toy.use_case = UseCase.model_validate(
        declared | {"retrain": {"triggers": [], "new_labels": 58, "cooldown_days": 1}}
    )
    assert monitor(toy, 11)["retrain_triggers"] == ["new labels"]
    assert model_events.of_model(toy.use_case.name)[-1].evidence == {
        "partition": "2024-01-12", "triggers": {"new labels": {"labels": 58, "asks_from": 58}},
    }  # fmt: skip


def test_few_rows_and_many_give_the_same_tables(toy, lakehouse_root, monkeypatch):
    for number in range(6):
        toy.live(number, shift=0.3 * number, version=1 + (number == 5))
    toy.trained_for[2] = toy.day(1)
    copy = shutil.copytree(lakehouse_root, lakehouse_root.parent / "copy")
    made = (tables.outcomes, tables.performance, tables.drift_counts, tables.drift)
    few = monitor(toy, 2, 5)
    here = [rows_of(toy, table, *range(6)) for table in made]
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(copy))
    monkeypatch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
    many = monitor(toy, 2, 5)
    assert [rows_of(toy, table, *range(6)) for table in made] == here
    assert few == many


# The toy's registry has no server, and another process none of its patches.
A_DAY_WITHOUT_SPARK = """
import datetime as dt, json, pathlib, sys
from jobs.monitor import job
from jobs.monitor.arguments import MonitorArguments
from lakehouse.declaration import UseCase, loader
from lakehouse.models import artifacts, registry
from lakehouse.models.registry import ModelVersion

declared, day, folder = json.loads(sys.argv[1]), dt.date.fromisoformat(sys.argv[2]), pathlib.Path(sys.argv[3])
model = ModelVersion("toy_monitored", 1, "r", {registry.TAG_TRAINED_FOR: "2023-12-02"})
loader.by_name = lambda name: UseCase.model_validate(declared)
registry.version = lambda name, number: model
registry.versions = lambda name: [model]
registry.by_alias = lambda name, alias: model
artifacts.local_copy = lambda model, path: folder / path.rsplit("/", 1)[-1]
result = job.run(MonitorArguments(use_case="toy_monitored", partition=day, through=None))
assert (result.status, result.outcomes_written) == ("monitored", [day - dt.timedelta(days=1)]), result
heavy = {"pyspark", "sklearn", "scipy.stats", "mlflow"} & set(sys.modules)
assert not heavy, f"{heavy}"
"""


def test_a_day_of_few_rows_is_monitored_without_spark(toy, tmp_path):
    for number in range(2):
        toy.live(number)
    declared = json.dumps(DECLARED, default=str)
    command = [sys.executable, "-c", A_DAY_WITHOUT_SPARK, declared, str(toy.day(1)), str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert rows_of(toy, tables.drift_counts, 1) and rows_of(toy, tables.drift, 1)
