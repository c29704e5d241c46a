"""The result of a stage: a dataclass of its own, which ``--result FILE`` gets as one JSON object."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of every stage.

    Attributes:
        status: one word; ``none``: there was nothing to do, and ``message`` gives the reason.
        message: for people; empty when ``status`` is enough.
    """

    status: str
    message: str = ""

    def as_json(self) -> dict[str, Any]:
        """The JSON object; days are left to its writer. A message that is empty is left out."""
        content = asdict(self)
        return content if self.message else {name: value for name, value in content.items() if name != "message"}
