"""Finding and loading what is declared under the roots: every use case, and every source that stands on its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lakehouse import settings
from lakehouse.declaration import FeatureGroup, Source, UseCase, collisions, dataset_files, group_files, kept, yaml_file
from lakehouse.declaration.declaration import KINDS, SOURCE_FILE, USE_CASE_FILE, Declaration
from lakehouse.declaration.declared import Shared, shared_source, use_case
from lakehouse.declaration.known import Known
from lakehouse.declaration.owner import Owner
from lakehouse.declaration.shared_source import SharedSource
from lakehouse.errors import BadArguments, DeclarationError

FILE = USE_CASE_FILE
# The folder of a root in which shared sources stand.
SOURCES = "sources"


def find(roots: tuple[Path, ...] | None = None) -> list[Declaration]:
    """Load every declaration under the roots, shared sources and feature groups first. An error in one does not hide the others."""
    places = _roots(roots)
    before, shared = _beside(places)
    use_cases = [_of_use_case(file, shared) for root in places for file in sorted(root.glob(f"*/{USE_CASE_FILE}"))]
    datasets = [dataset_files.declaration(file, shared) for file in dataset_files.files(places)]
    found = collisions.refused([*before, *use_cases, *datasets])
    if roots is None:
        right = {item.file: (item.said, item.right) for item in found}
        kept.keep({file: (said, one) for file, (said, one) in right.items() if one is not None})
    return found


def declared() -> list[UseCase]:
    """The use cases whose declarations are right."""
    return use_cases_of(find())


def use_cases_of(found: list[Declaration]) -> list[UseCase]:
    """Those among the declarations that are right."""
    return [item.use_case for item in found if item.use_case is not None]


def sources() -> list[tuple[Owner, Source]]:
    """Every source whose declaration is right, each once, with the one that it belongs to."""
    return sources_of(find())


def sources_of(found: list[Declaration]) -> list[tuple[Owner, Source]]:
    """Those among the declarations that are right."""
    known: list[tuple[Owner, Source]] = []
    for item in found:
        if item.source is not None:
            known.append((item.source, item.source.source))
        if item.use_case is not None:
            known += [(item.use_case, source) for source in item.use_case.sources]
    return known


def readers(source: Source) -> list[UseCase]:
    """The use cases that read a source, themselves or by a feature group that they take."""
    return [
        use_case
        for use_case in declared()
        if source.name in use_case.reads or any(source.name in taken.group.reads for taken in use_case.taken)
    ]


def known() -> Known:
    """What a declaration may name now, for checking one that is not in a folder, such as a training's record."""
    return _beside(_roots(None))[1].known


def load(file: Path, text: str | None = None) -> UseCase:
    """Load the declaration of one use case. Shared sources are those of the folder beside its own, and of the roots.

    With ``text``, what the file would declare if that stood in it.

    Raises:
        DeclarationError: with the file, the field, and what was expected.
    """
    places = tuple(dict.fromkeys((*_roots(None), file.parent.parent)))
    return _checked(file, yaml_file.text(file) if text is None else text, _beside(places)[1])


def in_folder(name: str) -> UseCase:
    """The use case of that name, found by its folder: no other use case is read, so it may collide with one.

    Raises:
        BadArguments: when there is no such folder. DeclarationError: when its declaration is wrong.
    """
    for root in _roots(None):
        if (root / name / USE_CASE_FILE).is_file():
            return load(root / name / USE_CASE_FILE)
    raise BadArguments(f"there is no use case {name!r}")


def by_name(name: str) -> UseCase:
    """The use case of that name.

    Raises:
        BadArguments: when there is none. DeclarationError: when there is, but its declaration is wrong.
    """
    found = named(USE_CASE_FILE, name, repr(name)).use_case
    assert found is not None
    return found


def named(file: str, name: str, shown: str) -> Declaration:
    """The right declaration of that name, among those in files that are called ``file``.

    Args:
        file: such as ``use_case.yaml``.
        name: as `Declaration.name` has it.
        shown: the same for people.

    Raises:
        BadArguments: when there is none. DeclarationError: when there is, but it is wrong.
    """
    declarations = [item for item in find() if item.file.name == file]
    for item in declarations:
        if item.name == name:
            if item.error is not None:
                raise item.error
            return item
    kind, names = KINDS.get(file, "use case"), ", ".join(item.name for item in declarations) or "none"
    raise BadArguments(f"there is no {kind} {shown}; declared are: {names}")


def by_source(name: str) -> tuple[Owner, Source]:
    """The source of that name, and the one that it belongs to: the use case that declares it, or itself where it is shared.

    Raises:
        BadArguments: when nobody declares it. DeclarationError: when it is a shared one whose declaration is wrong.
    """
    found = find()
    known = sources_of(found)
    for owner, source in known:
        if source.name == name:
            return owner, source
    for item in found:
        if item.kind == "source" and item.folder.name == name and item.error is not None:
            raise item.error
    names = ", ".join(source.name for _, source in known) or "none"
    raise BadArguments(f"there is no source {name!r}; declared are: {names}")


def folder(owner: Owner) -> Path:
    """The folder that declares a use case or a shared source. No declaration is read: each has the name of its folder, and no two
    of a kind have the same.

    Raises:
        DeclarationError: when there is no such folder.
    """
    roots = settings.load().use_case_roots
    if isinstance(owner, FeatureGroup):
        return group_files.folder(roots, owner)
    shared = isinstance(owner, SharedSource)
    kind, file = ("source", SOURCE_FILE) if shared else ("use case", USE_CASE_FILE)
    for root in roots:
        place = root / SOURCES / owner.name if shared else root / owner.name
        if (place / file).is_file():
            return place
    raise DeclarationError(
        f"{kind} {owner.name}: expected {file} in a folder of that name under one of {roots}, found none"
    )


def _roots(roots: tuple[Path, ...] | None) -> tuple[Path, ...]:
    return settings.load().use_case_roots if roots is None else roots


def _beside(roots: tuple[Path, ...]) -> tuple[list[Declaration], Shared]:
    """What stands on its own: the declarations of sources and feature groups, and what use cases may name of them."""
    sources = _sources(roots)
    alone = _shared(sources)
    found = collisions.refused([group_files.declaration(file, alone) for file in group_files.files(roots)])
    return [*sources, *found], group_files.shared(alone, found)


def _sources(roots: tuple[Path, ...]) -> list[Declaration]:
    """The declarations of shared sources; of two with one name the one that was there before is right."""
    files = (file for root in roots for file in sorted(root.glob(f"{SOURCES}/*/{SOURCE_FILE}")))
    return collisions.refused([_of_source(file) for file in files])


def _of_source(file: Path) -> Declaration:
    said = b""
    try:
        text = yaml_file.text(file)
        said = kept.digest(text.encode())
        source = shared_source(file, text)
        _named_like_its_folder(file, source.name)
        _has_fetch(file, source, "fetch")
        return Declaration(file, said, source=source)
    except DeclarationError as error:
        return Declaration(file, said, error=error)


def _shared(sources: list[Declaration]) -> Shared:
    digest = hashlib.sha256()
    for item in sources:
        digest.update(f"{item.file}\n{item.error or ''}\n".encode() + item.said)
    right = {item.source.name: item.source for item in sources if item.source is not None}
    return Shared(digest.digest() if sources else b"", dict.fromkeys(item.folder.name for item in sources) | right)


def _of_use_case(file: Path, shared: Shared) -> Declaration:
    said = b""
    try:
        text = yaml_file.text(file)
        said = shared.digest_with(text)
        return Declaration(file, said, use_case=_checked(file, text, shared))
    except DeclarationError as error:
        return Declaration(file, said, error=error)


def _checked(file: Path, text: str, shared: Shared) -> UseCase:
    """What a file with this text declares, together with the other files of its folder."""
    found = use_case(file, text, shared)
    _named_like_its_folder(file, found.name)
    if not (file.parent / "features.py").is_file():
        raise DeclarationError(
            f"{file}: features: expected the transform in features.py of the same folder, found none"
        )
    if found.label.computed and not (file.parent / "labels.py").is_file():
        raise DeclarationError(
            f"{file}: label.inputs: expected build(days, inputs) in labels.py of the same folder, found no such file"
        )
    for source in found.sources:
        _has_fetch(file, source, f"sources.{source.name}.fetch")
    return found


def _named_like_its_folder(file: Path, name: str) -> None:
    if name != file.parent.name:
        raise DeclarationError(f"{file}: name: expected {file.parent.name!r} like its folder, found {name!r}")


def _has_fetch(file: Path, source: Source, field: str) -> None:
    if source.fetch is not None and not (file.parent / source.fetch.file).is_file():
        raise DeclarationError(
            f"{file}: {field}: expected fetch(window, connection) in {source.fetch.file} of the same folder, found no such file"
        )
