"""Boosted trees behind the interface of all models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lakehouse.evaluation import shap_values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Boosted:
    """A booster of XGBoost's."""

    kind = "boosted"

    def __init__(self, booster: Any) -> None:
        self.booster = booster

    @property
    def feature_names(self) -> Sequence[str]:
        """As the file names them."""
        return self.booster.feature_names or ()

    def attr(self, name: str) -> str | None:
        """An attribute of XGBoost's file."""
        text: str | None = self.booster.attr(name)
        return text

    def set_attr(self, **texts: str) -> None:
        """Attributes of XGBoost's file."""
        self.booster.set_attr(**texts)

    def margin(self, matrix: NDArray[Any]) -> Floats:
        """The sum of the trees."""
        return self._predict(matrix, "margin")

    def score(self, matrix: NDArray[Any]) -> Floats:
        """As XGBoost predicts."""
        return self._predict(matrix, "value")

    def _predict(self, matrix: NDArray[Any], what: str) -> Floats:
        import numpy as np

        found = self.booster.inplace_predict(matrix, missing=np.nan, validate_features=False, predict_type=what)
        return np.asarray(found, dtype=np.float64)

    def contributions(
        self,
        matrix: NDArray[Any],
        by_tables: bool = False,
        threads: int = 1,
        of_class: NDArray[np.int64] | None = None,
    ) -> tuple[Floats, Floats]:
        """Exact SHAP values of the trees."""
        return shap_values.of_trees(self.booster, matrix, by_tables, threads, of_class)

    def importance(self) -> Mapping[str, float]:
        """Each feature's share of the total gain."""
        gain = self.booster.get_score(importance_type="total_gain")
        total = sum(gain.values()) or 1.0
        return {name: value / total for name, value in gain.items()}

    def content(self) -> bytes:
        """XGBoost's own binary format, UBJSON."""
        return bytes(self.booster.save_raw("ubj"))
