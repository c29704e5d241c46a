"""A use case's own computation of its label, ``labels.py`` in its folder: loading it, and the digest of what it does."""

from __future__ import annotations

from types import ModuleType

from lakehouse import fingerprints
from lakehouse.declaration import loader, own_module, transform
from lakehouse.declaration.use_case import UseCase

FILE = "labels.py"


def load(use_case: UseCase) -> ModuleType:
    """The module whose ``build(days, inputs)`` makes the column ``value`` that the label is made of.

    Raises:
        DeclarationError: when the module can't be imported or has no ``build``.
    """
    return own_module.load(use_case, FILE, "build", "days, inputs")


def code_digest(use_case: UseCase) -> str:
    """Digest of ``labels.py`` and the use case's modules that it imports, by what they do; comments make no difference.

    Raises:
        DeclarationError: when one of the modules is no Python.
    """
    return fingerprints.digest(*transform.syntax_of(loader.folder(use_case) / FILE))
