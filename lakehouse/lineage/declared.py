"""Every table that is declared: whose it is, and where its columns come from. The catalogue and the events of runs ask here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lakehouse.declaration import Dataset, FeatureGroup, Source, UseCase, datasets, feature_groups, loader
from lakehouse.declaration.owner import Owner
from lakehouse.lineage import of_dataset, of_source, of_use_case
from lakehouse.lineage.columns import ColumnOrigins
from lakehouse.tables import Table, ops, ops_datasets, ops_keeping

PLATFORM = "platform"


@dataclass(frozen=True)
class DeclaredTable:
    """A table of the catalogue.

    Attributes:
        table: as it is declared.
        owner: the team that answers for it.
        of: the source, feature group, use case or dataset that it belongs to, by name; ``platform`` of its own.
        kind: of that: source, feature group, use case, dataset or platform.
        origins: of its columns.
    """

    table: Table
    owner: str
    of: str
    kind: str
    origins: ColumnOrigins = field(default_factory=ColumnOrigins)


@dataclass(frozen=True)
class Declarations:
    """All that is declared and right.

    Attributes:
        sources: each with the one that it belongs to.
        groups: the feature groups.
        use_cases: the use cases.
        datasets: the datasets.
        tables: every table by its full name, those of sources first.
    """

    sources: tuple[tuple[Owner, Source], ...]
    groups: tuple[FeatureGroup, ...]
    use_cases: tuple[UseCase, ...]
    datasets: tuple[Dataset, ...]
    tables: Mapping[str, DeclaredTable]

    def downstream(self, name: str) -> list[str]:
        """The tables that are made from the one of this full name."""
        return [found for found, one in self.tables.items() if name in one.origins.upstream]


def load() -> Declarations:
    """Read the declarations; one that is wrong is left out, and hides no other."""
    found = loader.find()
    sources, groups = loader.sources_of(found), feature_groups.among(found)
    use_cases, sets = loader.use_cases_of(found), datasets.among(found)
    tables = {one.table.full_name: one for one in _tables(sources, groups, use_cases, sets)}
    return Declarations(tuple(sources), tuple(groups), tuple(use_cases), tuple(sets), tables)


def _tables(
    sources: Iterable[tuple[Owner, Source]],
    groups: Iterable[FeatureGroup],
    use_cases: Iterable[UseCase],
    sets: Iterable[Dataset],
) -> Iterator[DeclaredTable]:
    for owner, source in sources:
        for table, origins in of_source.of_source(source):
            yield DeclaredTable(table, owner.owner, source.name, "source", origins)
    for group in groups:
        for table, origins in of_use_case.of_group(group):
            yield DeclaredTable(table, group.owner, group.table_name, "feature group", origins)
    for use_case in use_cases:
        for table, origins in of_use_case.of_use_case(use_case):
            yield DeclaredTable(table, use_case.owner, use_case.name, "use case", origins)
    for dataset in sets:
        for table, origins in of_dataset.of_dataset(dataset):
            yield DeclaredTable(table, dataset.owner, dataset.name, "dataset", origins)
    for table in ops_tables():
        yield DeclaredTable(table, PLATFORM, PLATFORM, PLATFORM)


def ops_tables() -> list[Table]:
    """The platform's own tables, by name."""
    found = (*vars(ops).values(), *vars(ops_datasets).values(), *vars(ops_keeping).values())
    return sorted((one for one in found if isinstance(one, Table)), key=lambda one: one.name)
