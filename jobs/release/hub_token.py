"""The token of the Hub: taken from the environment, sent in a header, and shown nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field

from lakehouse.declaration.dataset_release import Hub
from lakehouse.errors import ConnectionWrong
from lakehouse.settings import secret_variables


@dataclass(frozen=True)
class Token:
    """A token of the Hub. Its ``repr`` shows none."""

    value: str = field(repr=False)

    @classmethod
    def of(cls, hub: Hub) -> Token:
        """From the environment's variable that is declared.

        Raises:
            ConnectionWrong: when it has none, or what can't be one. It is never shown.
        """
        value = (secret_variables.value(hub.token_variable) or "").strip()
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            what = "characters that no token has; its text is not shown" if value else "nothing"
            raise ConnectionWrong(
                f"{hub.token_variable}: expected a token of the Hub that may write to {hub.repo} in this variable, found {what}; "
                "set it where the job runs"
            )
        return cls(value)

    def without(self, text: str) -> str:
        """``text`` with stars where it quotes the token."""
        return text.replace(self.value, "***")
