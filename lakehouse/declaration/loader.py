"""Finding and loading use cases: every folder under a use-case root that holds a ``use_case.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from lakehouse import settings
from lakehouse.declaration import Source, UseCase, kept, reserved_names, yaml_file
from lakehouse.errors import BadArguments, DeclarationError

FILE = "use_case.yaml"


@dataclass(frozen=True)
class Declaration:
    """A folder with a declaration: what is written there, and the use case or the error that says what is wrong with it."""

    folder: Path
    text: str = ""
    use_case: UseCase | None = None
    error: DeclarationError | None = None


def find(roots: tuple[Path, ...] | None = None) -> list[Declaration]:
    """Load every declaration under the roots. An error in one does not hide the others."""
    declarations: list[Declaration] = []
    for root in settings.load().use_case_roots if roots is None else roots:
        for file in sorted(root.glob(f"*/{FILE}")):
            text = ""
            try:
                text = yaml_file.text(file)
                declarations.append(Declaration(file.parent, text, use_case=_checked(file, text)))
            except DeclarationError as error:
                declarations.append(Declaration(file.parent, text, error=error))
    if roots is None:
        kept.keep({one.folder / FILE: (one.text, one.use_case) for one in declarations if one.use_case is not None})
    return _without_collisions(declarations)


def declared() -> list[UseCase]:
    """The use cases whose declarations are right."""
    return [item.use_case for item in find() if item.use_case is not None]


def load(file: Path) -> UseCase:
    """Load one declaration.

    Raises:
        DeclarationError: with the file, the field, and what was expected.
    """
    return _checked(file, yaml_file.text(file))


def _checked(file: Path, text: str) -> UseCase:
    """What a file with this text declares, together with the other files of its folder."""
    use_case = _written(file, text)
    if use_case.name != file.parent.name:
        raise DeclarationError(f"{file}: name: expected {file.parent.name!r} like its folder, found {use_case.name!r}")
    if not (file.parent / "features.py").is_file():
        raise DeclarationError(
            f"{file}: features: expected the transform in features.py of the same folder, found none"
        )
    for source in use_case.sources:
        if source.fetch is not None and not (file.parent / source.fetch.file).is_file():
            raise DeclarationError(
                f"{file}: sources.{source.name}.fetch: expected fetch(window, connection) in {source.fetch.file} of the same "
                "folder, found no such file"
            )
    return use_case


# One process asks again and again, as for the file of each DAG; the text is read each time, so that an edit is seen.
@lru_cache(maxsize=2048)
def _written(file: Path, text: str) -> UseCase:
    """What a file with this text declares."""
    known = kept.use_case(file, text)
    if known is not None:
        return known
    try:
        return UseCase.model_validate(yaml_file.content(file, text))
    except ValidationError as error:
        raise DeclarationError(f"{file}: {_explain(error)}") from error


def in_folder(name: str) -> UseCase:
    """The use case of that name, found by its folder: no other declaration is read, so it may collide with one.

    Raises:
        BadArguments: when there is no such folder. DeclarationError: when its declaration is wrong.
    """
    for root in settings.load().use_case_roots:
        if (root / name / FILE).is_file():
            return load(root / name / FILE)
    raise BadArguments(f"there is no use case {name!r}")


def by_name(name: str) -> UseCase:
    """The use case of that name.

    Raises:
        BadArguments: when there is none. DeclarationError: when there is, but its declaration is wrong.
    """
    declarations = find()
    for item in declarations:
        if item.folder.name == name:
            if item.error is not None:
                raise item.error
            assert item.use_case is not None
            return item.use_case
    names = ", ".join(item.folder.name for item in declarations) or "none"
    raise BadArguments(f"there is no use case {name!r}; declared are: {names}")


def by_source(name: str) -> tuple[UseCase, Source]:
    """The source of that name and the use case that declares it.

    Raises:
        BadArguments: when no use case declares it.
    """
    use_cases = declared()
    for use_case in use_cases:
        for source in use_case.sources:
            if source.name == name:
                return use_case, source
    names = ", ".join(source.name for use_case in use_cases for source in use_case.sources) or "none"
    raise BadArguments(f"there is no source {name!r}; declared are: {names}")


def folder(use_case: UseCase) -> Path:
    """The folder that declares ``use_case``. No declaration is read: each has the name of its folder, and no two have the same.

    Raises:
        DeclarationError: when there is no such folder.
    """
    roots = settings.load().use_case_roots
    for root in roots:
        if (root / use_case.name / FILE).is_file():
            return root / use_case.name
    raise DeclarationError(
        f"use case {use_case.name}: expected {FILE} in a folder of that name under one of {roots}, found none"
    )


def _without_collisions(declarations: list[Declaration]) -> list[Declaration]:
    """Refuse a use case that takes a name, a source or a target that another one already has."""
    owner: dict[str, Path] = {}
    result = []
    for item in declarations:
        sources = () if item.use_case is None else item.use_case.sources
        names = [table for source in sources for table in reserved_names.of_silver(source.name)]
        names.append(f"use case {item.folder.name}")
        # Two use cases that write the same place would delete one another's rows.
        names += [] if item.use_case is None else [target.address.lower() for target in item.use_case.deliver]
        taken = next((name for name in names if name in owner), None)
        if item.use_case is not None and taken is not None:
            field = "sources" if " " not in taken else "name" if taken.startswith("use case ") else "deliver"
            error = DeclarationError(
                f"{item.folder / FILE}: {field}: {taken} is already declared in {owner[taken] / FILE}"
            )
            item = Declaration(item.folder, item.text, error=error)
        else:
            owner.update({name: item.folder for name in names})
        result.append(item)
    return result


def _explain(error: ValidationError) -> str:
    """All problems in one line, each as ``field: what was expected``."""
    problems = []
    for problem in error.errors(include_url=False):
        field = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "missing":
            message = "is missing, and is required"
        elif problem["type"] == "extra_forbidden":
            message = "is not a field that is known here; remove it, or correct its name"
        elif problem["type"] not in ("value_error",):
            message = f"{message}, found {problem['input']!r}"
        problems.append(f"{field}: {message}" if field else message)
    return "; ".join(problems)
