"""Reading a declaration's file, and what it says by `lakehouse.declaration.yaml_content`.

That is imported for a file whose declaration is not kept (`lakehouse.declaration.kept`): most jobs read no YAML.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lakehouse.errors import DeclarationError


def text(file: Path) -> str:
    """What is written in the file.

    Raises:
        DeclarationError: with the file, when it can't be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise DeclarationError(f"{file}: expected a file that can be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{file}: expected text in UTF-8: {error}; save the file in that encoding") from error


def content(file: Path, text: str) -> dict[str, Any]:
    """What a file with this text says.

    Raises:
        DeclarationError: with the file, and every line that is no plain YAML.
    """
    from lakehouse.declaration import yaml_content

    return yaml_content.content(file, text)
