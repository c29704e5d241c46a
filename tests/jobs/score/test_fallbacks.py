"""Fallbacks score what the model does not: rows without features, and nights without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse import tables
from lakehouse.errors import FeaturesMissing, ModelMissing, ServiceUnavailable
from lakehouse.models import registry
from lakehouse.storage import commits
from tests.jobs.score.ruled import RULES, by_hand_limit, features_of, label, opened, rows_of, score, stale_scores
from tests.jobs.shelf import ROWS, day, live


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
    # A person who asks for a version wants its scores, not a fallback's.
    with pytest.raises(ModelMissing):
        score(1, model_version=1)


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
