"""Origins name what there is: every column of every declared table is filled by the platform, known, or said to be unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.lineage import declared
from tests.use_cases import grouped_bakery


@pytest.fixture(params=["shipped", "grouped"])
def all_declared(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> declared.Declarations:
    if request.param == "grouped":
        monkeypatch.setenv("USE_CASE_ROOTS", str(grouped_bakery.declare(tmp_path, publish={"to": "delta"})))
    return declared.load()


def test_every_origin_is_a_column_of_a_declared_table(all_declared: declared.Declarations) -> None:
    tables = all_declared.tables
    for name, one in tables.items():
        origins = one.origins
        assert {*origins.columns, *origins.unknown} <= set(one.table.column_names), name
        assert not set(origins.columns) & set(origins.unknown), name
        for origin in [*origins.rows, *(each for found in origins.columns.values() for each in found)]:
            if not origin.table.startswith("landing."):
                assert origin.column in tables[origin.table].table.column_names, (name, origin)


def test_every_table_leads_back_to_deliveries_and_down_again(all_declared: declared.Declarations) -> None:
    for name, one in all_declared.tables.items():
        if one.kind == declared.PLATFORM:
            continue
        seen, open_names = set[str](), [name]
        while open_names:
            for before in all_declared.tables[open_names.pop()].origins.upstream:
                if before not in seen:
                    seen.add(before)
                    open_names += [before] if before in all_declared.tables else []
                    if before in all_declared.tables:
                        assert name == before or all_declared.downstream(before), before
        assert any(found.startswith("landing.") for found in seen), name


def test_features_of_a_transform_are_unknown_and_those_of_a_group_are_not(all_declared: declared.Declarations) -> None:
    for use_case in all_declared.use_cases:
        origins = all_declared.tables[f"gold.{use_case.name}_features"].origins
        assert set(origins.unknown) == set(use_case.own_feature_names)
        for taken in use_case.taken:
            for ours, theirs in taken.columns.items():
                assert [(one.table, one.column) for one in origins.columns[ours]] == [
                    (f"gold.{taken.group.table_name}", theirs)
                ]


def test_row_rules_say_which_columns_decide_the_rows(all_declared: declared.Declarations) -> None:
    for _, source in all_declared.sources:
        filters = {one.column for one in all_declared.tables[f"silver.{source.name}"].origins.rows}
        for rule in source.row_rules:
            assert any(name in rule.expression for name in filters)
        assert {column.name for column in source.columns if not column.nullable} <= filters
