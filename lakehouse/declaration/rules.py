"""What decides besides the model: rules on the scoring path, and the fallbacks for rows that the model can't score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from lakehouse.declaration.section import Name, Section, refuse

# What a row is decided by, in the column ``decided_by``.
MODEL, RULE, FALLBACK = "model", "rule", "fallback"
# The names of the fallbacks that are no rule.
LAST_SCORE, BASE_RATE = "last_score", "base_rate"

Action = Literal["decide", "limit", "block", "send_to", "use_fallback"]
# What is decided: yes or no, or one of several classes.
Decided = bool | str | int


class Rule(Section):
    """A condition in SQL over the entity, its features and its score, and what is done with the rows for which it is true.

    ``decide``: this is decided. ``cap`` and ``floor``: the score is at most, or at least, this, and the decision follows it.
    ``block``: nothing is decided. ``send_to``: a person decides. ``use_fallback``: the model's score is not used.
    """

    name: Name
    when: str = Field(min_length=1, max_length=4000)
    decide: Decided | None = None
    cap: float | None = None
    floor: float | None = None
    block: bool = False
    send_to: Name | None = None
    use_fallback: bool = False

    @model_validator(mode="after")
    def _does_one_thing(self) -> Rule:
        found = list(self._actions())
        if len(found) != 1:
            raise ValueError(
                f"expected one of decide, cap or floor, block, send_to and use_fallback, found {' and '.join(found) or 'none'}"
            )
        if self.cap is not None and self.floor is not None and self.floor > self.cap:
            raise ValueError(f"floor: expected at most cap ({self.cap:g}), found {self.floor:g}")
        return self

    def _actions(self) -> Iterator[Action]:
        if self.decide is not None:
            yield "decide"
        if self.cap is not None or self.floor is not None:
            yield "limit"
        if self.block:
            yield "block"
        if self.send_to is not None:
            yield "send_to"
        if self.use_fallback:
            yield "use_fallback"

    @property
    def action(self) -> Action:
        """What is done with its rows."""
        return next(self._actions())

    @property
    def words(self) -> str:
        """The same for people."""
        limits = [f"caps the score at {self.cap:g}"] if self.cap is not None else []
        limits += [f"raises the score to {self.floor:g}"] if self.floor is not None else []
        decided = str(self.decide).lower() if isinstance(self.decide, bool) else self.decide
        return {
            "decide": f"decides {decided}",
            "limit": " or ".join(limits),
            "block": "blocks the decision",
            "send_to": f"sends the row to {self.send_to}",
            "use_fallback": "does not use the model's score",
        }[self.action]


class LastScore(Section):
    """The entity's last score by a model, not older than so many days."""

    days: int = Field(ge=1, le=366)


class FallbackRule(Section):
    """A score, or a decision, for the rows for which a condition over the entity and its features is true; for all without one."""

    name: Name
    when: str | None = Field(default=None, min_length=1, max_length=4000)
    score: float | None = None
    decide: Decided | None = None

    @model_validator(mode="after")
    def _gives_something(self) -> FallbackRule:
        if self.score is None and self.decide is None:
            raise ValueError("score or decide: expected one of them, found none")
        return self


class Fallback(Section):
    """What scores a row that the model can't: exactly one of ``last_score``, ``base_rate`` and ``rule``."""

    last_score: LastScore | None = None
    base_rate: bool = False
    rule: FallbackRule | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Fallback:
        kinds = {LAST_SCORE: self.last_score is not None, BASE_RATE: self.base_rate, "rule": self.rule is not None}
        found = [name for name, given in kinds.items() if given]
        if len(found) != 1:
            refuse([f"expected one of {', '.join(kinds)}, found {' and '.join(found) or 'none'}"])
        return self

    @property
    def name(self) -> str:
        """What it is called in ``decided_by_name`` and ``score_from``."""
        return self.rule.name if self.rule is not None else BASE_RATE if self.base_rate else LAST_SCORE

    @property
    def covers_all(self) -> bool:
        """Whether it has a score for every row."""
        return self.base_rate or (self.rule is not None and self.rule.when is None)
