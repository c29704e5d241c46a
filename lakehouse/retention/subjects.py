"""What retention is about: every table and folder of files that has days, and the rule that is nearest to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lakehouse import tables
from lakehouse.declaration import Dataset, FeatureGroup, Retention, Source, UseCase, retention_file
from lakehouse.declaration.declaration import Declaration
from lakehouse.declaration.retention import meant
from lakehouse.errors import DeclarationError, RetentionRefused
from lakehouse.retention.decision import Need, Rule
from lakehouse.tables import Table

LANDING = "landing"
# The files of models, which retirement takes.
ARTIFACTS = "artifacts"
# Of ops: what is no record of what was decided, taken in, delivered or erased.
OF_OPS = (tables.PARITY, tables.ALERTS)


@dataclass(frozen=True)
class Subject:
    """A table, or the landed files of a source.

    Attributes:
        name: the table's full name, or ``landing.<source>``.
        layer: bronze, silver, gold, ops or landing.
        called: every name by which a hold may mean it.
        table: None of landed files.
        rule: the nearest one that is declared.
        source: of landed files, bronze and silver.
    """

    name: str
    layer: str
    called: frozenset[str]
    table: Table | None
    rule: Rule | None
    source: Source | None = None

    def holds(self, retention: Retention, today: dt.date) -> list[Need]:
        """The declared holds that are about it."""
        return [
            Need(hold.first, hold.through, f"hold: {hold.reason}")
            for hold in retention.holds
            if hold.what in self.called and hold.holds(today)
        ]


def all_of(found: Iterable[Declaration], retention: Retention) -> list[Subject]:
    """Every subject of these declarations, each once.

    Raises:
        DeclarationError: when ``retention.yaml`` names a table or a hold's subject that nobody declares.
        RetentionRefused: when a declaration is wrong and something is declared: what it needs is not known.
    """
    declared = list(found)
    subjects = {subject.name: subject for item in declared for subject in _of(item, retention)}
    for table in OF_OPS:
        subjects[table.full_name] = _subject(table, (), retention.layers.ops, "layer ops", retention)
    wrong = [item for item in declared if item.error is not None]
    if wrong and any(subject.rule for subject in subjects.values()):
        raise RetentionRefused(
            f"retention: expected every declaration to be right, found {wrong[0].error}; nothing is removed: what that one "
            "needs is "
            "not known"
        )
    if not wrong:
        _expect_known(retention, subjects.values())
    return list(subjects.values())


def _expect_known(retention: Retention, subjects: Iterable[Subject]) -> None:
    listed = list(subjects)
    with_days = [subject.name for subject in listed]
    called = sorted({ARTIFACTS, *(name for subject in listed for name in subject.called)})
    problems = [f"tables.{name}: {meant(name, with_days)}" for name in retention.tables if name not in with_days]
    problems += [
        f"holds: what: {hold.what}: {meant(hold.what, called)}" for hold in retention.holds if hold.what not in called
    ]
    if problems:
        raise DeclarationError(f"{retention_file.FILE}: {'; '.join(problems)}")


def _of(item: Declaration, retention: Retention) -> Iterator[Subject]:
    if item.source is not None:
        yield from _of_source(item.source.source, None, retention)
    if item.use_case is not None:
        for source in item.use_case.sources:
            yield from _of_source(source, item.use_case, retention)
        yield from _of_use_case(item.use_case, retention)
    if item.group is not None:
        yield from _of_group(item.group, retention)
    if item.dataset is not None:
        yield from _of_dataset(item.dataset, retention)


def _of_source(source: Source, owner: UseCase | None, retention: Retention) -> Iterator[Subject]:
    layers, names = retention.layers, (source.name,) if owner is None else (source.name, owner.name)
    made = (
        (LANDING, None, layers.landing, LANDING),
        ("bronze", tables.bronze(source), layers.bronze, "bronze"),
        ("silver", tables.silver(source), layers.silver, "silver"),
        ("rejects", tables.rejects(source), layers.silver, "silver"),
    )
    for kind, table, of_layer, layer in made:
        own = getattr(source.retention, kind)
        of_owner = None if owner is None else getattr(owner.retention, kind)
        said = f"source {source.name}"
        days = own if own is not None else of_owner
        if own is None and of_owner is not None and owner is not None:
            said = f"use case {owner.name}"
        if days is None:
            days, said = of_layer, f"layer {layer}"
        if table is not None:
            yield _subject(table, names, days, said, retention, source)
        else:
            name = f"{LANDING}.{source.name}"
            called = frozenset({*names, LANDING, name})
            yield Subject(name, LANDING, called, None, _rule(name, days, said, retention), source)


def _of_use_case(use_case: UseCase, retention: Retention) -> Iterator[Subject]:
    for table in tables.of_use_case(use_case):
        kind = table.name.removeprefix(f"{use_case.name}_")
        days, said = getattr(use_case.retention, kind, None), f"use case {use_case.name}"
        if days is None:
            days, said = retention.layers.gold, "layer gold"
        yield _subject(table, (use_case.name,), days, said, retention)


def _of_group(group: FeatureGroup, retention: Retention) -> Iterator[Subject]:
    # Days as they were built first are a record of what was known, and stay.
    yield _subject(tables.group(group), (group.name,), retention.layers.gold, "layer gold", retention)


def _of_dataset(dataset: Dataset, retention: Retention) -> Iterator[Subject]:
    made = (("documents", tables.documents), ("summaries", tables.summaries), ("profile", tables.profile))
    for kind, table in made:
        days, said = getattr(dataset.retention, kind), f"dataset {dataset.name}"
        if days is None:
            days, said = retention.layers.gold, "layer gold"
        yield _subject(table(dataset), (dataset.name,), days, said, retention)


def _subject(
    table: Table, names: Iterable[str], days: int | None, said: str, retention: Retention, source: Source | None = None
) -> Subject:
    called = frozenset({*names, table.layer, table.full_name})
    return Subject(table.full_name, table.layer, called, table, _rule(table.full_name, days, said, retention), source)


def _rule(name: str, days: int | None, said: str, retention: Retention) -> Rule | None:
    if name in retention.tables:
        return Rule(retention.tables[name], retention_file.FILE)
    return None if days is None else Rule(days, said)
