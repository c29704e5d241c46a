"""How much a comparison reads at most: it answers a person who waits, also beside ten million rows a day."""

from __future__ import annotations

# The newest days that both scored, and of these so many rows; at least one day is read.
MOST_DAYS, MOST_ROWS = 60, 200_000
# Rows that are scored again where no scores of both are stored.
MOST_SCORED_AGAIN = 50_000
# Slices and lines of the declaration that are told.
MOST_SLICES, MOST_LINES = 40, 60
# Draws of days: half of the gate's, which a person does not wait for.
RESAMPLES = 2_000
# Fewer days can't tell a better model from a lucky week: as in the gate (docs/decisions/0022).
MIN_DAYS = 5
# Of a recorded text, so many characters are shown.
LONGEST = 200
