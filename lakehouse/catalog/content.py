"""What the pages of the catalogue say, gathered from the declarations and, where there is a lakehouse, from its logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.analyst import listing, odcs
from lakehouse.analyst.listing import TableState
from lakehouse.catalog import picture, table_contract
from lakehouse.catalog.picture import Picture
from lakehouse.declaration import Source
from lakehouse.errors import NightjarError, NoLakehouse
from lakehouse.lineage import of_source
from lakehouse.lineage.columns import Origin
from lakehouse.lineage.declared import PLATFORM, Declarations, DeclaredTable

# In the order of the first page.
KINDS = {
    "use case": "Use cases",
    "dataset": "Datasets for language models",
    "feature group": "Feature groups",
    "source": "Sources",
    PLATFORM: "The platform's own books",
}


@dataclass(frozen=True)
class ColumnLine:
    """A column: name, type, whether it may be null, its part in key and partitioning, meaning, and origins."""

    name: str
    type: str
    nullable: bool
    marks: tuple[str, ...]
    description: str
    origins: tuple[Origin, ...]
    unknown: str


@dataclass(frozen=True)
class TablePage:
    """The page of a table.

    Attributes:
        declared: the table.
        columns: in order.
        rules: what holds of its rows, in words.
        upstream: the tables that it is made from.
        downstream: the tables that are made from it.
        state: rows, version and newest day; None where there is no such table.
        sql: an example.
        picture: of what is around it.
    """

    declared: DeclaredTable
    columns: tuple[ColumnLine, ...]
    rules: tuple[str, ...]
    upstream: tuple[str, ...]
    downstream: tuple[str, ...]
    state: TableState | None
    sql: str
    picture: Picture


@dataclass(frozen=True)
class OwnerPage:
    """The page of a source, feature group, use case, dataset or the platform, with its tables."""

    name: str
    kind: str
    title: str
    description: str
    owner: str
    tables: tuple[str, ...]
    picture: Picture
    rules: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def tables(declarations: Declarations, states: Mapping[str, TableState]) -> list[TablePage]:
    """A page for each table, in the order of the declarations."""
    return [_table(declarations, one, states.get(name)) for name, one in declarations.tables.items()]


def owners(declarations: Declarations) -> list[OwnerPage]:
    """A page for everything that has tables."""
    made = [
        _owner(
            declarations,
            source.name,
            "source",
            owner.title,
            source.description,
            owner.owner,
            _of_contract(source),
            _facts(source),
        )
        for owner, source in declarations.sources
    ]
    made += [
        _owner(declarations, one.table_name, "feature group", one.title, one.description, one.owner)
        for one in declarations.groups
    ]
    made += [
        _owner(declarations, one.name, "use case", one.title, one.description, one.owner)
        for one in declarations.use_cases
    ]
    made += [
        _owner(declarations, one.name, "dataset", one.title, one.description, one.owner)
        for one in declarations.datasets
    ]
    what = "what arrived, what was built from what, which model decided, what was delivered and told, and what it cost"
    made.append(_owner(declarations, PLATFORM, PLATFORM, "The platform's own books", what, PLATFORM))
    return made


def states(root: str) -> dict[str, TableState]:
    """Rows, version and newest day of every table that there is, by full name; none without a lakehouse."""
    try:
        found = listing.find(root)
    except NoLakehouse:
        return {}
    known: dict[str, TableState] = {}
    for table in found:
        try:
            known[table.full_name] = listing.state(table)
        except NightjarError:
            # A table that can't be read is shown as it is declared.
            continue
    return known


def _table(declarations: Declarations, one: DeclaredTable, state: TableState | None) -> TablePage:
    table, name = one.table, one.table.full_name
    up, down = _ways(declarations)
    rules = [*table_contract.rules(one)]
    if one.kind == "source" and name == f"silver.{one.of}":
        rules += _of_contract(next(source for _, source in declarations.sources if source.name == one.of))
    return TablePage(
        declared=one,
        columns=tuple(
            ColumnLine(
                name=column.name,
                type=column.type,
                nullable=column.nullable,
                marks=tuple(
                    mark
                    for mark, names in (("key", table.key), ("partition", table.partition_by))
                    if column.name in names
                ),
                description=column.description,
                origins=one.origins.columns.get(column.name, ()),
                unknown=one.origins.unknown.get(column.name, ""),
            )
            for column in table.columns
        ),
        rules=tuple(rules),
        upstream=one.origins.upstream,
        downstream=tuple(down(name)),
        state=state,
        sql=_example(one),
        picture=picture.around(name, up, down),
    )


def _ways(declarations: Declarations) -> tuple[picture.Neighbours, picture.Neighbours]:
    def up(name: str) -> Sequence[str]:
        known = declarations.tables.get(name)
        return () if known is None else known.origins.upstream

    return up, declarations.downstream


def _owner(
    declarations: Declarations,
    name: str,
    kind: str,
    title: str,
    description: str,
    owner: str,
    rules: Iterable[str] = (),
    facts: Mapping[str, str] | None = None,
) -> OwnerPage:
    own = [full for full, one in declarations.tables.items() if (one.kind, one.of) == (kind, name)]
    up, _ = _ways(declarations)
    drawn = picture.among([*own, *(before for one in own for before in up(one))], up)
    return OwnerPage(name, kind, title, description, owner, tuple(own), drawn, tuple(rules), facts or {})


def _of_contract(source: Source) -> list[str]:
    """The rules of a source's contract in words, as its document has them."""
    found = [f"{rule.name}: {rule.expression}" for rule in source.row_rules]
    for column in source.columns:
        limits = [f"at least {column.minimum:g}"] if column.minimum is not None else []
        limits += [f"at most {column.maximum:g}"] if column.maximum is not None else []
        limits += [f"one of {', '.join(column.allowed)}"] if column.allowed else []
        limits += [f"of the form {column.pattern}"] if column.pattern else []
        found += [f"{column.name}: {', '.join(limits)}"] if limits else []
    return [*found, *odcs.of_a_delivery(source)]


def _facts(source: Source) -> dict[str, str]:
    ways = [way for way in ("mongo", "sql", "kafka", "fetch") if getattr(source, way) is not None]
    when = "a delivery a day" if source.cadence == "daily" else "when it changes"
    days = source.arrives_after_days
    return {
        "arrives": when + (f", {days} day{'s' if days > 1 else ''} after its day" if days else ""),
        "delivers": source.delivers,
        "read from": ", ".join(ways) or "files",
        "contract version": str(source.version),
        "deliveries": of_source.landing(source),
    }


def _example(one: DeclaredTable) -> str:
    table = one.table
    names = list(dict.fromkeys([*table.key, *table.column_names]))[:6]
    listed = ", ".join(f'"{name}"' if name in ("table", "values", "order") else name for name in names)
    newest = (
        f"\nwhere partition = (select max(partition) from {table.full_name})"
        if "partition" in table.column_names
        else ""
    )
    return f"select {listed}\nfrom {table.full_name}{newest}\nlimit 20"
