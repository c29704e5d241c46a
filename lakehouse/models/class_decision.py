"""The decision for one of several classes: the one whose expected cost is least, by what the model's file says.

Training writes the classes and the costs into the file itself: a score of it is decided as it was judged, whatever is declared
by then. `jobs/train/tracking/nightjar_model.py` does the same for applications without this code.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakehouse.declaration import class_names
from lakehouse.errors import ModelRefused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lakehouse.declaration import UseCase

    Floats = NDArray[np.float64]

# The attribute of XGBoost's file.
ATTRIBUTE = "nightjar_classes"


@dataclass(frozen=True)
class ClassRule:
    """How one of several classes is decided.

    Attributes:
        classes: as texts, in the order of the probabilities.
        costs: what it costs to decide each class (inner) where each class (outer) is true; None: the most probable one is decided.
    """

    classes: tuple[str, ...]
    costs: tuple[tuple[float, ...], ...] | None = None

    @classmethod
    def declared(cls, use_case: UseCase) -> ClassRule | None:
        """The rule that a use case declares; None when its label does not have several classes."""
        if not use_case.classes:
            return None
        return cls(use_case.classes, class_names.cost_matrix(use_case.costed_model, use_case.label))

    @classmethod
    def of(cls, booster: Any) -> ClassRule | None:
        """The rule in a model's file; None when it has none."""
        text = booster.attr(ATTRIBUTE)
        if text is None:
            return None
        said = json.loads(text)
        costs = said["costs"]
        return cls(tuple(said["classes"]), None if costs is None else tuple(map(tuple, costs)))

    @property
    def columns(self) -> tuple[str, ...]:
        """The classes as parts of columns' names."""
        return tuple(map(class_names.in_column, self.classes))

    def written_to(self, booster: Any) -> None:
        """Put the rule into a model, to be saved with it; the columns of the probabilities are for readers without this code."""
        columns = [f"{class_names.PROBABILITY}{name}" for name in self.columns]
        booster.set_attr(**{ATTRIBUTE: json.dumps({"classes": self.classes, "costs": self.costs, "columns": columns})})

    def decide(self, probability: Floats) -> NDArray[np.int64]:
        """The number of the decided class of each row; of equal ones the first.

        Args:
            probability: shape (rows, classes).
        """
        import numpy as np

        if self.costs is None:
            return np.asarray(np.argmax(probability, axis=1), dtype=np.int64)
        # Added up class by class, and not by a matrix product, whose last digits depend on how many rows there are.
        expected = np.zeros(probability.shape)
        for true, row in enumerate(self.costs):
            for decided, cost in enumerate(row):
                expected[:, decided] += cost * probability[:, true]
        return np.asarray(np.argmin(expected, axis=1), dtype=np.int64)

    def among(self, classes: Sequence[str]) -> NDArray[np.int64]:
        """The place of each of the model's classes among ``classes``, which has them all."""
        import numpy as np

        return np.array([classes.index(name) for name in self.classes], dtype=np.int64)

    def arranged(self, probability: Floats, classes: Sequence[str]) -> Floats:
        """The probabilities with a column for each of ``classes``: 0 for one that the model does not know."""
        import numpy as np

        if tuple(classes) == self.classes:
            return probability
        found = np.zeros((len(probability), len(classes)))
        found[:, self.among(classes)] = probability
        return found


def rule_of(booster: Any, use_case: UseCase, model: str) -> ClassRule | None:
    """The rule in a model's file, if the use case's label has several classes.

    Raises:
        ModelRefused: when the model decides otherwise than the use case declares: for none of several classes, or for a class
            that is declared no longer. A class that was declared since has no probability by this model.
    """
    rule = ClassRule.of(booster)
    if (problem := undeclared(rule, use_case)) is not None:
        raise ModelRefused(f"{model}: {problem}; train a new version")
    return rule


def undeclared(rule: ClassRule | None, use_case: UseCase) -> str | None:
    """Why a model's rule does not fit what is declared now, in words; None when it does."""
    found = () if rule is None else rule.classes
    if bool(found) != bool(use_case.classes):
        task = use_case.model.task
        return f"expected a model of the declared task, {task}, found one of {'several classes' if found else 'another task'}"
    if gone := [name for name in found if name not in use_case.classes]:
        return f"expected classes that {use_case.name} declares, the model also decides for {', '.join(gone)}"
    return None
