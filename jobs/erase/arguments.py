"""The command line of erase."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from jobs.arguments import WithDryRun
from jobs.options import option, words
from lakehouse.errors import BadArguments


@dataclass(frozen=True, kw_only=True)
class EraseArguments(WithDryRun):
    """What is taken out of everything, and why: a row of a source by its key, or all that is about a subject."""

    source: str | None = field(default=None, metadata=option("name of a declared source, whose key is given"))
    subject: str | None = field(
        default=None, metadata=option("name of a subject that sources declare, such as customer, instead of --source")
    )
    key: tuple[str, ...] = field(
        default=(),
        metadata=option(
            "the key: its value; of several columns VALUE,VALUE in their order, or --key column=VALUE for each",
            action="append",
        ),
    )
    key_file: Path | None = field(
        default=None,
        metadata=option(
            "a file with the key, a line for each --key: so that it is in no list of processes and in no shell's history",
            type=Path,
        ),
    )
    document: str | None = field(default=None, metadata=option("the same as --key, for the documents of datasets"))
    despite_hold: bool = field(
        default=False, metadata=option("erase also what retention.yaml holds", action="store_true")
    )
    replay: bool = field(
        default=False,
        metadata=option(
            "instead of a key: erase again what was erased before and is there, as after a restore from an older backup",
            action="store_true",
        ),
    )
    reason: str = field(default="", metadata=option("why, for the record of erasures", type=words))
    reason_file: Path | None = field(
        default=None,
        metadata=option("a file with the reason, which may name the key as people do, instead of --reason", type=Path),
    )

    def __post_init__(self) -> None:
        """Refuse a command line that does not say exactly what is to be erased."""
        object.__setattr__(self, "key", tuple(self.key or ()))
        if self.reason_file is not None:
            object.__setattr__(self, "reason", _reason(self.reason_file))
        if self.replay:
            if self.subject or self.key or self.key_file is not None or self.document is not None:
                raise BadArguments(
                    "--replay takes no key and no subject: the record of erasures has them; nothing was erased"
                )
            return
        if not self.reason:
            raise BadArguments("expected --reason, for the record of erasures; nothing was erased")
        if (self.source is None) == (self.subject is None):
            raise BadArguments("expected one of --source, whose key is given, and --subject; nothing was erased")
        if [bool(self.key), self.key_file is not None, self.document is not None].count(True) != 1:
            raise BadArguments(
                "expected what is to be erased, by one of --key, --key-file and --document; nothing was erased"
            )

    @property
    def given(self) -> tuple[str, ...]:
        """What was typed for the key.

        Raises:
            BadArguments: when the file with it can't be read.
        """
        if self.key_file is None:
            return self.key if self.document is None else (self.document,)
        return tuple(_lines("--key-file", "the key", self.key_file))


def _lines(option_name: str, what: str, file: Path) -> list[str]:
    """The lines of a file that stands for an option.

    Raises:
        BadArguments: when it can't be read.
    """
    try:
        # Other signs that end a line may be in a key.
        return file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadArguments(
            f"{option_name} {file}: expected a text file with {what}, found: {type(error).__name__}; nothing was erased"
        ) from None


def _reason(file: Path) -> str:
    try:
        return words(" ".join(_lines("--reason-file", "the reason", file)))
    except argparse.ArgumentTypeError as error:
        raise BadArguments(f"--reason-file: {error}; nothing was erased") from None
