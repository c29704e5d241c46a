"""A Python module of a declaration's own folder, such as ``features.py``: importing it from its file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from lakehouse.declaration import loader
from lakehouse.declaration.feature_group import FeatureGroup
from lakehouse.declaration.owner import Owner
from lakehouse.declaration.shared_source import SharedSource
from lakehouse.errors import DeclarationError


def load(owner: Owner, file_name: str, function: str, arguments: str) -> ModuleType:
    """The module ``file_name`` of the folder of a use case or a shared source.

    It has a ``function``; ``arguments`` says in words what that takes.

    Raises:
        DeclarationError: when the module can't be imported or has no such function.
    """
    file = loader.folder(owner) / file_name
    kind = "source" if isinstance(owner, SharedSource) else "use_case"
    what = f"group_{owner.table_name}" if isinstance(owner, FeatureGroup) else f"{kind}_{owner.name}"
    return from_file(file, f"{what}_{Path(file_name).stem}", function, arguments)


def from_file(file: Path, name: str, function: str, arguments: str) -> ModuleType:
    """The module of that file, imported by a name of its own; the same promises.

    Raises:
        DeclarationError: when it can't be imported or has no such function.
    """
    specification = importlib.util.spec_from_file_location(name, file)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    # A module that ends the process would end the job as if it were done.
    except (Exception, SystemExit) as error:
        text = " ".join(str(error).split())
        raise DeclarationError(f"{file}: can't be imported: {type(error).__name__}: {text}") from error
    if not callable(getattr(module, function, None)):
        raise DeclarationError(f"{file}: expected a function {function}({arguments}), found none")
    return module
