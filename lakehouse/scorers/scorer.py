"""What every model can do, whatever it is made of: give scores, say why, and be written to a file that nobody unpickles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@runtime_checkable
class Scorer(Protocol):
    """A model behind its scores.

    A matrix has shape (rows, features), in the model's order: NaN where a value is not known, and of a category the place of its
    level among those that the model has learned. It is read in single precision.
    """

    @property
    def kind(self) -> str:
        """Which candidate it is: ``boosted``, ``linear`` or ``blend``."""

    @property
    def feature_names(self) -> Sequence[str]:
        """The features that it reads, in its order."""

    def attr(self, name: str) -> str | None:
        """A text that is kept in the model's file; None where there is none."""

    def set_attr(self, **texts: str) -> None:
        """Keep texts in the model's file."""

    def margin(self, matrix: NDArray[Any]) -> Floats:
        """What contributions add up to, in the unit of the objective: shape (rows,); of several classes (rows, classes)."""

    def score(self, matrix: NDArray[Any]) -> Floats:
        """Probability or value of each row: shape (rows,); of several classes (rows, classes)."""

    def contributions(
        self,
        matrix: NDArray[Any],
        by_tables: bool = False,
        threads: int = 1,
        of_class: NDArray[np.int64] | None = None,
    ) -> tuple[Floats, Floats]:
        """What each feature adds to each row's margin, exactly.

        Args:
            matrix: the rows.
            by_tables: whether there are so many rows that tables of trees pay.
            threads: of XGBoost; no value depends on them.
            of_class: shape (rows,), of several classes the one whose margin is explained in each row.

        Returns:
            Contributions of shape (rows, features), and base values of shape (rows,). Together they are the margin.
        """

    def importance(self) -> Mapping[str, float]:
        """Each feature's share of what moves the score; one that is not used has none."""

    def content(self) -> bytes:
        """The model's file."""
