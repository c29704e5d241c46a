"""Whatever is measured, a picture has numbers alone: one that is none would be an error in the reader's browser."""

from __future__ import annotations

import datetime as dt
import re

from hypothesis import given
from hypothesis import strategies as st

from include.status_page import signed_bars
from include.status_page.drawing import chart

ANY = st.none() | st.floats() | st.sampled_from([0.0, 1e308, -1e308, 5e-324])
FIRST = dt.date(2024, 2, 26)


@given(st.lists(st.tuples(ANY, ANY, ANY, st.booleans()), max_size=12), st.booleans())
def test_a_chart_has_numbers_alone_within_its_frame(
    rows: list[tuple[float | None, float | None, float | None, bool]], from_zero: bool
) -> None:
    days = [FIRST + dt.timedelta(days=place) for place in range(len(rows))]
    values, second, limits, marked = ([row[place] for row in rows] for place in range(4))
    made = chart(days, values, second, limits, marked, [(FIRST, "version 2")], from_zero)  # type: ignore[arg-type]
    numbers = [float(one) for path in (made.line, made.second, made.limit) for one in re.findall(r"[^MLh ]+", path)]
    numbers += [place for mark in (*made.points, *made.changes) for place in (mark.x, mark.y)]
    numbers += [] if made.last is None else [made.last.x, made.last.y]
    assert all(0 <= one <= max(made.width, made.height) for one in numbers), made


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_bars_stay_within_their_width(values: list[float]) -> None:
    for bar in signed_bars.bars(values):
        assert 0 <= bar.x <= bar.x + bar.length <= signed_bars.WIDTH
