"""What scores are worth as chances: a curve from a model's score to how often the label came, fitted on rows that it did not learn.

Two curves, both of which never fall:

- ``platt``: the logistic regression of the label on the score's log-odds (Platt 1999, without his smoothed targets; Cox 1958).
- ``isotonic``: the steps that fit best among all that never fall (Zadrozny and Elkan 2002), joined by straight lines.

Of several classes each has a curve of its own against all others, and the chances of a row are divided by their sum (Zadrozny and
Elkan 2002 again). The curves are numbers, kept as JSON: nothing is unpickled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

from pydantic.dataclasses import dataclass

from lakehouse.evaluation.population_stability import NUMBERS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Method = Literal["platt", "isotonic"]
METHODS: tuple[Method, ...] = get_args(Method)
# Log-odds of a score of 0 or 1 are not finite; this far from them scores count as the same.
SMALLEST = 1e-6


@dataclass(frozen=True, config=NUMBERS)
class Calibrator:
    """A curve from score to chance.

    Attributes:
        method: which curve.
        scores: of ``isotonic``, ascending; between two of them the chance is on a straight line, beyond them it stays.
        chances: at these scores, never falling.
        intercept, slope: of ``platt``, in log-odds; the slope is not negative.
    """

    method: Method
    scores: tuple[float, ...] = ()
    chances: tuple[float, ...] = ()
    intercept: float = 0.0
    slope: float = 1.0

    @classmethod
    def fit(cls, method: Method, label: Floats, score: Floats) -> Calibrator | None:
        """The curve of these rows; None where all labels are alike, which says nothing of scores.

        Args:
            method: which curve.
            label: shape (rows,), 1 or 0.
            score: shape (rows,), between 0 and 1.
        """
        if len(label) == 0 or label.min() == label.max():
            return None
        return _platt(label, score) if method == "platt" else _isotonic(label, score)

    def of(self, score: Floats) -> Floats:
        """The chance of each score, of the same shape."""
        import numpy as np

        if self.method == "isotonic":
            return np.interp(score, self.scores, self.chances)
        odds = self.intercept + self.slope * _log_odds(score)
        return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float64)


def chances(calibrators: Sequence[Calibrator], score: Floats) -> Floats:
    """The chances of rows: of a yes or no by its one curve, shape (rows,); of classes by one each, shape (rows, classes)."""
    import numpy as np

    if score.ndim == 1:
        return calibrators[0].of(score)
    own = np.column_stack([curve.of(score[:, place]) for place, curve in enumerate(calibrators)])
    total = own.sum(axis=1, keepdims=True)
    # Where every curve says never, the model's own probabilities are all that is known.
    return np.where(total > 0, own / np.where(total > 0, total, 1.0), score)


def moved(chance: Floats, by: float) -> Floats:
    """The chances of a yes, all moved by so much in log-odds: 0 and 1 stay."""
    if by == 0:
        return chance
    import numpy as np

    # By Bayes' rule, as a rate of yes that has changed moves each chance (Saerens, Latinne and Decaestecker 2002).
    raised = chance * np.exp(by)
    return np.asarray(raised / (raised + 1 - chance), dtype=np.float64)


def _platt(label: Floats, score: Floats) -> Calibrator:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    rate = float(label.mean())
    # A model that ranks the wrong way round says nothing, as it does to steps that never fall.
    constant = Calibrator("platt", intercept=float(np.log(rate / (1 - rate))), slope=0.0)
    odds = _log_odds(score)
    if odds.min() == odds.max():
        return constant
    fitted = LogisticRegression(C=np.inf).fit(odds.reshape(-1, 1), label)
    slope = float(fitted.coef_[0, 0])
    return Calibrator("platt", intercept=float(fitted.intercept_[0]), slope=slope) if slope > 0 else constant


def _isotonic(label: Floats, score: Floats) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(score, label)
    knots = tuple(map(float, fitted.X_thresholds_)), tuple(map(float, fitted.y_thresholds_))
    return Calibrator("isotonic", *knots)


def _log_odds(score: Floats) -> Floats:
    import numpy as np

    clipped = np.clip(score, SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float64)
