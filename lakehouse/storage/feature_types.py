"""Whether a feature table has the types that are declared: a number may have become a category, or the reverse."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import MigrationNeeded
from lakehouse.storage import delta_log, table_schema


def expect_declared(use_case: UseCase, names: Sequence[str], at_version: int) -> None:
    """Compare the types of these features.

    Args:
        use_case: declares them.
        names: of the features.
        at_version: of the feature table.

    Raises:
        MigrationNeeded: when the table has another type; it names the features and what to do.
    """
    table = tables.features(use_case)
    declared, present = table_schema.arrow_schema(table), delta_log.columns(table, at_version)
    wrong = [
        f"{name} is {present[name]}, expected {declared.field(name).type}"
        for name in names
        if name in present and not table_schema.same(present[name], declared.field(name).type)
    ]
    if wrong:
        raise MigrationNeeded(
            f"{table.full_name}: expected features of the declared types, found: {'; '.join(wrong)}; nothing was read: python -m "
            f"lakehouse migrate --use-case {use_case.name} gives the table the declared types, and python -m jobs features "
            "--through ... builds its days again"
        )
