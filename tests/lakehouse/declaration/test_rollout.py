"""The section ``rollout`` of a declaration."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from lakehouse.declaration import Rollout


def test_left_out_nothing_scores_beside_the_champion_and_nothing_is_retired() -> None:
    rollout = Rollout()
    assert (rollout.shadow, rollout.canary_share, rollout.former_nights) == (False, 0, 0)
    assert rollout.rollback_margin is None and rollout.retirement is None


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"canary_share": 0.1}, "expected shadow: true"),
        ({"shadow": True, "canary_share": 0.6}, "less than or equal to 0.5"),
        ({"rollback_margin": 0.01, "former_nights": 2}, "fewer than the 3 that a rollback needs"),
        ({"retirement": {"scores_days": 0}}, "greater than or equal to 1"),
    ],
)
def test_what_makes_no_sense_is_refused(declared: dict[str, object], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        Rollout.model_validate(declared)
