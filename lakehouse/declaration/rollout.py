"""The life of a model version: in shadow of the champion, rolled back, and retired."""

from __future__ import annotations

from pydantic import Field, model_validator

from lakehouse.declaration.section import Section


class Retirement(Section):
    """When versions that are no longer in use are retired."""

    # A version that scored one of the newest so many days stays in service, for the reasons of its scores.
    scores_days: int = Field(default=400, ge=1, le=36_600)
    # A version's files are removed so many days after its retirement; its page and tags stay.
    files_days: int = Field(default=30, ge=0, le=3660)


class Rollout(Section):
    """Which version scores in shadow, whose decision counts, and when a promotion is rolled back automatically."""

    # The challenger scores every entity every night, in shadow.
    shadow: bool = False
    # For this share of the entities, always the same ones, the challenger's decision counts.
    canary_share: float = Field(default=0.0, ge=0, le=0.5)
    # After a promotion the former champion scores in shadow for so many nights, before any challenger does.
    former_nights: int = Field(default=0, ge=0, le=366)
    # Roll back when the former champion is better by this on the gate's metric. None: never automatically.
    rollback_margin: float | None = Field(default=None, gt=0)
    # The least nights and labelled rows that both scored.
    rollback_nights: int = Field(default=3, ge=2, le=366)
    rollback_rows: int = Field(default=500, ge=1)
    # Whether the version that is champion again scores the nights since the promotion again.
    rollback_rescores: bool = True
    # None: versions are never retired.
    retirement: Retirement | None = None

    @model_validator(mode="after")
    def _parts_agree(self) -> Rollout:
        if self.canary_share and not self.shadow:
            raise ValueError(
                f"canary_share ({self.canary_share:g}): only a challenger that scores can decide; expected shadow: true"
            )
        if self.rollback_margin is not None and self.former_nights < self.rollback_nights:
            raise ValueError(
                f"rollback_margin: the former champion scores {self.former_nights} night(s) in shadow (former_nights), fewer "
                f"than the {self.rollback_nights} that a rollback needs (rollback_nights)"
            )
        return self
