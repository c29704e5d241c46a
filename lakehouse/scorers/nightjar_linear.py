"""A linear model of coefficients in JSON, and its weighted mean with boosted trees.

MLflow carries this file with such a model, for applications without the platform's code: it needs no more than NumPy, and XGBoost
for the trees of a blend. Here and there the same lines score.

A linear model adds up one term a feature. That of a number is its coefficient times the value less the training rows' mean, and a
constant where it is not known; that of a category is a constant a level, and one where it is not known, less their mean over the
training rows. So the base value is the margin of a row with the mean of every number, all of them known.
"""

from __future__ import annotations

import base64
import json
from typing import Any

# By its first bytes a file is known to be one of these; XGBoost's begin otherwise.
SIGN = b'{"nightjar_model":'
LINEAR, BLEND = "linear", "blend"
# Of a blend: trees and coefficients count alike.
EVEN = 0.5


class Linear:
    """Coefficients behind the interface of all models.

    Args:
        said: the content of the file. ``scale``: how a margin becomes a score, ``identity``, ``log``, ``logit`` or ``softmax``.
            ``base``: the base value, a number a class. ``terms``: by feature, in the model's order, ``mean`` and
            ``weight`` of a number, ``levels`` of a category (a list of numbers a level), and ``missing``. ``importance``: by
            feature. ``texts``: by name.
    """

    kind = LINEAR

    def __init__(self, said: dict[str, Any]) -> None:
        import numpy as np

        self.said = said
        self.scale: str = said["scale"]
        self.feature_names: list[str] = list(said["terms"])
        self._base = np.array(said["base"], dtype=np.float64)
        self._terms = [_Term(term, len(self._base)) for term in said["terms"].values()]

    def attr(self, name: str) -> str | None:
        """A text of the file."""
        text: str | None = self.said["texts"].get(name)
        return text

    def set_attr(self, **texts: str) -> None:
        """Keep texts in the file."""
        self.said["texts"].update(texts)

    def margin(self, matrix: Any) -> Any:
        """Base value and terms, added up in the order of the features: so a row's digits do not depend on the others."""
        import numpy as np

        total = np.tile(self._base, (len(matrix), 1))
        for position, term in enumerate(self._terms):
            total += term.of(_column(matrix, position))
        return total if self.scale == "softmax" else total[:, 0]

    def score(self, matrix: Any) -> Any:
        """Probability or value of each row."""
        return score_of(self.scale, self.margin(matrix))

    def contributions(self, matrix: Any, by_tables: bool = False, threads: int = 1, of_class: Any = None) -> Any:
        """The terms themselves."""
        import numpy as np

        rows = np.arange(len(matrix))
        chosen = np.zeros(len(matrix), dtype=np.intp) if of_class is None else of_class
        values = np.empty((len(matrix), len(self._terms)))
        for position, term in enumerate(self._terms):
            values[:, position] = term.of(_column(matrix, position))[rows, chosen]
        return values, self._base[chosen]

    def importance(self) -> dict[str, float]:
        """Each feature's share of the terms' spread over the training rows."""
        return dict(self.said["importance"])

    def content(self) -> bytes:
        """The file: JSON, in which a number has all of its digits."""
        return json.dumps({"nightjar_model": LINEAR, **self.said}, separators=(",", ":")).encode()


class Blend:
    """The weighted mean of boosted trees and of a linear model, in log-odds (or the unit of the margin): so reasons stay exact.

    Args:
        boosted: the trees, behind the same interface.
        linear: the coefficients, of the same features and levels.
        share: how much the trees count, from 0 to 1; the coefficients count the rest.
    """

    kind = BLEND

    def __init__(self, boosted: Any, linear: Linear, share: float = EVEN) -> None:
        self.boosted, self.linear, self.share = boosted, linear, share
        self.feature_names = linear.feature_names

    def attr(self, name: str) -> str | None:
        """A text of the file."""
        return self.linear.attr(name)

    def set_attr(self, **texts: str) -> None:
        """Keep texts in the file."""
        self.linear.set_attr(**texts)

    def margin(self, matrix: Any) -> Any:
        """The mean of both margins."""
        return self._mean(self.boosted.margin(matrix), self.linear.margin(matrix))

    def score(self, matrix: Any) -> Any:
        """Probability or value of each row."""
        return score_of(self.linear.scale, self.margin(matrix))

    def contributions(self, matrix: Any, by_tables: bool = False, threads: int = 1, of_class: Any = None) -> Any:
        """The mean of both contributions."""
        both = [part.contributions(matrix, by_tables, threads, of_class) for part in (self.boosted, self.linear)]
        return tuple(self._mean(trees, coefficients) for trees, coefficients in zip(*both, strict=True))

    def importance(self) -> dict[str, float]:
        """The mean of both shares."""
        both = self.boosted.importance(), self.linear.importance()
        return {name: self._mean(*(one.get(name, 0.0) for one in both)) for name in self.feature_names}

    def content(self) -> bytes:
        """The file: JSON, with XGBoost's own format in it as base64."""
        trees = base64.b64encode(self.boosted.content()).decode()
        said: dict[str, Any] = {"nightjar_model": BLEND, "boosted": trees, "linear": self.linear.said}
        if self.share != EVEN:
            said["share"] = self.share
        return json.dumps(said, separators=(",", ":")).encode()

    def _mean(self, trees: Any, coefficients: Any) -> Any:
        # Halves are exact: where both count alike the digits are those of their sum, halved.
        return self.share * trees + (1 - self.share) * coefficients


class _Term:
    """What one feature adds: arrays with a number a class."""

    def __init__(self, said: dict[str, Any], classes: int) -> None:
        import numpy as np

        self._missing = np.array(said["missing"], dtype=np.float64)
        self._levels = self._weight = None
        if "levels" in said:
            # Last, for a value that is not known or a level that was not learned.
            self._levels = np.array([*said["levels"], said["missing"]], dtype=np.float64).reshape(-1, classes)
        else:
            self._mean, self._weight = said["mean"], np.array(said["weight"], dtype=np.float64)

    def of(self, values: Any) -> Any:
        """Shape (rows, classes)."""
        import numpy as np

        unknown = np.isnan(values)
        if self._levels is not None:
            return self._levels[np.where(unknown, len(self._levels) - 1, values).astype(np.intp)]
        added = (values - self._mean)[:, None] * self._weight
        added[unknown] = self._missing
        return added


def _column(matrix: Any, position: int) -> Any:
    """A feature's values: in single precision, as trees read them, whatever precision they come in."""
    import numpy as np

    return np.asarray(matrix[:, position], dtype=np.float32).astype(np.float64)


def score_of(scale: str, margin: Any) -> Any:
    """The scores of margins."""
    import numpy as np

    if scale == "identity":
        return margin
    if scale == "log":
        return np.exp(np.minimum(margin, 700.0))
    if scale == "softmax":
        powers = np.exp(margin - margin.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    small = np.exp(-np.abs(margin))
    return np.where(margin >= 0, 1.0, small) / (1.0 + small)


def read(content: bytes, boosted: Any) -> Any:
    """The model in a file that begins with ``SIGN``; ``boosted`` makes a model of the bytes of its trees.

    Raises:
        ValueError: when it is no such file.
    """
    try:
        said = json.loads(content)
        kind = said.pop("nightjar_model")
        if kind == BLEND:
            trees = boosted(base64.b64decode(said["boosted"]))
            return Blend(trees, Linear(said["linear"]), float(said.get("share", EVEN)))
        if kind == LINEAR:
            return Linear(said)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"expected a model of coefficients, found a file without {error}") from error
    raise ValueError(f"expected a model that is {LINEAR} or a {BLEND}, found {kind!r}")
