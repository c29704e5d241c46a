"""A feature group stands on its own: use cases take it by name and version, and what is wrong with it hurts these alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse import tables
from lakehouse.declaration import UseCase, feature_groups, loader, reserved_names, transform
from lakehouse.errors import BadArguments, DeclarationError, ModelRefused
from lakehouse.models import champion_record, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.staleness import group_users
from lakehouse.storage import table_schema
from tests.lakehouse.declaration.test_kept import forget
from tests.use_cases import grouped_bakery, shared_bakery

OF_V1 = ["bread_record_v1_sold_mean_5d", "bread_record_v1_counts_5d"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = grouped_bakery.declare(tmp_path / "roots", ["bakery_sales"])
    shared_bakery._write(root / "plain" / "use_case.yaml", _without_groups(root))
    (root / "plain" / "features.py").write_text("def build(days, inputs): ...\n")
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "warehouse"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "home"))
    forget()
    return root


def _without_groups(root: Path) -> dict[str, Any]:
    content = yaml.safe_load((root / "bakery_sales/use_case.yaml").read_text())
    return {name: value for name, value in content.items() if name != "groups"} | {"name": "plain"}


def errors() -> dict[str, str]:
    return {item.name: str(item.error) for item in loader.find() if item.error is not None}


def take(root: Path, *uses: dict[str, Any]) -> None:
    grouped_bakery.take(root, "bakery_sales", uses)


def test_a_groups_features_follow_the_use_cases_own_in_declared_order(root: Path) -> None:
    use_case = loader.by_name("bakery_sales")
    assert list(use_case.feature_names) == [*use_case.own_feature_names, *OF_V1]
    columns = table_schema.arrow_schema(tables.features(use_case)).names
    assert columns[: 2 + len(use_case.feature_names)] == ["shop", "bread", *use_case.feature_names]
    take(root, {"group": "bread_record", "version": 1, "features": ["counts_5d"], "as_known": "served"})
    assert list(loader.by_name("bakery_sales").feature_names) == [*use_case.own_feature_names, OF_V1[1]]


def test_a_declaration_survives_its_record_and_one_without_groups_says_what_it_always_said(root: Path) -> None:
    use_case = loader.by_name("bakery_sales")
    recorded = use_case.model_dump_json()
    assert UseCase.model_validate_json(recorded, context=loader.known()) == use_case
    plain = loader.by_name("plain")
    assert "groups" not in plain.model_dump() and '"groups"' not in plain.model_dump_json()
    # What a group gives is not the use case's own, and is named by its fingerprints.
    assert transform.code_digest(use_case) != transform.code_digest(plain)  # another features.py
    take(root)
    before = transform.code_digest(use_case)
    assert transform.code_digest(loader.by_name("bakery_sales")) == before


def test_two_versions_stand_side_by_side_and_a_champions_one_is_kept_from_new_models(root: Path) -> None:
    grouped_bakery.write_group(root, version=2, ttl_days=1)
    take(root, {"group": "bread_record", "version": 2}, {"group": "bread_record", "version": 1, "learn": False})
    use_case = loader.by_name("bakery_sales")
    of_v2 = [name.replace("_v1_", "_v2_") for name in OF_V1]
    assert list(use_case.feature_names) == [*use_case.own_feature_names, *of_v2]
    assert [feature.name for feature in use_case.table_features][-4:] == [*of_v2, *OF_V1]
    assert [group.table_name for group in feature_groups.declared()] == ["bread_record_v1", "bread_record_v2"]
    assert feature_groups.by_name("bread_record", 2).ttl_days == 1
    with pytest.raises(
        BadArguments, match="no feature group bread_record_v3; declared are: bread_record_v1, bread_record_v2"
    ):
        feature_groups.by_name("bread_record", 3)


def test_readers_of_a_source_are_also_those_that_read_it_by_a_group(root: Path) -> None:
    source = loader.by_source("bakery_sales_counted")[1]
    assert [use_case.name for use_case in loader.readers(source)] == ["bakery_sales", "plain"]
    assert loader.folder(feature_groups.by_name("bread_record", 1)) == root / "features/bread_record/v1"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"inputs": [{"source": "bakery_sold"}]},
            "inputs: unknown bakery_sold; expected one of the shared sources .a group reads",
        ),
        ({"inputs": [{"source": "bakery_sales_counted", "first": 9, "last": 6}]}, "at least 7 .arrives_after_days"),
        ({"inputs": [{"source": "bakery_shops"}]}, "inputs: expected a daily source among them"),
        ({"features": [{"name": "bread", "description": "d"}]}, "features: bread is a column of key too"),
        ({"features": [{"name": "known_at", "description": "d"}]}, "features: known_at belong to the platform"),
        ({"key": [{"name": "price", "type": "double"}]}, "key.0.type: Input should be 'string', 'int'"),
        ({"ttl_days": None}, "ttl_days: is missing, and is required"),
        ({"ttl_days": -1}, "ttl_days: Input should be greater than or equal to 0"),
        ({"publish": {"to": "paper"}}, "publish: .*'delta', 'sql', 'mongo'"),
        ({"publish": {"to": "sql", "table": "breads"}}, "publish.sql.connection: is missing"),
        (
            {"calendar": {"start": "2024-02-01", "timezone": "Europe/Paris"}},
            "calendar.start: expected 2024-03-01 at the earliest",
        ),
        ({"version": 0}, "version: Input should be greater than or equal to 1"),
    ],
)
def test_a_wrong_group_is_told_and_hurts_only_those_that_take_it(
    root: Path, changes: dict[str, Any], expected: str
) -> None:
    folder = grouped_bakery.write_group(root, **changes)
    if folder.name != "v1":
        (folder / "group.yaml").rename(root / "features/bread_record/v1/group.yaml")
    found = errors()
    assert set(found) == {"bread_record_v1", "bakery_sales"}
    assert re.search(expected, found["bread_record_v1"]), found["bread_record_v1"]
    assert (
        "groups: the declaration of the feature group bread_record v1, which it takes, is wrong itself"
        in found["bakery_sales"]
    )
    assert loader.by_name("plain")
    with pytest.raises(DeclarationError):
        feature_groups.by_name("bread_record", 1)


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        (
            [{"group": "bread_record", "version": 3}],
            "groups: unknown bread_record v3; expected one of the feature groups: bread_record v1",
        ),
        ([{"group": "bread_record", "version": 1}] * 2, "groups: taken twice: bread_record v1"),
        (
            [{"group": "bread_record", "version": 1, "key": {"loaf": "bread"}}],
            "groups.bread_record v1.key: unknown loaf",
        ),
        (
            [{"group": "bread_record", "version": 1, "key": {"bread": "baker"}}],
            "bakery_plan has no column baker for bread",
        ),
        (
            [{"group": "bread_record", "version": 1, "key": {"bread": "planned"}}],
            "planned is int in bakery_plan; expected string",
        ),
        (
            [{"group": "bread_record", "version": 1, "features": ["sold"]}],
            "features: unknown sold; expected one of the group's",
        ),
        (
            [{"group": "bread_record", "version": 1, "as_known": "then"}],
            "as_known: Input should be 'latest' or 'served'",
        ),
    ],
)
def test_a_use_case_that_takes_a_group_wrongly_is_told(root: Path, uses: list[dict[str, Any]], expected: str) -> None:
    take(root, *uses)
    found = errors()
    assert set(found) == {"bakery_sales"} and expected in found["bakery_sales"]


def test_a_name_that_would_be_too_long_for_a_column_is_refused_at_load(root: Path) -> None:
    grouped_bakery.write_group(root, features=[{"name": "f" * 50, "description": "d"}])
    assert "is longer than 63 characters" in errors()["bakery_sales"]


def test_a_group_stands_in_the_folder_of_its_name_and_version_with_its_transform(root: Path) -> None:
    folder = root / "features/bread_record/v1"
    (folder / "features.py").unlink()
    assert "expected the transform in features.py of the same folder" in errors()["bread_record_v1"]
    grouped_bakery.write_group(root)
    folder.rename(folder.with_name("v7"))
    assert "expected them like its folder bread_record/v7, found bread_record/v1" in errors()["bread_record_v7"]


def test_a_group_without_a_folder_for_its_version_is_told_where_it_belongs(root: Path) -> None:
    folder = root / "features/bread_record"
    (folder / "v1/group.yaml").rename(folder / "group.yaml")
    found = errors()
    assert (
        "expected it in a folder of its version, features/bread_record/v1/group.yaml" in found["features_bread_record"]
    )
    assert "groups: unknown bread_record v1" in found["bakery_sales"]


@pytest.mark.parametrize("place", [{"to": "sql", "connection": "shop", "table": "breads"}])
def test_a_place_that_two_write_belongs_to_the_first(root: Path, place: dict[str, Any]) -> None:
    grouped_bakery.write_group(root, publish=place)
    loader.find()
    grouped_bakery.write_group(root, version=2, publish={**place, "table": "BREADS"})
    assert "publish: table breads of shop is already declared in" in errors()["bread_record_v2"]


def test_an_edit_of_a_group_is_seen_by_the_use_cases_that_take_it(root: Path) -> None:
    keep: Callable[[], UseCase] = lambda: loader.by_name("bakery_sales")  # noqa: E731
    assert keep().taken[0].group.ttl_days == grouped_bakery.TTL_DAYS
    loader.find()
    grouped_bakery.write_group(root, ttl_days=9)
    assert keep().taken[0].group.ttl_days == 9


def test_the_names_of_columns_that_the_platform_adds_to_a_group_are_reserved(root: Path) -> None:
    group = feature_groups.by_name("bread_record", 1)
    added = {name for table in tables.of_group(group) for name in table.column_names}
    added -= {*group.key_names, *group.feature_names}
    assert added <= reserved_names.OF_USE_CASES | reserved_names.OF_GROUPS


def test_a_model_that_needs_a_version_that_is_not_taken_any_more_is_told_how_it_comes_back(root: Path) -> None:
    take(root)
    use_case = loader.by_name("bakery_sales")
    model = ModelVersion("bakery_sales", 3, "run", {registry.TAG_FEATURES: f"planned,{OF_V1[0]}"})
    with pytest.raises(ModelRefused, match=r"also needs bread_record_v1_sold_mean_5d; .* take bread_record_v1 again"):
        registry.declared_features(model, use_case)
    take(root, {"group": "bread_record", "version": 1, "learn": False})
    assert registry.declared_features(model, loader.by_name("bakery_sales")) == ("planned", OF_V1[0])


def test_a_version_is_needed_by_who_takes_it_and_by_models_that_score(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grouped_bakery.write_group(root, version=2)
    first, second = feature_groups.declared()
    assert group_users.needed_by(first).names == ("use case bakery_sales",)
    assert group_users.needed_by(second).names == ("its being the newest version",)
    take(root)
    model = ModelVersion("bakery_sales", 3, "run", {registry.TAG_FEATURES: f"planned,{OF_V1[0]}"})
    monkeypatch.setattr(registry, "versions", lambda name: [model] if name == "bakery_sales" else [])
    monkeypatch.setattr(registry, "by_alias", lambda name, alias: None)
    for champion, needed in ((3, ("champion 3 of bakery_sales",)), (4, ()), (None, ())):
        monkeypatch.setattr(champion_record, "number", lambda name, number=champion: number)
        assert group_users.needed_by(first).names == needed
    assert "is retired" in group_users.needed_by(first).in_words
