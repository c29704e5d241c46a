"""Rules decide before the model, and what the model said is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jobs.deliver import rows as rows_to_deliver
from jobs.monitor import counts, drift_counts, performance, performance_update
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from lakehouse import tables
from lakehouse.analyst import explanation, text_report
from lakehouse.evaluation import metrics
from lakehouse.evaluation.drift_profile import SCORE, Profile
from lakehouse.models import artifacts, registry
from lakehouse.storage import delta_log, row_limits, worker_tasks
from tests.jobs.score.ruled import (
    FALLBACK,
    RULES,
    by_hand,
    features_of,
    in_a_worker,
    label,
    opened,
    rows_of,
    score,
    stale_scores,
)
from tests.jobs.shelf import ROWS, Shelf, day, open_clinic


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
