"""A version is the one that was recorded, or it is refused: a number alone is no identity."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from lakehouse.declaration import UseCase, loader
from lakehouse.errors import ModelMissing, RegistryChanged
from lakehouse.models import champion_record, recorded_version, registry, shadow, version_selection
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
NAME = "bakery_sales"


def line(
    event: str, version: int = 1, run: str = "x", before: int | None = None, hour: int = 0, **evidence: Any
) -> Event:
    return Event(NAME, version, event, before, "tests", "better", evidence, run, NOON + dt.timedelta(hours=hour))


def registered(version: int = 1, run: str = "x", sha256: str | None = None) -> ModelVersion:
    return ModelVersion(NAME, version, run, {} if sha256 is None else {registry.TAG_SHA256: sha256})


REGISTERED, PROMOTED, HELD = model_events.REGISTERED, model_events.PROMOTED, model_events.HELD
LINEAGE = {"lineage": {registry.TAG_SHA256: "aa"}}


@pytest.mark.parametrize(
    ("events", "model"),
    [
        ([], registered(run="anything")),
        ([line(model_events.REQUESTED, run="y")], registered()),
        ([line(REGISTERED)], registered()),
        ([line(REGISTERED), line(PROMOTED)], registered(sha256="bb")),
        ([line(REGISTERED, model_sha256="aa"), line(PROMOTED)], registered(sha256="aa")),
        ([line(REGISTERED), line(PROMOTED, **LINEAGE)], registered(sha256="aa")),
        ([line(PROMOTED, run="old"), line(PROMOTED, run="x", hour=1)], registered()),
    ],
    ids=[
        "nothing is recorded",
        "only a request names it",
        "the run that was registered",
        "a record of an earlier release has no digest",
        "the file that was registered",
        "the file that the gate judged",
        "the run that became champion last",
    ],
)
def test_a_version_that_fits_its_record_is_that_version(events: list[Event], model: ModelVersion) -> None:
    assert recorded_version.difference(model, recorded_version.record_of(events)) is None


@pytest.mark.parametrize(
    ("events", "model", "said"),
    [
        ([line(REGISTERED)], registered(run="y"), "expected run x (registered at 2024-05-01 12:00 UTC in ops.model_events), "
         "the registry has run y"),
        ([line(REGISTERED), line(PROMOTED, hour=1), line(REGISTERED, run="y", hour=2)], registered(run="y"),
         "expected run x (promoted at 2024-05-01 13:00 UTC in ops.model_events), the registry has run y"),
        ([line(HELD)], registered(run="y"), "expected run x (held at "),
        ([line(model_events.ROLLED_BACK, run="z")], registered(), "expected run z (rolled back at "),
        ([line(PROMOTED)], registered(run=""), "the registry has no such version"),
        ([line(REGISTERED, model_sha256="aa"), line(PROMOTED, hour=1)], registered(sha256="bb"),
         "expected a model file with SHA-256 aa (promoted at 2024-05-01 13:00 UTC in ops.model_events), the registry says bb"),
        ([line(PROMOTED, **LINEAGE)], registered(), "the registry says None"),
    ],
    ids=[
        "made again by hand",
        "its number was given out twice, and it never passed the gate",
        "another one was held",
        "another one was rolled back to",
        "the registry has none",
        "its file was replaced, and its tag with it",
        "its tag was removed",
    ],
)  # fmt: skip
def test_any_other_says_what_was_recorded_and_what_was_found(
    events: list[Event], model: ModelVersion, said: str
) -> None:
    assert said in str(recorded_version.difference(model, recorded_version.record_of(events)))


class Mlflow:
    """A registry by number, and its aliases."""

    def __init__(self) -> None:
        self.versions: dict[int, ModelVersion] = {}
        self.aliases: dict[str, int] = {}

    def has(self, *models: ModelVersion, **aliases: int) -> None:
        self.versions = {model.version: model for model in models}
        self.aliases = aliases

    def version(self, name: str, number: int) -> ModelVersion:
        if number not in self.versions:
            raise ModelMissing(f"model {name}: the registry has no version {number}")
        return self.versions[number]

    def by_alias(self, _: str, alias: str) -> ModelVersion | None:
        return self.versions.get(self.aliases.get(alias, 0))

    def point(self, _: str, alias: str, number: int) -> None:
        self.aliases[alias] = number


@pytest.fixture
def mlflow(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Mlflow:
    made = Mlflow()
    for name in ("version", "by_alias", "point"):
        monkeypatch.setattr(registry, name, getattr(made, name))
    monkeypatch.setattr(registry, "versions", lambda name: list(made.versions.values()))
    return made


@pytest.fixture
def use_case(mlflow: Mlflow) -> UseCase:
    """Version 1 was champion before version 2, which is champion by the audit log; 3 was held."""
    mlflow.has(registered(1, "one"), registered(2, "two"), registered(3, "three"), champion=2)
    for event in (line(REGISTERED, 1, "one"), line(REGISTERED, 2, "two"), line(REGISTERED, 3, "three")):
        model_events.record(event)
    assert champion_record.change(line(PROMOTED, 1, "one", hour=1))
    assert champion_record.change(line(PROMOTED, 2, "two", before=1, hour=2))
    model_events.record(line(HELD, 3, "three", before=2, hour=3))
    return loader.by_name(NAME)


DAYS = [dt.date(2024, 5, 2)]


def test_what_was_recorded_scores(use_case: UseCase) -> None:
    assert version_selection.choose(use_case, DAYS)[DAYS[0]].model.version == 2
    assert version_selection.choose(use_case, DAYS, asked=3)[DAYS[0]].model.version == 3


@pytest.mark.parametrize(
    ("champion", "alias"),
    [
        (registered(2, "by hand"), {"champion": 2}),
        (registered(2, "by hand"), {}),
        (registered(2, "by hand"), {"champion": 1}),
        (None, {"champion": 1}),
        (None, {}),
    ],
    ids=[
        "made again, alias and all",
        "made again without an alias",
        "made again, alias behind",
        "backup",
        "backup, no alias",
    ],
)
def test_a_champion_that_is_not_the_recorded_one_never_scores(
    use_case: UseCase, mlflow: Mlflow, champion: ModelVersion | None, alias: dict[str, int]
) -> None:
    mlflow.has(registered(1, "one"), *([] if champion is None else [champion]), **alias)
    with pytest.raises(RegistryChanged) as refused:
        version_selection.choose(use_case, DAYS)
    said = str(refused.value)
    found = "no such version" if champion is None else "run by hand"
    assert f"model {NAME} version 2: expected run two (promoted at 2024-05-01 14:00 UTC in ops.model_events), " in said
    assert f"the registry has {found}; " in said
    assert f"python -m jobs rollback --use-case {NAME} --to-version N" in said
    # Nor does the alias offer it to others.
    assert mlflow.aliases == alias


def test_a_model_that_was_deleted_and_made_again_has_no_champion(use_case: UseCase, mlflow: Mlflow) -> None:
    mlflow.has(registered(1, "by hand"), champion=1)
    with pytest.raises(RegistryChanged, match=r"version 2: expected run two .* the registry has no such version"):
        version_selection.choose(use_case, DAYS)


def test_neither_does_a_version_that_is_asked_for_by_its_number(use_case: UseCase, mlflow: Mlflow) -> None:
    mlflow.has(registered(2, "two"), registered(3, "another"), champion=2)
    with pytest.raises(RegistryChanged, match="version 3: expected run three"):
        version_selection.choose(use_case, DAYS, asked=3)
    with pytest.raises(RegistryChanged, match="version 1: expected run one"):
        version_selection.choose(use_case, DAYS, asked=1)
    with pytest.raises(ModelMissing, match="no version 9"):
        version_selection.choose(use_case, DAYS, asked=9)


def test_in_shadow_or_as_canary_it_fails_by_name_and_the_champion_scores(use_case: UseCase, mlflow: Mlflow) -> None:
    mlflow.has(registered(1, "another"), registered(2, "two"), registered(3, "another"), champion=2, challenger=3)
    assert version_selection.choose(use_case, DAYS)[DAYS[0]].model.version == 2
    usable, failures = shadow.models(use_case, [1, 3])
    assert usable == {} and [failure.split(":")[0] for failure in failures] == ["RegistryChanged"] * 2


def test_an_alias_without_a_change_in_the_audit_log_names_a_version_that_was_recorded_so(mlflow: Mlflow) -> None:
    mlflow.has(registered(1, "by hand"), champion=1)
    model_events.record(line(HELD, 1, "one"))
    with pytest.raises(RegistryChanged, match="expected run one"):
        champion_record.champion(NAME)


def test_the_champions_number_is_known_whatever_the_registry_has(use_case: UseCase, mlflow: Mlflow) -> None:
    mlflow.has(registered(1, "by hand"), champion=1)
    assert champion_record.number(NAME) == 2
    assert champion_record.as_registered(NAME) == registered(2, "")


def test_a_rollback_to_a_version_that_is_there_mends_it(use_case: UseCase, mlflow: Mlflow) -> None:
    mlflow.has(registered(1, "one"))
    assert champion_record.change(line(model_events.ROLLED_BACK, 1, "one", before=2, hour=4))
    assert champion_record.champion(NAME) == registered(1, "one") and mlflow.aliases == {"champion": 1}
