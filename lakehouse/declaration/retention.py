"""How long rows and files stay: by layer for the whole platform, by table of a use case, a source or a dataset; and holds.

What is not declared stays for ever.
"""

from __future__ import annotations

import datetime as dt
import difflib
from typing import Annotated, Any

from pydantic import Field, model_validator

from lakehouse.declaration.rollout import Retirement
from lakehouse.declaration.section import Section

# So many of the newest days stay.
KeptDays = Annotated[int, Field(ge=1, le=36_600)]


def meant(name: str, known: list[str]) -> str:
    """The end of a message about a name that is not known: what may have been meant, and what there is."""
    near = difflib.get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"expected one of {', '.join(sorted(known))}"


class Named(Section):
    """A section whose fields are names of tables: one that is mistyped would keep rows for ever, or not at all."""

    @model_validator(mode="before")
    @classmethod
    def _names_are_known(cls, value: Any) -> Any:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        if isinstance(value, dict) and (
            others := [str(name) for name in value if name not in {*known, *cls.model_fields}]
        ):
            raise ValueError("; ".join(f"{name}: {meant(name, known)}" for name in others))
        return value


class SourceRetention(Named):
    """So many of the newest days of a source's files and tables stay."""

    landing: KeptDays | None = None
    bronze: KeptDays | None = None
    silver: KeptDays | None = None
    rejects: KeptDays | None = None


class UseCaseRetention(SourceRetention):
    """The same of a use case's gold tables, and of the sources that it declares itself."""

    features: KeptDays | None = None
    scores: KeptDays | None = None
    reasons: KeptDays | None = None
    outcomes: KeptDays | None = None
    performance: KeptDays | None = None
    estimates: KeptDays | None = None
    drift: KeptDays | None = None
    drift_counts: KeptDays | None = None
    alarm_counts: KeptDays | None = None
    residuals: KeptDays | None = None


class DatasetRetention(Named):
    """The same of a dataset's tables that have days. What versions are made of is a version's."""

    documents: KeptDays | None = None
    summaries: KeptDays | None = None
    profile: KeptDays | None = None


class Layers(Named):
    """So many of the newest days of every table of a layer stay, where nothing nearer says otherwise."""

    landing: KeptDays | None = None
    bronze: KeptDays | None = None
    silver: KeptDays | None = None
    gold: KeptDays | None = None
    ops: KeptDays | None = None
    # So many days after its retirement the files of a model version go, where its use case declares no rollout.retirement.
    artifacts: Annotated[int, Field(ge=0, le=3660)] | None = None

    @property
    def retirement(self) -> Retirement | None:
        """How versions are retired where their use case does not say."""
        return None if self.artifacts is None else Retirement(files_days=self.artifacts)


class Hold(Named):
    """Days that stay whatever else is declared.

    ``what``: a layer, a table by its full name, or a use case, source or dataset, of which every table and file is meant. The
    files of a use case's models are held by its name or as the layer ``artifacts``, whatever the days.
    ``until``: the last day on which it holds; left out, it holds until it is taken out of the file.
    """

    what: str = Field(min_length=1)
    first: dt.date = Field(alias="from")
    through: dt.date
    reason: str = Field(min_length=1, max_length=500)
    until: dt.date | None = None

    @model_validator(mode="after")
    def _runs_forward(self) -> Hold:
        if self.through < self.first:
            raise ValueError(f"from ({self.first}) must not lie after through ({self.through})")
        return self

    def holds(self, today: dt.date) -> bool:
        """Whether it still holds."""
        return self.until is None or today <= self.until


class Retention(Named):
    """``retention.yaml`` in a folder of declarations: the whole platform's."""

    layers: Layers = Field(default_factory=Layers)
    # By full name, such as gold.<use_case>_scores; nearer than what a use case or a source says.
    tables: dict[str, KeptDays] = Field(default_factory=dict)
    holds: tuple[Hold, ...] = ()
