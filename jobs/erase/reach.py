"""How far an erasure reaches: the sources that have rows of its subject, and the use cases and feature groups that read them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jobs.erase import subject
from jobs.erase.arguments import EraseArguments
from jobs.erase.subject import Subject
from lakehouse.declaration import FeatureGroup, Owner, Source, UseCase, datasets, feature_groups, loader
from lakehouse.declaration.declaration import Declaration
from lakehouse.errors import BadArguments
from lakehouse.ops.kept_out import Way

Named = Mapping[str, tuple[Owner, Source]]


@dataclass(frozen=True)
class Reach:
    """What an erasure reaches.

    Attributes:
        subjects: what is erased, a source each; the first is the one that was named.
        use_cases: those that read one of the sources, themselves or by a group.
        groups: the feature groups that do.
    """

    subjects: tuple[Subject, ...]
    use_cases: tuple[UseCase, ...]
    groups: tuple[FeatureGroup, ...]

    @property
    def by_source(self) -> dict[str, Subject]:
        """The subjects by the names of their sources."""
        return {one.source.name: one for one in self.subjects}


def of(arguments: EraseArguments) -> Reach:
    """Where all that is to be erased may be, by the declarations.

    A source has rows of the subject when it is the one that is named, when it declares the same subject, or when its key has the
    same columns and one use case reads both: then their rows are about one thing.

    Raises:
        BadArguments: when the source, the subject or the key is none; or when a declaration is wrong, whose tables may have it.
    """
    found = loader.find()
    sources = {source.name: (owner, source) for owner, source in loader.sources_of(found)}
    if arguments.source is not None:
        # Its own errors are told first.
        loader.by_source(arguments.source)
    _refuse_wrong(found)
    use_cases, groups = loader.use_cases_of(found), feature_groups.among(found)
    known = _known(arguments, sources, [*use_cases, *groups])
    first = sources[next(iter(known))][1]
    given = _given(arguments, first.key if arguments.subject is None else first.subjects[arguments.subject])
    of_documents = datasets.among(found)
    subjects = tuple(
        subject.of(
            sources[name][1],
            one.way,
            [given[place] for place in one.places],
            sources[name][0].calendar.timezone,
            [dataset for dataset in of_documents if dataset.documents.source == name],
        )
        for name, one in known.items()
    )
    touched = set(known)
    return Reach(
        subjects,
        tuple(one for one in use_cases if touched.intersection(_read_by(one))),
        tuple(one for one in groups if touched.intersection(one.reads)),
    )


@dataclass(frozen=True)
class _Known:
    """How the subject is known in a source, and the place of each of its values among those that were typed."""

    way: Way
    places: tuple[int, ...]


def _known(arguments: EraseArguments, sources: Named, readers: Iterable[UseCase | FeatureGroup]) -> dict[str, _Known]:
    """By the name of each source that has the subject; the one that is named first."""
    if arguments.source is None:
        assert arguments.subject is not None
        return _declared(arguments.subject, sources)
    named = sources[arguments.source][1]
    known = {named.name: _by_key(named, named.key)}
    for reader in readers:
        read = _read_by(reader) if isinstance(reader, UseCase) else reader.reads
        if named.name in read:
            alike = [sources[name][1] for name in read if _same_key(sources[name][1], named)]
            known = {one.name: _by_key(one, named.key) for one in alike} | known
    for declared, columns in named.subjects.items():
        if set(columns) == set(named.key):
            # Its key is the subject, under whatever name.
            order = tuple(named.key.index(column) for column in columns)
            linked = {name: _by_subject(source, declared, order) for name, (_, source) in _having(declared, sources)}
            known = linked | known
    return {named.name: known[named.name]} | dict(sorted(known.items()))


def _declared(name: str, sources: Named) -> dict[str, _Known]:
    having = _having(name, sources)
    if not having:
        others = sorted({declared for _, source in sources.values() for declared in source.subjects})
        raise BadArguments(
            f"--subject {name}: expected one that a source declares under erasure.subjects, declared are: "
            f"{', '.join(others) or 'none'}; nothing was erased"
        )
    lengths = {len(source.subjects[name]) for _, (_, source) in having}
    if len(lengths) > 1:
        told = "; ".join(f"{source.name}: {', '.join(source.subjects[name])}" for _, (_, source) in having)
        raise BadArguments(
            f"--subject {name}: expected as many columns in every source that declares it, found {told}; nothing was erased"
        )
    order = tuple(range(lengths.pop()))
    return {source.name: _by_subject(source, name, order) for _, (_, source) in having}


def _having(subject: str, sources: Named) -> list[tuple[str, tuple[Owner, Source]]]:
    return [(name, found) for name, found in sorted(sources.items()) if subject in found[1].subjects]


def _by_key(source: Source, key: Sequence[str]) -> _Known:
    return _Known(Way.of(source, source.key), tuple(key.index(name) for name in source.key))


def _by_subject(source: Source, subject: str, places: tuple[int, ...]) -> _Known:
    """By the source's key where that is what the subject is: its tombstones then are those of the key."""
    columns = source.subjects[subject]
    if set(columns) == set(source.key):
        return _Known(Way.of(source, source.key), tuple(places[columns.index(name)] for name in source.key))
    return _Known(Way.of(source, columns, subject), places)


def _same_key(one: Source, other: Source) -> bool:
    types, others = one.column_types, other.column_types
    return set(one.key) == set(other.key) and all(types[name] == others[name] for name in one.key)


def _given(arguments: EraseArguments, columns: Sequence[str]) -> tuple[str, ...]:
    """A text for each of the columns by which the subject is named."""
    texts = arguments.given
    if len(columns) == 1 and len(texts) == 1:
        # Its text may have commas and equals signs.
        name, sign, value = texts[0].partition("=")
        return (value,) if sign and name == columns[0] and arguments.document is None else texts
    if len(texts) == 1 and not _names(texts, columns):
        texts = tuple(next(csv.reader(texts), []))
        if len(texts) == len(columns):
            return texts
    elif _names(texts, columns):
        values = dict(_named(texts))
        return tuple(values[name] for name in columns)
    raise BadArguments(
        f"--key: expected a value of each of {', '.join(columns)}, as VALUE,VALUE in this order or as --key column=VALUE for "
        f"each, found {len(texts)}; nothing was erased"
    )


def _named(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, _, value = text.partition("=")
        yield name, value


def _names(texts: Sequence[str], columns: Sequence[str]) -> bool:
    return sorted(name for name, _ in _named(texts)) == sorted(columns) and all("=" in text for text in texts)


def _read_by(use_case: UseCase) -> tuple[str, ...]:
    by_groups = (name for taken in use_case.taken for name in taken.group.reads)
    return tuple(dict.fromkeys((*use_case.reads, *by_groups)))


def _refuse_wrong(found: Iterable[Declaration]) -> None:
    wrong = [str(item.file.parent.name) for item in found if item.error is not None]
    if wrong:
        raise BadArguments(
            f"erase: expected declarations that are right, found wrong ones: {', '.join(wrong)}; their tables may have what is to "
            "be erased: correct them, and erase it again; nothing was erased"
        )
