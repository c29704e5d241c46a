"""The declaration's file: read before the walk, written after it, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.calibrate.yaml_edit import Edit, edited
from lakehouse.declaration import UseCase, loader, yaml_file
from lakehouse.errors import DeclarationError


@dataclass(frozen=True)
class DeclaredFile:
    """A file and the bytes that it had when the use case was read."""

    file: Path
    content: bytes

    @classmethod
    def of(cls, use_case: UseCase) -> DeclaredFile:
        """The file that declares the use case, as it is now.

        Raises:
            DeclarationError: when it can't be written: said before the walk, which takes minutes.
        """
        file = loader.folder(use_case) / loader.FILE
        for place in (file.resolve(), file.resolve().parent):
            if not os.access(place, os.W_OK):
                raise DeclarationError(
                    f"{file}: expected to write it, found that {place} is not writable; run again where the declaration is "
                    "edited, or without --write and take the values from the answer"
                )
        found = cls(file, file.read_bytes())
        if found._declares(yaml_file.text(file)) != use_case:
            raise found._changed()
        return found

    def write(self, sections: Mapping[str, Mapping[str, Edit]]) -> bool:
        """Change these fields, and nothing else.

        Returns:
            Whether anything had to be changed.

        Raises:
            DeclarationError: when the file was changed since it was read, when these fields can't be changed alone, or when the
                result would be no right declaration. The file is as it was.
        """
        if not any(sections.values()):
            return False
        text = self.content.decode("utf-8")
        new = edited(text, sections)
        before, after = (yaml_file.content(self.file, one) for one in (text, new))
        if after != _patched(before, sections):
            raise DeclarationError(
                f"{self.file}: expected to change {_named(sections)} alone, found that another field would change with them, as "
                "with an anchor that others use; write the values by hand"
            )
        self._declares(new)
        # A link stays one: what it leads to is written.
        target = self.file.resolve()
        draft = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            draft.write_bytes(new.encode("utf-8"))
            shutil.copymode(target, draft)
            if target.read_bytes() != self.content:
                raise self._changed()
            draft.replace(target)
        except OSError as error:
            raise DeclarationError(
                f"{self.file}: expected to write it, found: {error.strerror or error}; it is as it was"
            ) from error
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
        return True

    def _declares(self, text: str) -> UseCase:
        return loader.load(self.file, text)

    def _changed(self) -> DeclarationError:
        return DeclarationError(
            f"{self.file}: expected it as it was when the limits were measured, found that it was changed since; nothing is "
            "written: run again"
        )


def _patched(content: Mapping[str, Any], sections: Mapping[str, Mapping[str, Edit]]) -> dict[str, Any]:
    values = {name: {field: edit.value for field, edit in edits.items()} for name, edits in sections.items()}
    return {**content, **{name: {**content[name], **changed} for name, changed in values.items()}}


def _named(sections: Mapping[str, Mapping[str, Edit]]) -> str:
    return ", ".join(f"{name}.{field}" for name, edits in sections.items() for field in edits)
