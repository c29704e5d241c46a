"""Rules and fallbacks decide beside the model: each row says what did, and what the model said is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
from pyspark.sql import SparkSession

from jobs.deliver import rows as rows_to_deliver
from jobs.monitor import counts, drift_counts, performance, performance_update
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.restate import job as restate
from jobs.restate.arguments import RestateArguments
from jobs.score import job
from jobs.score.arguments import ScoreArguments
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from lakehouse import tables
from lakehouse.analyst import explanation, text_report
from lakehouse.errors import FeaturesMissing, ModelMissing, ServiceUnavailable
from lakehouse.evaluation import metrics
from lakehouse.evaluation.drift_profile import SCORE, Profile
from lakehouse.models import artifacts, registry, version_selection
from lakehouse.staleness import report
from lakehouse.storage import commits, day_parts, delta_log, row_limits, small_tables, worker_tasks
from tests.jobs.shelf import ROWS, Shelf, day, live, open_clinic

RULES = [
    {"name": "not_asked", "when": "age < 0.1", "use_fallback": True},
    {"name": "closed", "when": "clinic = 'a' and appointment < 4", "block": True},
    {"name": "desk", "when": "clinic = 'b' and appointment < 8", "send_to": "desk"},
    {"name": "old_hand", "when": "missed_before < 0.2 and score > 0.3", "decide": False},
    {"name": "too_sure", "when": "true", "cap": 0.8, "floor": 0.2},
]
FALLBACK = [
    {"last_score": {"days": 2}},
    {"rule": {"name": "of_clinic_a", "when": "clinic = 'a'", "score": 0.7}},
    {"base_rate": True},
]
CANARY = {"shadow": True, "canary_share": 0.3}
Rows = dict[int, dict[str, Any]]


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Features of these tests were built by no transform, and are not asked."""
    monkeypatch.setattr(report, "_features", lambda *_: {})
    return monkeypatch


def opened(root: Path, patch: pytest.MonkeyPatch, *numbers: int, **sections: Any) -> Shelf:
    declared = {"rules": RULES, "fallback": FALLBACK, **sections}
    shelf = open_clinic(root / "own", patch, root / "files", **declared)
    live(shelf.use_case, *numbers)
    for _ in range(2):
        shelf.add()
    shelf.promote(1)
    return shelf


def score(first: int, last: int | None = None, **more: Any) -> dict[str, Any]:
    through = None if last is None else day(last)
    return job.run(ScoreArguments(use_case="appointments", partition=day(first), through=through, **more)).as_json()


def rows_of(shelf: Shelf, number: int, role: str = "champion") -> Rows:
    found = small_tables.read(tables.scores(shelf.use_case))
    return {row["appointment"]: row for row in found if row["partition"] == day(number) and row["role"] == role}


def features_of(shelf: Shelf, number: int) -> Rows:
    found = small_tables.read(tables.features(shelf.use_case))
    return {row["appointment"]: row for row in found if row["partition"] == day(number)}


def stale_scores() -> dict[dt.date, list[str]]:
    found = stale.run(StaleArguments(use_case="appointments")).as_json()["partitions"]
    return {line["partition"]: line["reasons"] for line in found if line["table"] == "gold.appointments_scores"}


def by_hand(features: dict[str, Any], model: float) -> tuple[str, str | None, float]:
    """What decides a row that the model scores, by which name, and the score."""
    key, clinic = features["appointment"], "ab"[features["appointment"] % 2]
    if clinic == "a" and key < 4:
        return "rule", "closed", model
    if clinic == "b" and key < 8:
        return "rule", "desk", model
    if features["missed_before"] < 0.2 and model > 0.3:
        return "rule", "old_hand", model
    if not 0.2 <= model <= 0.8:
        return "rule", "too_sure", min(max(model, 0.2), 0.8)
    return "model", None, model


def test_the_first_rule_that_holds_decides_and_what_the_model_said_is_kept(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, fallback=[], rules=RULES[1:])
    result = score(0)
    rows, features = rows_of(shelf, 0), features_of(shelf, 0)
    assert len(rows) == ROWS
    counted: dict[str, dict[str, int]] = {}
    for key, row in rows.items():
        expected = by_hand(features[key], row["model_score"])
        assert (row["decided_by"], row["decided_by_name"], row["score"]) == expected
        name = expected[1]
        kind, own = expected[0], counted.setdefault(expected[0], {})
        own[name or kind] = own.get(name or kind, 0) + 1
        assert row["model_decision"] == (row["model_score"] >= 0.5)
        assert row["decision"] == (False if name == "old_hand" else row["score"] >= 0.5)
        assert row["withheld"] == (name in ("closed", "desk")) and row["decides"] != row["withheld"]
        assert row["sent_to"] == ("desk" if name == "desk" else None)
        assert (row["score_from"], row["score_day"]) == ("model", None) and len(row["rules_version"]) == 16
    assert set(counted["rule"]) == {"closed", "desk", "old_hand", "too_sure"} and counted["model"]["model"] > 3
    assert result["decided_by"] == counted
    assert "fallback_days" not in result and "fallbacks" not in result
    # The same rules decide nothing new, and others make the day stale.
    version = delta_log.version(tables.scores(shelf.use_case))
    assert (score(0)["status"], delta_log.version(tables.scores(shelf.use_case))) == ("unchanged", version)
    open_clinic(tmp_path / "own", patch, shelf.folder, rules=RULES[2:])
    shelf.install(patch)
    assert list(stale_scores()) == [day(0)] and "the rules changed" in stale_scores()[day(0)][0]
    before = next(iter(rows.values()))["rules_version"]
    score(0)
    assert {row["rules_version"] for row in rows_of(shelf, 0).values()} != {before}


def test_rows_whose_features_are_unknown_or_absent_get_the_first_fallback_that_has_a_score(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1, 2, rules=[RULES[0], RULES[-1]])
    score(0)
    label(shelf, 0, {key: float(key < 10) for key in range(ROWS)})
    features, names = features_of(shelf, 1), shelf.use_case.feature_names
    unknown, absent = {5, 6}, {7, 8, 39}
    changed = [
        row | (dict.fromkeys(names) if key in unknown else {}) for key, row in features.items() if key not in absent
    ]
    commits.replace_rows(tables.features(shelf.use_case), changed, f"partition = '{day(1)}'")
    result = score(1)
    before, rows = rows_of(shelf, 0), rows_of(shelf, 1)
    assert len(rows) == ROWS and all(row["decides"] for row in rows.values())
    young = {key for key in features if features[key]["age"] < 0.1 and key not in unknown | absent}
    for key, row in rows.items():
        replaced = key in unknown | absent | young
        assert (row["model_score"] is None) == (key in unknown | absent)
        if not replaced:
            assert (row["score_from"], row["decided_by"]) == ("model", by_hand_limit(row["model_score"]))
        elif before[key]["score_from"] == "model":
            assert (row["score_from"], row["score_day"]) == ("last_score", day(0))
            assert row["score"] == min(max(before[key]["model_score"], 0.2), 0.8)
        else:
            # Of day 0 the model's score was not used, and so it is nobody's last score.
            assert row["score_from"] == ("of_clinic_a" if key % 2 == 0 else "base_rate")
            assert row["score"] == pytest.approx(0.7 if key % 2 == 0 else 0.25)
    assert young and unknown | absent < set(rows)
    assert result["decided_by"]["fallback"]["last_score"] >= 2
    assert "fallback_days" not in result and rows[5]["chosen_by"] == "champion"


def test_a_day_whose_features_have_more_entities_than_the_population_has_no_absent_ones(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, rules=[])
    one = features_of(shelf, 0)[3] | {"appointment": 99}
    more = [*features_of(shelf, 0).values(), one]
    commits.replace_rows(tables.features(shelf.use_case), more, f"partition = '{day(0)}'")
    assert score(0)["decided_by"] == {"model": {"model": ROWS + 1}}


def by_hand_limit(model: float) -> str:
    return "model" if 0.2 <= model <= 0.8 else "rule"


def label(shelf: Shelf, number: int, values: dict[int, float]) -> None:
    lines = [
        {"appointment": key, "partition": day(number), "value": value, "label": value, "inputs_fingerprint": "l"}
        for key, value in values.items()
    ]
    commits.replace_rows(tables.outcomes(shelf.use_case), lines, f"partition = '{day(number)}'")


def test_a_night_without_the_model_is_scored_by_the_fallbacks_and_replaced_when_it_is_back(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1, 2, rules=RULES[2:3])
    score(0)
    shelf.broken.add(1)
    result = score(1)
    assert (result["status"], result["rows"], result["model_versions"]) == ("scored", ROWS, [])
    assert result["fallback_days"] == {str(day(1)): "the champion or a file of it is gone"}
    assert "ModelMissing: model appointments version 1" in result["fallback_failures"][0]
    assert result["decided_by"] == {"fallback": {"last_score": ROWS - 4}, "rule": {"desk": 4}}
    # What those who are told read: tests/include/orchestration/test_alerts.py.
    assert result["fallbacks"] == {str(day(1)): {"last_score": ROWS - 4}}
    rows, before = rows_of(shelf, 1), rows_of(shelf, 0)
    assert {row["chosen_by"] for row in rows.values()} == {version_selection.FALLBACK}
    assert {(row["model_version"], row["run_id"], row["threshold"]) for row in rows.values()} == {(1, "run1", 0.5)}
    assert {(row["model_score"], row["model_decision"]) for row in rows.values()} == {(None, None)}
    assert {key: row["score"] for key, row in rows.items()} == {key: row["score"] for key, row in before.items()}
    # A second night: a fallback's score is no last score, the model's of the day before that one still is.
    score(2)
    assert {row["score_day"] for row in rows_of(shelf, 2).values()} == {day(0)}
    version = delta_log.version(tables.scores(shelf.use_case))
    again = score(1, 2)
    assert (again["status"], again["fallback_days"].keys()) == ("unchanged", {str(day(1)), str(day(2))})
    assert delta_log.version(tables.scores(shelf.use_case)) == version
    why = "a fallback scored it, since the champion or a file of it is gone"
    assert {on: why in reasons for on, reasons in stale_scores().items()} == {day(1): True, day(2): True}
    shelf.broken.clear()
    mended = score(0, 2)
    assert (mended["days"], mended["model_versions"]) == (2, [1])
    assert stale_scores() == {}
    assert {row["chosen_by"] for row in rows_of(shelf, 1).values()} == {"champion"}
    assert all(row["model_score"] is not None for row in rows_of(shelf, 2).values())


def test_a_day_that_a_model_scored_keeps_its_scores_and_the_failure_is_told(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1)
    score(0)
    shelf.broken.add(1)
    with pytest.raises(ModelMissing):
        score(0, 1, force=True)
    assert {row["chosen_by"] for row in rows_of(shelf, 0).values()} == {"champion"}
    assert {row["chosen_by"] for row in rows_of(shelf, 1).values()} == {"fallback"}
    # Whoever asks for a version wants that one's scores.
    with pytest.raises(ModelMissing):
        score(1, model_version=1)


def test_a_night_after_a_promotion_replaces_a_fallback_by_the_present_champion(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1, fallback=[FALLBACK[0], {"rule": {"name": "half", "score": 0.5}}])
    shelf.broken.add(1)
    assert score(0)["decided_by"]["fallback"] == {"half": ROWS - len(ruled(shelf))}
    shelf.promote(2)
    result = score(0)
    assert (result["model_versions"], "fallback_days" in result) == ([2], False)
    assert {row["chosen_by"] for row in rows_of(shelf, 0).values()} == {"champion"}


def ruled(shelf: Shelf) -> list[dict[str, Any]]:
    return [row for row in rows_of(shelf, 0).values() if row["decided_by"] == "rule"]


def test_without_features_or_mlflow_the_population_is_scored(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1, rules=RULES[1:3])
    score(0)
    kept = features_of(shelf, 1)
    commits.replace_rows(tables.features(shelf.use_case), [], f"partition = '{day(1)}'")
    result = score(1)
    assert result["fallback_days"] == {str(day(1)): "its features are not built"}
    rows = rows_of(shelf, 1)
    assert len(rows) == ROWS and {row["score_from"] for row in rows.values()} == {"last_score"}
    assert {row["prediction_time"] for row in rows.values()} == {next(iter(kept.values()))["prediction_time"]}
    assert rows[0]["decided_by_name"] == "closed" and rows[1]["sent_to"] == "desk"
    assert "its features are not built" in stale_scores()[day(1)][0]
    commits.replace_rows(tables.features(shelf.use_case), list(kept.values()), f"partition = '{day(1)}'")
    assert (score(1)["model_versions"], stale_scores()) == ([1], {})
    with pytest.raises(FeaturesMissing, match="or the rows of bookings for the declared fallbacks"):
        score(7)

    def away(*_: Any) -> Any:
        raise ServiceUnavailable("MLflow: expected an answer, found none")

    for name in ("by_alias", "version"):
        patch.setattr(registry, name, away)
    live(shelf.use_case, 2)
    # A task that will be tried again waits for the registry.
    with pytest.raises(ServiceUnavailable):
        score(2, retry_service=True)
    assert score(2)["fallback_days"] == {str(day(2)): "MLflow did not answer"}
    assert "still no model can: MLflow: expected an answer" in stale_scores()[day(2)][0]
    assert {row["threshold"] for row in rows_of(shelf, 2).values()} == {0.5}


def in_a_worker(
    application: str, count: int, work: Callable[[int], Iterable[Any]], tasks: int | None = None
) -> Iterator[Any]:
    """What Spark does with work: pickles it, and has it done elsewhere."""
    sent = cloudpickle.loads(cloudpickle.dumps(work))
    for number in reversed(range(count)):
        yield from sent(number)


@pytest.mark.parametrize("case", ["by model", "some absent", "model gone", "no features"])
def test_workers_write_what_the_process_does(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch, case: str
) -> None:
    on_both_sides(opened(tmp_path, patch, 0, 1, rollout=CANARY), patch, case)


def test_sparks_workers_do_too(
    spark: SparkSession, lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    on_both_sides(opened(tmp_path, patch, 0, 1, rollout=CANARY), patch, "some absent", really=True)


def test_a_restatement_replaces_a_night_of_fallbacks_and_its_verdict(
    spark: SparkSession, lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1, 2, rules=RULES[1:2], deliver=[{"name": "out", "files": {"folder": "o"}}])
    patch.setattr(report, "_features", lambda *_: {})
    score(0)
    kept = artifacts.model_bytes
    # The file of the model is gone, and what monitoring reads is not.
    patch.setattr(artifacts, "model_bytes", lambda model: shelf.file(replace(model, version=-1), artifacts.MODEL))
    shelf.broken.add(-1)
    score(1, 2)
    watched = MonitorArguments(use_case="appointments", partition=day(1), through=day(2))
    assert monitor.run(watched).as_json()["status"] == "monitored"
    asked = RestateArguments(use_case="appointments", no_deliver=True)
    planned = restate.run(RestateArguments(use_case="appointments", dry_run=True)).as_json()
    assert planned["score"] == [day(1), day(2)] and set(planned["monitor"]) >= {day(1), day(2)}
    patch.setattr(artifacts, "model_bytes", kept)
    assert restate.run(asked).as_json()["status"] == "restated"
    assert restate.run(asked).as_json()["status"] == "fresh"
    assert {row["chosen_by"] for row in rows_of(shelf, 2).values()} == {"champion"}
    measured = small_tables.read(tables.performance(shelf.use_case))
    whole = {(line["partition"], line["metric"]) for line in measured if line["slice"] == "all"}
    assert {(day(1), "log_loss"), (day(1), "final_log_loss")} <= whole


def on_both_sides(shelf: Shelf, patch: pytest.MonkeyPatch, case: str, really: bool = False) -> None:
    """Score day 1 in the process, then by workers; ``really``: by Spark's."""
    shelf.aliases[registry.CHALLENGER] = 2
    score(0)
    label(shelf, 0, {key: float(key < 10) for key in range(ROWS)})
    features = features_of(shelf, 1)
    if case == "model gone":
        shelf.broken.add(1)
    if case in ("some absent", "no features"):
        left = [row for key, row in features.items() if key % 4 and case == "some absent"]
        commits.replace_rows(tables.features(shelf.use_case), left, f"partition = '{day(1)}'")
    few = score(1)
    expected = {role: rows_of(shelf, 1, role) for role in ("champion", "challenger")}
    patch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
    patch.setattr(day_parts, "ROWS_A_PART", 15)
    if not really:
        patch.setattr(worker_tasks, "run", in_a_worker)
    many = score(1, force=True)
    for role, rows in expected.items():
        found = rows_of(shelf, 1, role)
        assert without_time(found) == without_time(rows)
    assert {name: few.get(name) for name in ("decided_by", "rows", "fallback_days")} == {
        name: many.get(name) for name in ("decided_by", "rows", "fallback_days")
    }
    both = [row for rows in expected.values() for row in rows.values()]
    # One row an entity decides, but for those that a rule withholds.
    deciding = sorted(row["appointment"] for row in both if row["decides"])
    assert len(deciding) == len(set(deciding))
    counted = {row["appointment"] for row in both if row["decides"] or row["withheld"]}
    assert counted == set(range(ROWS))


def without_time(rows: Rows) -> Rows:
    return {key: {k: v for k, v in row.items() if k not in ("scored_at", "decides_at")} for key, row in rows.items()}


def explained(shelf: Shelf, number: int, key: int) -> str:
    told = explanation.explain(shelf.use_case, {"appointment": key}, day(number))
    return " ".join(text_report.report(shelf.use_case, told).split())


def test_an_explanation_says_what_decided_on_which_values(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1)
    score(0)
    rows, features = rows_of(shelf, 0), features_of(shelf, 0)
    sure = next(key for key, row in rows.items() if row["decided_by_name"] == "too_sure" and row["score"] == 0.8)
    said = explained(shelf, 0, sure)
    assert "Rule too_sure decided: it caps the score at 0.8 or raises the score to 0.2." in said
    assert f"The model alone scored {rows[sure]['model_score']:.4g}, and would have decided yes." in said
    assert "Score 0.800, at or above the threshold 0.500: decided yes." in said
    desk = explained(shelf, 0, 3)
    where = "where clinic = 'b' and appointment < 8 (appointment = 3, clinic = 'b')."
    assert (
        f"Rule desk decided: it sends the row to desk, {where} The decision counts for nothing: desk decides." in desk
    )
    assert "and nothing is decided" in desk
    hand = next(key for key, row in rows.items() if row["decided_by_name"] == "old_hand")
    missed, model = features[hand]["missed_before"], rows[hand]["model_score"]
    values = f"(missed_before = {missed:.4g}, score = {model:.4g})"
    assert f"where missed_before < 0.2 and score > 0.3 {values}." in explained(shelf, 0, hand)
    shelf.broken.add(1)
    score(1)
    last = next(key for key, row in rows_of(shelf, 1).items() if row["decided_by_name"] == "last_score")
    fallback = explained(shelf, 1, last)
    why = "since the champion or a file of it is gone: the last score of a model, of 2024-01-01, is taken."
    assert f"The model's score is not used, {why}" in fallback and "the reasons: no model scored this row" in fallback
    # Rules that were declared later do not change what is said of a day that was decided by others.
    open_clinic(tmp_path / "own", patch, shelf.folder, rules=[RULES[1] | {"name": "too_sure"}], fallback=FALLBACK)
    shelf.install(patch)
    assert "it caps the score at 0.8" in explained(shelf, 0, sure)


def test_quality_is_of_the_model_alone_and_beside_it_of_what_was_decided(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1)
    score(0)
    came_by_key = {key: float(key % 3 == 0) for key in range(ROWS)}
    shelf.broken.add(1)
    score(1)
    label(shelf, 0, came_by_key)
    label(shelf, 1, came_by_key)
    lines = performance_update.of_days(shelf.use_case, [day(0), day(1)])
    whole = {(line["partition"], line["metric"]): line for line in lines if line["slice"] == "all"}
    rows = list(rows_of(shelf, 0).values())
    came = np.array([came_by_key[row["appointment"]] for row in rows])
    model = np.array([row["model_score"] for row in rows])
    # Of equal scores the order decides in which bin of the calibration error they are.
    order = np.lexsort((came, model))
    alone = metrics.compute("classification", came[order], model[order], model[order] >= 0.5)
    assert {name: whole[day(0), name]["value"] for name in alone} == pytest.approx(alone)
    stands = np.array([not row["withheld"] for row in rows])
    decided = np.array([row["decision"] for row in rows])
    final = metrics.of_decisions(came[stands], decided[stands])
    for name in ("precision", "recall"):
        assert whole[day(0), f"final_{name}"]["value"] == pytest.approx(final[name])
    assert whole[day(0), "final_recall"]["labelled_rows"] == stands.sum()
    assert whole[day(0), "rows_by_rule"]["value"] == sum(row["decided_by"] == "rule" for row in rows)
    # A night that the fallbacks scored says nothing of the model, and enough of what was decided.
    assert (day(1), "log_loss") not in whole and whole[day(1), "final_log_loss"]["value"] > 0
    matured = performance.by_day(lines, "champion", 1, "classification")
    assert list(matured) == [day(0)] and matured[day(0)].labelled_rows == ROWS
    patch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
    patch.setattr(worker_tasks, "run", in_a_worker)
    again = performance_update.of_days(shelf.use_case, [day(0), day(1)])
    assert sorted(map(repr, again)) == sorted(map(repr, lines))


@pytest.mark.parametrize("few", [True, False])
def test_drift_of_scores_is_counted_of_what_the_model_said(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch, few: bool
) -> None:
    shelf = opened(tmp_path, patch, 0, 1)
    score(0)
    shelf.broken.add(1)
    score(1)
    shelf.broken.clear()
    file = shelf.file(shelf.versions[1], artifacts.PROFILE)
    profile = Profile.from_json(file.read_text(encoding="utf-8"))
    if not few:
        patch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
        patch.setattr(worker_tasks, "run", in_a_worker)
    _, counted = drift_counts.of_days(shelf.use_case, 1, profile, [day(0), day(1)])
    said = np.array([row["model_score"] for row in rows_of(shelf, 0).values()])
    assert counted[SCORE][day(0)].tolist() == counts.by_bin(said, profile.prediction).tolist()
    # Nobody's scores of the night that fallbacks scored.
    assert day(1) not in counted[SCORE] or counted[SCORE][day(1)].sum() == 0


def test_what_a_rule_withholds_is_delivered_to_nobody_but_whom_it_is_sent_to(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    targets = [
        {"name": "all", "files": {"folder": "a"}},
        {"name": "champions", "files": {"folder": "b"}, "rows": "champion"},
        {"name": "desk", "files": {"folder": "c"}, "sent_to": "desk", "columns": ["score", "sent_to"]},
    ]
    shelf = opened(tmp_path, patch, 0, deliver=targets, rollout={"shadow": True, "canary_share": 0.4})
    shelf.aliases[registry.CHALLENGER] = 2
    score(0)
    version = delta_log.version(tables.scores(shelf.use_case))
    sent = {}
    for target in shelf.use_case.deliver:
        found = rows_to_deliver.batches(shelf.use_case, target, day(0), version)
        sent[target.name] = [key for batch in found for key in batch.column("appointment").to_pylist()]
    withheld = {0, 2, 1, 3, 5, 7}
    assert sent["all"] == sent["champions"] == sorted(set(range(ROWS)) - withheld)
    assert sent["desk"] == [1, 3, 5, 7]


def test_reasons_are_given_to_what_a_model_scored(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1, reasons={"top": 5, "each": 2}, rules=RULES[1:])
    assert score(0)["reasons"]["days"] == 1
    shelf.broken.add(1)
    assert score(1)["reasons"] == {"days": 0, "rows": 0}
    found = stale.run(StaleArguments(use_case="appointments")).as_json()["partitions"]
    assert [(line["table"], line["partition"]) for line in found] == [("gold.appointments_scores", day(1))]
    shelf.broken.clear()
    assert score(0, 1)["reasons"]["days"] == 1


def test_a_champion_that_the_registry_has_lost_leaves_the_night_stale(
    lakehouse_root: Path, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    shelf = opened(tmp_path, patch, 0, 1)
    score(0)
    kept = shelf.versions.pop(1)
    del shelf.aliases[registry.CHAMPION]
    result = score(1)
    assert result["fallback_days"] == {str(day(1)): "the registry has not the recorded champion"}
    (reasons,) = [why for on, why in stale_scores().items() if on == day(1)]
    assert "a fallback scored it, and still no model can" in reasons[0]
    shelf.versions[1] = kept
    assert score(1)["model_versions"] == [1] and stale_scores() == {}
