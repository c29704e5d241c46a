from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lakehouse.declaration import loader
from lakehouse.errors import DeclarationError
from tests.jobs.deliver.scored import declare

SQL = {"connection": "office", "table": "loaves"}
MONGO = {"database": "bakery", "collection": "loaves"}
FILES = {"folder": "out/loaves", "format": "parquet"}


def test_each_kind_of_target_is_declared_with_its_usual_columns_after_the_key(tmp_path: Path) -> None:
    places: list[Mapping[str, Any]] = [{"sql": SQL}, {"mongo": MONGO}, {"files": FILES}]
    use_case = declare(tmp_path, *({"name": name, **place} for name, place in zip("abc", places, strict=True)))
    assert [target.address for target in use_case.deliver] == [
        "table loaves of office",
        "collection bakery.loaves",
        "folder out/loaves",
    ]
    usual = ("score", "decision", "threshold", "model_version", "prediction_time", "scored_at")
    assert use_case.delivered_columns(use_case.deliver[0]) == ("shop", "bread", "partition", *usual)


def test_declared_columns_come_after_the_key_and_each_once(tmp_path: Path) -> None:
    use_case = declare(tmp_path, {"name": "a", "sql": SQL, "columns": ["run_id", "bread", "score"]})
    assert use_case.delivered_columns(use_case.deliver[0]) == ("shop", "bread", "partition", "run_id", "score")


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([{"name": "a"}], "expected one of sql, mongo, files, found none"),
        ([{"name": "a", "sql": SQL, "files": FILES}], "expected one of sql, mongo, files, found sql and files"),
        ([{"name": "a", "sql": SQL, "columns": ["scor"]}], "deliver.a.columns: unknown scor; expected one of"),
        ([{"name": "a", "sql": SQL, "columns": ["score", "score"]}], "columns: declared twice: score"),
        ([{"name": "a", "sql": SQL, "columns": []}], "deliver.0.columns"),
        ([{"name": "a", "sql": SQL}, {"name": "a", "files": FILES}], "deliver.name: declared twice: a"),
        ([{"name": "a", "sql": SQL}, {"name": "b", "sql": {**SQL, "table": "LOAVES"}}], "deliver: declared twice: table loaves"),
        ([{"name": "a", "files": FILES}, {"name": "b", "files": {"folder": "out/./loaves/"}}], "deliver: declared twice: folder"),
        ([{"name": "a", "sql": {**SQL, "table": "loaves; drop"}}], "deliver.0.sql.table"),
        ([{"name": "a", "sql": {**SQL, "table": "loaves\n"}}], "deliver.0.sql.table"),
        ([{"name": "a", "sql": {**SQL, "table": "Nightjar_exports"}}], "a name that does not begin with nightjar_ is expected"),
        ([{"name": "a", "sql": {**SQL, "schema": "a.b"}}], "deliver.0.sql.schema"),
        ([{"name": "a", "sql": {**SQL, "connection": "postgresql://u:p@h/d"}}], "an address with a login in it"),
        ([{"name": "a", "mongo": {**MONGO, "collection": "nightjar_exports"}}], "a name that does not begin with nightjar_"),
        ([{"name": "a", "mongo": {**MONGO, "collection": "a$b"}}], "a name without"),
        ([{"name": "a", "files": {**FILES, "format": "xlsx"}}], "deliver.0.files.format"),
        ([{"name": "a", "files": {**FILES, "folder": ""}}], "deliver.0.files.folder"),
        ([{"name": "a", "sql": SQL, "rows": "all"}], "deliver.0.rows"),
        ([{"name": "a", "sql": SQL, "row": "champion"}], "is not a field that is known here"),
        ([{"name": "A b", "sql": SQL}], "deliver.0.name"),
    ],
)  # fmt: skip
def test_a_target_that_is_declared_wrongly_is_named_with_its_field(
    tmp_path: Path, targets: list[Any], expected: str
) -> None:
    with pytest.raises(DeclarationError) as raised:
        declare(tmp_path, *targets)
    assert expected in str(raised.value)


def test_a_regression_decides_nothing(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"deliver.a.only_decided: a regression decides nothing"):
        declare(
            tmp_path,
            {"name": "a", "sql": SQL, "only_decided": True},
            label={"source": "bakery_sales_counted", "column": "sold", "maturity_days": 7},
            model={"task": "regression"},
            gate={"metric": "rmse", "min_improvement": 0.0},
        )


def test_two_use_cases_deliver_to_places_of_their_own(tmp_path: Path) -> None:
    declare(tmp_path, {"name": "a", "sql": SQL}, name="loaves")
    declare(tmp_path, {"name": "b", "sql": {**SQL, "table": "Loaves"}}, name="rolls")
    (first, second) = loader.find((tmp_path,))
    assert first.error is None
    assert "deliver: table loaves of office is already declared in" in str(second.error)
