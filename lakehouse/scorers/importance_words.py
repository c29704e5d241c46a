"""What a feature's importance is, by the model's kind, in words for people."""

from __future__ import annotations

IMPORTANCE = {
    "boosted": "share of the total gain",
    "linear": "share of the terms' spread over the training rows",
    "blend": "mean share of the trees' gain and of the terms' spread",
}
