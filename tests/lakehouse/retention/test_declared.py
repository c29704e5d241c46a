"""What may be declared about retention, and what is said when it is wrong."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.declaration import loader, retention_file
from lakehouse.errors import DeclarationError, RetentionRefused
from lakehouse.retention import plan, subjects
from tests.jobs import appointments

NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)


@pytest.fixture
def root(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def declare(root: Path, **content: Any) -> None:
    (root / "retention.yaml").write_text(yaml.safe_dump(content))


def rules() -> dict[str, str]:
    listed = subjects.all_of(loader.find(), retention_file.load())
    return {one.name: str(one.rule) for one in listed if one.rule is not None}


def test_the_nearest_rule_counts(root: Path) -> None:
    sources = appointments.declaration()["sources"]
    sources[0]["retention"] = {"bronze": 9}
    appointments.declare(root, sources=sources, retention={"scores": 40, "bronze": 7, "landing": 3})
    declare(root, layers={"gold": 100, "silver": 60, "ops": 30}, tables={"gold.appointments_drift": 500})
    found = rules()
    assert found["gold.appointments_scores"] == "40 days (use case appointments)"
    assert found["gold.appointments_features"] == "100 days (layer gold)"
    assert found["gold.appointments_drift"] == "500 days (retention.yaml)"
    assert found["bronze.bookings"] == "9 days (source bookings)"
    assert found["bronze.visits"] == "7 days (use case appointments)"
    assert found["silver.visits_rejects"] == "60 days (layer silver)"
    assert found["landing.visits"] == "3 days (use case appointments)"
    assert found["ops.parity"] == "30 days (layer ops)"
    # The record of what was taken in, decided and erased has no rule.
    assert not found.keys() & {"ops.deliveries", "ops.model_events", "ops.builds", "ops.erasures", "ops.contracts"}


def test_nothing_declared_is_nothing_asked(root: Path) -> None:
    appointments.declare(root)
    assert rules() == {}
    assert plan.make(NOW) == []


def test_what_says_nothing_of_retention_serialises_as_before(root: Path) -> None:
    use_case = appointments.declare(root)
    assert "retention" not in use_case.model_dump()
    assert "retention" not in use_case.sources[0].model_dump()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"layers": {"golden": 3}}, "layers: golden: did you mean gold?"),
        ({"layer": {}}, "layer: did you mean layers?"),
        ({"layers": {"gold": 0}}, "layers.gold: Input should be greater than or equal to 1"),
        ({"layers": {"gold": True}}, "layers.gold: found true"),
        ({"tables": {"gold.appointment_scores": 3}}, "did you mean gold.appointments_scores?"),
        ({"tables": {"ops.deliveries": 3}}, "tables.ops.deliveries"),
        (
            {
                "holds": [
                    {"what": "booking", "from": dt.date(2024, 1, 1), "through": dt.date(2024, 1, 2), "reason": "r"}
                ]
            },
            "holds: what: booking: did you mean bookings?",
        ),
        (
            {"holds": [{"what": "gold", "from": dt.date(2024, 1, 3), "through": dt.date(2024, 1, 2), "reason": "r"}]},
            "must not lie after through",
        ),
        ({"holds": [{"what": "gold", "from": dt.date(2024, 1, 3), "reason": "r"}]}, "through: is missing"),
    ],
)
def test_a_mistake_is_told_with_what_was_meant(root: Path, content: dict[str, Any], told: str) -> None:
    appointments.declare(root)
    declare(root, **content)
    with pytest.raises(DeclarationError) as error:
        plan.make(NOW)
    assert told in str(error.value)


def test_a_mistake_in_a_use_case_is_told_likewise(root: Path) -> None:
    with pytest.raises(DeclarationError, match=r"retention: score: did you mean scores\?"):
        appointments.declare(root, retention={"score": 3})


def test_two_files_are_one_too_many(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("USE_CASE_ROOTS", f"{root}:{tmp_path / 'other'}")
    declare(root)
    declare(tmp_path / "other", layers={"gold": 3})
    with pytest.raises(DeclarationError, match="expected one"):
        retention_file.load()


def test_while_a_declaration_is_wrong_nothing_is_planned(root: Path) -> None:
    appointments.declare(root, retention={"scores": 3})
    (root / "broken").mkdir()
    (root / "broken" / "use_case.yaml").write_text("name: broken\n")
    with pytest.raises(RetentionRefused, match="what that one needs is not known"):
        plan.make(NOW)
