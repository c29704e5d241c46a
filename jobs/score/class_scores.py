"""The columns of the scores where the label has several classes: what was decided, and the probability of each."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.declaration.class_names import PROBABILITY
from lakehouse.models.class_decision import ClassRule


def columns(rule: ClassRule, probability: NDArray[np.float64], table: pa.Schema) -> dict[str, pa.Array]:
    """``score``, ``decision`` and the probability of each class.

    Args:
        rule: of the model.
        probability: shape (rows, classes), as the model gives them.
        table: the columns of the scores; a class that was declared after the model was trained has null.
    """
    decided = rule.decide(probability)
    own = {f"{PROBABILITY}{name}": pa.array(probability[:, place]) for place, name in enumerate(rule.columns)}
    names = pa.array(rule.classes, pa.string())
    return {
        "score": pa.array(np.take_along_axis(probability, decided[:, None], axis=1)[:, 0]),
        "decision": pa.DictionaryArray.from_arrays(pa.array(decided.astype(np.int32)), names),
        **{name: pa.nulls(len(decided), pa.float64()) for name in table.names if name.startswith(PROBABILITY)},
        **own,
    }
