"""Several classes while models change: a challenger in shadow, a canary that decides for some, and a rollback with its scores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.gate import job as gate
from jobs.gate.arguments import GateArguments
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.rollback import job as rollback
from jobs.rollback.arguments import RollbackArguments
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from jobs.train import job as train
from jobs.train.arguments import TrainArguments
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import champion_record, registry
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event
from lakehouse.storage import partition_rows
from tests.examples import chain
from tests.jobs import cards
from tests.jobs.cards import CLASSES, day
from tests.jobs.trained import without_pictures

NAME = "cards_rollout"
ROWS = 40
FIRST, SECOND, LAST = 40, 44, 47
PROBABILITIES = ("probability_basic", "probability_gold_card", "probability_platinum")


@dataclass
class Rollout:
    """What the stages said."""

    use_case: UseCase
    judged: dict[str, Any]
    scored: dict[str, Any]
    returned: dict[str, Any]
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]


@pytest.fixture(scope="module")
def rollout(spark: SparkSession, mlflow_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollout]:
    """Version 1 is champion, version 2 its challenger; then 2 is promoted, scores a night, and is taken back."""
    root = tmp_path_factory.mktemp("rollout")
    with chain.place(root, root / "use_cases"), pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        without_pictures(environment)
        rules = {"shadow": True, "canary_share": 0.4, "former_nights": 3}
        # No challenger is so much better: it stays one.
        use_case = cards.declare(root / "use_cases", NAME, rollout=rules, gate={"min_improvement": 5.0}, deliver=[])
        cards.fill(use_case, range(LAST + 1))
        trained(FIRST)
        scored(FIRST, SECOND - 1)
        judged = trained(SECOND)
        with_canary = scored(SECOND, SECOND + 1)
        promote(2, 1)
        scored(LAST - 1, LAST)
        monitor.run(MonitorArguments(use_case=NAME, partition=day(SECOND), through=day(LAST)))
        before = rows_of(use_case, SECOND, LAST)
        back = RollbackArguments(use_case=NAME, reason="it is worse", to_version=1, rescore=True, actor="tests")
        returned = rollback.run(back).as_json()
        yield Rollout(use_case, judged, with_canary, returned, before, rows_of(use_case, SECOND, LAST))


def trained(number: int) -> dict[str, Any]:
    train.run(TrainArguments(use_case=NAME, partition=day(number), actor="tests"))
    return gate.run(GateArguments(use_case=NAME, partition=day(number), actor="tests")).as_json()


def scored(first: int, last: int) -> dict[str, Any]:
    return score.run(ScoreArguments(use_case=NAME, partition=day(first), through=day(last))).as_json()


def promote(version: int, instead_of: int) -> None:
    model = registry.version(NAME, version)
    now = dt.datetime.now(dt.UTC)
    assert champion_record.change(
        Event(NAME, version, model_events.PROMOTED, instead_of, "ann", "wanted", {}, model.run_id, now)
    )


def rows_of(use_case: UseCase, first: int, last: int) -> list[dict[str, Any]]:
    return partition_rows.read(tables.scores(use_case), [day(number) for number in range(first, last + 1)])


def of(rows: list[dict[str, Any]], number: int, role: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["partition"] == day(number) and row["role"] == role]


def test_a_challenger_in_shadow_has_its_own_probability_of_each_class(rollout: Rollout) -> None:
    assert rollout.judged["verdict"] == "held"
    assert (rollout.scored["model_versions"], rollout.scored["challenger_versions"]) == ([1], [2])
    for role, version in ((registry.CHAMPION, 1), (registry.CHALLENGER, 2)):
        rows = of(rollout.before, SECOND, role)
        assert {row["model_version"] for row in rows} == {version} and len(rows) == ROWS
        assert {row["decision"] for row in rows} <= set(CLASSES)
        for row in rows:
            assert sum(row[name] for name in PROBABILITIES) == pytest.approx(1.0, abs=1e-6)
            # The score of a row is the probability of the class that is decided.
            assert row["score"] == row[PROBABILITIES[CLASSES.index(row["decision"])]]


def test_each_customer_of_a_canary_night_has_one_row_that_decides(rollout: Rollout) -> None:
    deciding = [row for row in rollout.before if row["partition"] == day(SECOND) and row["decides"]]
    assert len({row["customer"] for row in deciding}) == len(deciding) == ROWS
    by_challenger = [row for row in deciding if row["role"] == registry.CHALLENGER]
    assert 0 < len(by_challenger) < ROWS / 2


def test_performance_measures_both_roles_by_class(rollout: Rollout) -> None:
    rows = partition_rows.read(tables.performance(rollout.use_case), [day(SECOND)])
    for role in (registry.CHAMPION, registry.CHALLENGER):
        measured = {row["metric"]: row for row in rows if row["role"] == role and row["slice"] == "all"}
        assert measured["log_loss"]["value"] > 0
        # A card that is no class has no label.
        assert measured["log_loss"]["labelled_rows"] < ROWS


def test_the_former_champion_scores_in_shadow_after_the_promotion(rollout: Rollout) -> None:
    assert {row["model_version"] for row in of(rollout.before, LAST, registry.CHAMPION)} == {2}
    former = of(rollout.before, LAST, registry.CHALLENGER)
    assert {row["model_version"] for row in former} == {1} and not any(row["decides"] for row in former)


def test_a_rollback_gives_the_nights_since_the_promotion_the_former_champions_classes(rollout: Rollout) -> None:
    returned = rollout.returned
    assert (returned["status"], returned["from_version"], returned["to_version"]) == ("rolled back", 2, 1)
    assert [str(on) for on in returned["rescored"]] == [str(day(LAST - 1)), str(day(LAST))]
    said = ("customer", "decision", *PROBABILITIES)

    def answers(rows: list[dict[str, Any]], role: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(row[name] for name in said) for row in of(rows, LAST, role))

    # What the former one said in shadow decides now, and what decided stands beside.
    assert answers(rollout.after, registry.CHAMPION) == answers(rollout.before, registry.CHALLENGER)
    assert answers(rollout.after, registry.CHALLENGER) == answers(rollout.before, registry.CHAMPION)
    deciding = [row for row in rollout.after if row["partition"] == day(LAST) and row["decides"]]
    assert {row["model_version"] for row in deciding} == {1} and len(deciding) == ROWS
    # A night that was scored before the promotion is left as it was.
    untouched = [row for row in rollout.before if row["partition"] == day(SECOND)]
    assert [row for row in rollout.after if row["partition"] == day(SECOND)] == untouched
