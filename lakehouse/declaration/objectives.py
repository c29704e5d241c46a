"""What a model may be trained for: its objective, the scale that its trees add up on, and the labels that it can take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lakehouse.declaration.metric_catalogue import Task

Scale = Literal["identity", "log", "logit", "softmax"]

_UNITS: Mapping[Scale, str] = {
    "identity": "the unit of the value",
    "log": "natural logarithms of the value",
    "logit": "log-odds",
    "softmax": "log-probability of the decided class, less a term that all classes share",
}


@dataclass(frozen=True)
class Objective:
    """One of XGBoost's objectives.

    Attributes:
        scale: what trees, contributions and base value add up in. ``identity``: the sum is the score; ``log``: the score is e to
            the power of the sum; ``logit``: the score is the logistic function of it; ``softmax``: a sum a class, and the
        probability of a class is e to the power of its sum as a share of those of all.
        above: labels and scores lie above this; None without a bound.
        at_least: or at or above this.
        at_most: and at or below this.
        needs: a parameter that it can't do without.
    """

    scale: Scale = "identity"
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    needs: str | None = None

    @property
    def unit(self) -> str:
        """What contributions and base values are measured in, in words."""
        return _UNITS[self.scale]

    def score(self, margin: float) -> float:
        """The score that a sum of base value and contributions makes; of several classes no sum makes one alone."""
        if self.scale == "softmax":
            raise AssertionError("expected the sums of all classes, found one")
        if self.scale == "identity":
            return margin
        if self.scale == "log":
            return math.exp(margin) if margin < 700 else math.inf
        return 1 / (1 + math.exp(-margin)) if margin > -700 else 0.0

    def steepness(self, margin: float) -> float:
        """By how much a score can differ at most where its margin differs by a little, as a multiple of that."""
        return self.score(margin) if self.scale == "log" else 1.0

    @property
    def labels(self) -> str:
        """Which labels it can take, in words."""
        low = f"above {self.above:g}" if self.above is not None else ""
        low = f"at least {self.at_least:g}" if self.at_least is not None else low
        high = f"at most {self.at_most:g}" if self.at_most is not None else ""
        return " and ".join(filter(None, (low, high))) or "any number"


CLASSIFICATION = "binary:logistic"
REGRESSION = "reg:squarederror"
MULTICLASS = "multi:softprob"
DEFAULT: Mapping[Task, str] = {"classification": CLASSIFICATION, "regression": REGRESSION, "multiclass": MULTICLASS}

# Others of XGBoost's predict no number in the label's unit (rank, survival, hinge), or a class without probabilities.
OBJECTIVES: Mapping[Task, Mapping[str, Objective]] = {
    "classification": {CLASSIFICATION: Objective("logit", at_least=0, at_most=1)},
    "multiclass": {MULTICLASS: Objective("softmax", at_least=0)},
    "regression": {
        REGRESSION: Objective(),
        "reg:absoluteerror": Objective(),
        "reg:pseudohubererror": Objective(),
        "reg:quantileerror": Objective(needs="quantile_alpha"),
        "reg:squaredlogerror": Objective(above=-1),
        "count:poisson": Objective("log", at_least=0),
        "reg:gamma": Objective("log", above=0),
        "reg:tweedie": Objective("log", at_least=0),
        "reg:logistic": Objective("logit", at_least=0, at_most=1),
    },
}
