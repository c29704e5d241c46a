"""What differs between two revisions of the declarations, without building anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse import fingerprints
from lakehouse.declaration import FeatureGroup, Source, UseCase, label_transform, loader, transform


@dataclass(frozen=True)
class Declared:
    """A use case as a revision declares it.

    Attributes:
        use_case: the declaration.
        digest: of it and of all that decides its values.
        sections: every declared value by its path, as text, with those of its sources and groups.
        code: by module the digest of what it does.
    """

    use_case: UseCase
    digest: str
    sections: Mapping[str, str]
    code: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """A use case that differs.

    Attributes:
        name: its name.
        before: None for a new one.
        after: None for one that is gone.
    """

    name: str
    before: Declared | None
    after: Declared | None

    @property
    def features_added(self) -> list[str]:
        """Features that a model sees and did not see."""
        return sorted(set(_features(self.after)) - set(_features(self.before)))

    @property
    def features_removed(self) -> list[str]:
        """Features that a model saw and does not see any more."""
        return sorted(set(_features(self.before)) - set(_features(self.after)))

    @property
    def sections(self) -> list[tuple[str, str, str]]:
        """Path, former and new value of each declared value that differs; ``-`` where there is none."""
        before = {} if self.before is None else self.before.sections
        after = {} if self.after is None else self.after.sections
        paths = sorted({*before, *after})
        return [
            (path, before.get(path, "-"), after.get(path, "-")) for path in paths if before.get(path) != after.get(path)
        ]

    @property
    def code(self) -> list[str]:
        """The modules that do something else."""
        before = {} if self.before is None else self.before.code
        after = {} if self.after is None else self.after.code
        return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def declared() -> tuple[dict[str, Declared], list[str]]:
    """The use cases that the environment names, and what is wrong with those that can't be read."""
    found = loader.find()
    wrong = [str(item.error) for item in found if item.error is not None]
    known = {}
    for use_case in loader.use_cases_of(found):
        try:
            known[use_case.name] = _declared(use_case)
        except Exception as error:  # a module that is no Python
            wrong.append(str(error))
    return known, wrong


def changes(before: Mapping[str, Declared], after: Mapping[str, Declared]) -> list[Change]:
    """The use cases that differ, by name."""
    return [
        Change(name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if _digest(before.get(name)) != _digest(after.get(name))
    ]


def _declared(use_case: UseCase) -> Declared:
    folder = loader.folder(use_case)
    code = dict(_code(transform.syntax_of(folder / transform.FILE)))
    if use_case.label.computed:
        code |= dict(_code([f"labels.py {label_transform.code_digest(use_case)}"]))
    sections = dict(_flat("", use_case.model_dump(mode="json", exclude={"sources"})))
    for source in {name: use_case.source(name) for name in use_case.reads}.values():
        sections |= _of_source(source)
    for taken in use_case.taken:
        sections |= dict(_flat(f"group {taken.use.label}", taken.group.model_dump(mode="json")))
        code |= {f"{taken.group.table_name}/{name}": digest for name, digest in _of_group(taken.group)}
        for name in taken.group.reads:
            sections |= _of_source(taken.group.source(name))
    return Declared(
        use_case, fingerprints.digest(repr(sorted(sections.items())), repr(sorted(code.items()))), sections, code
    )


def _of_source(source: Source) -> dict[str, str]:
    return dict(_flat(f"source {source.name}", source.model_dump(mode="json")))


def _of_group(group: FeatureGroup) -> Iterator[tuple[str, str]]:
    return _code(transform.syntax_of(loader.folder(group) / transform.FILE))


def _code(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, _, digest = line.partition(" ")
        yield name, digest


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every leaf by its path; the items of a list by their names, where they have some."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _flat(f"{path}.{name}" if path else str(name), one)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            name = one.get("name", one.get("source", number)) if isinstance(one, dict) else number
            yield from _flat(f"{path}[{name}]", one)
    elif value is not None:
        yield path, str(value)


def _features(one: Declared | None) -> tuple[str, ...]:
    return () if one is None else one.use_case.feature_names


def _digest(one: Declared | None) -> str | None:
    return None if one is None else one.digest
