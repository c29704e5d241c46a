"""Checking what a declaration's file says by its model; what was found right before is not checked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from lakehouse.declaration import kept, yaml_file
from lakehouse.declaration.dataset import Dataset
from lakehouse.declaration.feature_group import FeatureGroup
from lakehouse.declaration.known import Known
from lakehouse.declaration.section import Section
from lakehouse.declaration.shared_source import SharedSource
from lakehouse.declaration.use_case import UseCase
from lakehouse.errors import DeclarationError

Model = TypeVar("Model", bound=Section)
# So many signs of a wrong value are shown.
MOST_SHOWN = 300


@dataclass(frozen=True)
class Shared:
    """What stands on its own for all use cases to read: the same for declarations that say the same.

    Attributes:
        digest: of all that their files say.
        sources: by name; None is a source whose declaration is wrong.
        groups: by name and version; None is a feature group whose declaration is wrong.
    """

    digest: bytes = b""
    sources: Mapping[str, SharedSource | None] = field(default_factory=dict, compare=False)
    groups: Mapping[tuple[str, int], FeatureGroup | None] = field(default_factory=dict, compare=False)

    def digest_with(self, text: str) -> bytes:
        """Of what decides what a use case, or a feature group, with this text is."""
        return kept.digest(text.encode() + self.digest)

    @property
    def known(self) -> Known:
        """The same as a check of a declaration is given it."""
        return Known(self.sources, self.groups)


# One process asks again and again, as for the file of each DAG; the text is read each time, so that an edit is seen.
@lru_cache(maxsize=2048)
def use_case(file: Path, text: str, shared: Shared) -> UseCase:
    """What a file with this text declares, beside these shared sources.

    Raises:
        DeclarationError: with the file, the field, and what was expected.
    """
    known = kept.declared(file, shared.digest_with(text))
    return known if isinstance(known, UseCase) else _checked(UseCase, file, text, shared.known)


@lru_cache(maxsize=2048)
def feature_group(file: Path, text: str, shared: Shared) -> FeatureGroup:
    """What a file with this text declares, beside these shared sources.

    Raises:
        DeclarationError: with the file, the field, and what was expected.
    """
    known = kept.declared(file, shared.digest_with(text))
    return known if isinstance(known, FeatureGroup) else _checked(FeatureGroup, file, text, shared.known)


@lru_cache(maxsize=2048)
def dataset(file: Path, text: str, shared: Shared) -> Dataset:
    """What a file with this text declares, beside these shared sources.

    Raises:
        DeclarationError: with the file, the field, and what was expected.
    """
    known = kept.declared(file, shared.digest_with(text))
    return known if isinstance(known, Dataset) else _checked(Dataset, file, text, shared.known)


@lru_cache(maxsize=2048)
def shared_source(file: Path, text: str) -> SharedSource:
    """What a file with this text declares.

    Raises:
        DeclarationError: with the file, the field, and what was expected.
    """
    known = kept.declared(file, kept.digest(text.encode()))
    return known if isinstance(known, SharedSource) else _checked(SharedSource, file, text)


def section(model: type[Model], file: Path, text: str) -> Model:
    """What a file with this text declares, where it is a declaration of this kind and names nothing of others.

    Raises:
        DeclarationError: with the file, the field, and what was expected.
    """
    return _checked(model, file, text)


def _checked(model: type[Model], file: Path, text: str, context: Any = None) -> Model:
    try:
        return model.model_validate(yaml_file.content(file, text), context=context)
    except ValidationError as error:
        raise DeclarationError(f"{file}: {_explain(error)}") from error


def _explain(error: ValidationError) -> str:
    """All problems in one line, each as ``field: what was expected``."""
    problems, found = [], error.errors(include_url=False)
    wrong_inside = {problem["loc"][:size] for problem in found for size in range(len(problem["loc"]))}
    for problem in found:
        if problem["type"] == "too_short" and problem["loc"] in wrong_inside:
            # Its items are there, and wrong: they count as none.
            continue
        field = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "missing":
            message = "is missing, and is required"
        elif problem["type"] == "extra_forbidden":
            message = "is not a field that is known here; remove it, or correct its name"
        elif problem["type"] not in ("value_error",):
            message = f"{message}, found {_shown(problem['input'])}"
        problems.append(f"{field}: {message}" if field else message)
    return "; ".join(problems)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."
