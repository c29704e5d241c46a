"""A use case's own transformation, ``features.py`` in its folder: loading it, and the digest of what it does."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from lakehouse import fingerprints, settings
from lakehouse.declaration import loader, own_module
from lakehouse.declaration.feature_group import FeatureGroup
from lakehouse.declaration.use_case import UseCase
from lakehouse.errors import DeclarationError

FILE = "features.py"


def load(use_case: UseCase | FeatureGroup) -> ModuleType:
    """The module of the feature transform of a use case or a group, whose ``build(days, inputs)`` makes the features.

    Raises:
        DeclarationError: when the module can't be imported or has no ``build``.
    """
    return own_module.load(use_case, FILE, "build", "days, inputs")


def code_digest(use_case: UseCase) -> str:
    """Digest of all that is the use case's own and decides the features' values.

    These are ``features.py`` and the use case's modules that it imports, directly or not, by what they do; and the declared
    entity, inputs and features. Two builds of equal inputs with equal digests give equal rows. Other modules of the folder,
    comments and docstrings make no difference; neither does the platform's code, which has versions.

    Raises:
        DeclarationError: when one of the modules is no Python.
    """
    parts = syntax_of(loader.folder(use_case) / FILE)
    parts += [part.model_dump_json() for part in (use_case.entity, *use_case.inputs, *use_case.features)]
    return fingerprints.digest(*parts)


def group_digest(group: FeatureGroup) -> str:
    """The same of a feature group: its modules, and the declared key, inputs and features."""
    parts = syntax_of(loader.folder(group) / FILE)
    parts += [part.model_dump_json() for part in (*group.key, *group.inputs, *group.features)]
    return fingerprints.digest(*parts)


def syntax_of(file: Path) -> list[str]:
    """What ``file`` and the use case's modules that it imports do, each by its name and a digest of its code.

    Raises:
        DeclarationError: when one of them is no Python.
    """
    return [_syntax(module) for module in sorted(own_modules(file))]


def own_modules(file: Path) -> set[Path]:
    """``file`` and all modules under the roots of the use cases that it imports, directly or not."""
    roots = {root.resolve() for root in settings.load().use_case_roots} | {file.resolve().parent}
    modules, open_files = set[Path](), [file.resolve()]
    while open_files:
        module = open_files.pop()
        if module not in modules:
            modules.add(module)
            open_files += [found for name in _imported(module) for found in _files(name, roots)]
    return modules


def _imported(file: Path) -> Iterator[str]:
    """The dotted names that the module imports, those of what it takes from a module among them."""
    for node in ast.walk(_parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(name: str, roots: set[Path]) -> Iterator[Path]:
    """The files under ``roots`` that importing ``name`` runs: its packages', and its own. Nothing is imported to find them."""
    first, *rest = name.split(".")
    specification = importlib.util.find_spec(first)
    if specification is None:
        return
    locations = specification.submodule_search_locations
    for place in [Path(one).resolve() for one in locations] if locations else [_without_suffix(specification.origin)]:
        # Packages of others, the platform among them, are not looked through.
        if not any(place.is_relative_to(root) or root.is_relative_to(place) for root in roots):
            continue
        for part in (*rest, None):
            for file in (place / "__init__.py", place.with_suffix(".py")):
                if file.is_file() and any(file.is_relative_to(root) for root in roots):
                    yield file
            if part is not None:
                place = place / part


def _without_suffix(origin: str | None) -> Path:
    return Path(origin or "").resolve().with_suffix("")


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise DeclarationError(f"{file}: expected Python: {error}") from error


def _syntax(file: Path) -> str:
    return f"{file.name} {fingerprints.syntax_digest(file.read_text(encoding='utf-8'))}"
