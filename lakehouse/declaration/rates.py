"""The rate card: what processor time, memory and written bytes cost here, since which day.

``rates.yaml`` in a folder of ``USE_CASE_ROOTS``, beside the use cases. A run is costed by the rates of the day on which it started,
so a new line changes nothing that was before it.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from lakehouse import settings
from lakehouse.declaration import declared, yaml_file
from lakehouse.declaration.dataset_budget import MICROS, Money
from lakehouse.declaration.section import Section, refuse, twice
from lakehouse.errors import DeclarationError

FILE = "rates.yaml"
HOUR_SECONDS = 3600
# As clouds sell memory and storage: 2**30 bytes.
GB = 2**30

HostKind = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]


class Rates(Section):
    """What is paid, in units of the card's currency.

    ``processor_hour``: an hour of one core's time. ``memory_gb_hour``: a GB that a run had at its peak, for an hour of its length.
    ``written_gb``: a GB of files that a run has written. ``run``: each run, whatever it does.
    """

    processor_hour: Money = Decimal(0)
    memory_gb_hour: Money = Decimal(0)
    written_gb: Money = Decimal(0)
    run: Money = Decimal(0)

    def micros(self, processor_seconds: float, memory_bytes: int, wall_seconds: float, written_bytes: int) -> int:
        """What a run costs, in millionths of the currency's unit, rounded once, to the nearest."""
        exact = (
            self.processor_hour * Decimal(str(processor_seconds)) / HOUR_SECONDS
            + self.memory_gb_hour * memory_bytes * Decimal(str(wall_seconds)) / GB / HOUR_SECONDS
            + self.written_gb * written_bytes / GB
            + self.run
        )
        return int((exact * MICROS).to_integral_value(ROUND_HALF_EVEN))


class DatedRates(Rates):
    """Rates since a day, and until the next line's; other ones for some kinds of hosts, as ``HOST_KIND`` names them there."""

    since: dt.date = Field(alias="from")
    hosts: dict[HostKind, Rates] = Field(default_factory=dict)

    def of_host(self, kind: str) -> Rates:
        """The rates of a kind of host: its own where it has some."""
        return self.hosts.get(kind, self)


class RateCard(Section):
    """The whole file: a currency, and rates from one day or several on."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    rates: tuple[DatedRates, ...] = Field(min_length=1)

    @field_validator("rates")
    @classmethod
    def _in_order(cls, rates: tuple[DatedRates, ...]) -> tuple[DatedRates, ...]:
        return tuple(sorted(rates, key=lambda one: one.since))

    @model_validator(mode="after")
    def _days_differ(self) -> RateCard:
        refuse(twice("rates.from", (one.since.isoformat() for one in self.rates)))
        return self

    def on(self, day: dt.date) -> DatedRates | None:
        """The rates of a day; None before the first line."""
        return next((one for one in reversed(self.rates) if one.since <= day), None)


def file(roots: tuple[Path, ...] | None = None) -> Path | None:
    """The rate card's file under the roots; None where there is none.

    Raises:
        DeclarationError: there are several, and nobody says which counts.
    """
    places = settings.load().use_case_roots if roots is None else roots
    found = [root / FILE for root in places if (root / FILE).is_file()]
    if len(found) > 1:
        names = ", ".join(map(str, found))
        raise DeclarationError(
            f"{FILE}: expected one among the folders of USE_CASE_ROOTS, found {names}; keep one of them"
        )
    return found[0] if found else None


def load(roots: tuple[Path, ...] | None = None) -> RateCard | None:
    """The rate card; None where none is declared: then nobody knows what runs cost.

    Raises:
        DeclarationError: with the file, the field, and what was expected.
    """
    found = file(roots)
    return None if found is None else declared.section(RateCard, found, yaml_file.text(found))
