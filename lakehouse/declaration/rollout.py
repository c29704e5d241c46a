"""How a model comes and goes: tried beside the champion, taken back, and put away."""

from __future__ import annotations

from pydantic import Field, model_validator

from lakehouse.declaration.section import Section


class Retirement(Section):
    """When versions that nobody needs any more are put away."""

    # A version that the scores of the newest so many days name stays: somebody may ask for its reasons.
    scores_days: int = Field(default=400, ge=1, le=36_600)
    # So many days after it was retired a version's files are removed; its page and tags stay.
    files_days: int = Field(default=30, ge=0, le=3660)


class Rollout(Section):
    """What scores beside the champion, whose decision counts, and when a former champion comes back by itself."""

    # The challenger scores every entity every night, beside the champion.
    shadow: bool = False
    # For this share of the entities, always the same ones, the challenger's decision counts.
    canary_share: float = Field(default=0.0, ge=0, le=0.5)
    # After a promotion the former champion scores beside the new one for so many nights, before any challenger.
    former_nights: int = Field(default=0, ge=0, le=366)
    # Rolled back by itself when the former champion is better by this on the gate's metric. None: never by itself.
    rollback_margin: float | None = Field(default=None, gt=0)
    # On so many nights and labelled rows at least, scored by both.
    rollback_nights: int = Field(default=3, ge=2, le=366)
    rollback_rows: int = Field(default=500, ge=1)
    # Whether the nights since the promotion are scored again by the version that came back.
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
                f"rollback_margin: the former champion scores {self.former_nights} night(s) beside the new one "
                f"(former_nights), fewer than the {self.rollback_nights} that are judged (rollback_nights)"
            )
        return self
