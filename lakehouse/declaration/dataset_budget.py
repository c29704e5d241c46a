"""What the calls of a dataset may cost, all together and for ever."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from lakehouse.declaration.section import Section

# Money is counted in millionths of the currency's unit.
MICROS = 1_000_000

Money = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=6)]


class TokenCosts(Section):
    """What a million tokens cost, in units of the budget's currency: those that are sent, and those that come back."""

    input: Money
    output: Money


class Budget(Section):
    """At most so much ``money`` and so many ``calls`` for the dataset, since its first call. A larger budget lets it go on.

    A call counts when it was answered, or when nobody knows whether it was. ``calls`` left out: no limit but money.
    """

    money: Money
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    calls: int | None = Field(default=None, ge=0)
    cost_per_million_tokens: TokenCosts

    @property
    def micros(self) -> int:
        """The money in millionths."""
        return int(self.money * MICROS)

    def cost_micros(self, input_tokens: int, output_tokens: int) -> int:
        """What so many tokens cost, in millionths, rounded up."""
        costs = self.cost_per_million_tokens
        # In millionths of a millionth, all of it whole numbers.
        exact = input_tokens * int(costs.input * MICROS) + output_tokens * int(costs.output * MICROS)
        return -(-exact // MICROS)

    def words(self, micros: int) -> str:
        """An amount for people."""
        return f"{Decimal(micros) / MICROS:.6f} {self.currency}"
