"""No declared column or feature can take a name that a table of the platform, or a stage on its way to one, has already."""

from __future__ import annotations

import pytest

from lakehouse import tables
from lakehouse.declaration import UseCase, loader, reserved_names


@pytest.fixture(params=["flight_delays", "bakery_sales"])
def use_case(request: pytest.FixtureRequest, lakehouse_root: object) -> UseCase:
    return loader.by_name(request.param)


def test_every_column_that_a_sources_tables_add_is_reserved(use_case: UseCase) -> None:
    for source in use_case.sources:
        added = {name for table in tables.of_source(source) for name in table.column_names} - set(source.column_names)
        assert added <= reserved_names.OF_SOURCES


def test_every_column_that_stands_beside_a_key_or_a_feature_is_reserved(use_case: UseCase) -> None:
    own = {*use_case.entity.key, *use_case.feature_names}
    beside = [table for table in tables.of_use_case(use_case) if own.intersection(table.column_names)]
    assert len(beside) == 4
    added = {name for table in beside for name in table.column_names} - own
    assert added == reserved_names.OF_USE_CASES


def test_tables_of_sources_collide_exactly_where_their_names_in_silver_do(use_case: UseCase) -> None:
    for source in use_case.sources:
        in_silver = [table.name for table in tables.of_source(source) if table.layer == "silver"]
        assert in_silver == list(reserved_names.of_silver(source.name))
        assert {table.name for table in tables.of_source(source)} == set(in_silver)
