"""The command line of erase."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    document: str | None = field(default=None, metadata=option("the same as --key, for the documents of datasets"))
    reason: str = field(metadata=option("why, for the record of erasures", type=words))

    def __post_init__(self) -> None:
        """Refuse a command line that does not say exactly what is to be erased."""
        object.__setattr__(self, "key", tuple(self.key or ()))
        if (self.source is None) == (self.subject is None):
            raise BadArguments("expected one of --source, whose key is given, and --subject; nothing was erased")
        if bool(self.key) == (self.document is not None):
            raise BadArguments("expected --key with what is to be erased; nothing was erased")

    @property
    def given(self) -> tuple[str, ...]:
        """What was typed for the key."""
        return self.key if self.document is None else (self.document,)
