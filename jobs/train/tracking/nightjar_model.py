"""The registered model as other applications load it; MLflow carries this file with the model, and it needs no more than XGBoost;
with a model of coefficients goes ``nightjar_linear``.

It takes rows of named columns as clients send them: whole numbers, decimals, truths, numbers as text and null, in any order, with
columns that the model does not need. MLflow's own check of declared doubles refuses whole numbers of 64 bits. Categories are
texts, truths and whole numbers, as a use case's transform returns them; a level that the model has not learned is missing.
"""

from __future__ import annotations

import json
from typing import Any

# The levels of each category in the model's file; a level's code is its place.
LEVELS = "nightjar_levels"
# The attribute of XGBoost's file that names the classes and their costs, where there are several.
CLASSES = "nightjar_classes"


class NightjarModel:
    """A model behind MLflow's ``predict``: a booster, or coefficients."""

    def __init__(self, booster: Any) -> None:
        self._booster = booster
        self._levels: dict[str, list[str]] = json.loads(booster.attr(LEVELS) or "{}")

    def get_raw_model(self) -> Any:
        """The booster, or the coefficients."""
        return self._booster

    def predict(self, rows: Any, params: Any = None) -> Any:
        """Scores of rows.

        Args:
            rows: a table of pandas', or what makes one: a mapping of columns, or a list of mappings.
            params: MLflow passes them; there are none.

        Returns:
            Probability or predicted value of each row, float32. Of several classes a table: ``decision``, the class whose expected
            cost is least, as text, and ``probability_<class>`` for each.

        Raises:
            MlflowException: a column is missing, or has a value that is no number, or of a category no text; it names the column.
        """
        import numpy as np
        import pandas as pd

        names = list(self._booster.feature_names)
        try:
            frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
        except (ValueError, TypeError) as error:
            raise _refused(f"expected rows with the columns {', '.join(names)}: {error}") from error
        if missing := [name for name in names if name not in frame.columns]:
            raise _refused(f"expected the columns {', '.join(names)}; missing: {', '.join(missing)}; null is not known")
        matrix = np.empty((len(frame), len(names)), dtype=np.float32)
        for position, name in enumerate(names):
            levels = self._levels.get(name)
            matrix[:, position] = _numbers(frame[name], name) if levels is None else _codes(frame[name], name, levels)
        scores = _scores(self._booster, matrix)
        classes = self._booster.attr(CLASSES)
        return scores if classes is None else _decided(json.loads(classes), scores)


def _scores(model: Any, matrix: Any) -> Any:
    import numpy as np

    if hasattr(model, "inplace_predict"):
        return model.inplace_predict(matrix, missing=np.nan, validate_features=False)
    return model.score(matrix).astype(np.float32)


class Trees:
    """The trees of a blend, as far as scores need them."""

    def __init__(self, booster: Any) -> None:
        self._booster = booster

    def margin(self, matrix: Any) -> Any:
        """The sum of the trees."""
        import numpy as np

        found = self._booster.inplace_predict(matrix, missing=np.nan, validate_features=False, predict_type="margin")
        return found.astype(np.float64)


def _decided(said: Any, probability: Any) -> Any:
    import numpy as np
    import pandas as pd

    if said["costs"] is None:
        decided = np.argmax(probability, axis=1)
    else:
        expected = np.zeros(probability.shape)
        for true, row in enumerate(said["costs"]):
            for other, cost in enumerate(row):
                expected[:, other] += cost * probability[:, true].astype(np.float64)
        decided = np.argmin(expected, axis=1)
    answer = pd.DataFrame(probability, columns=said["columns"])
    answer.insert(0, "decision", [said["classes"][number] for number in decided.tolist()])
    return answer


def _values(column: Any, name: str) -> Any:
    """The column, once, of plain values."""
    import numpy as np

    if getattr(column, "ndim", 1) != 1:
        raise _refused(f"expected the column {name} once, found it {column.shape[1]} times")
    if column.dtype == object:
        # MLflow's server makes arrays without a dimension of the values in a list of mappings.
        return column.map(lambda value: value.item() if isinstance(value, np.ndarray) and not value.ndim else value)
    return column


def _codes(column: Any, name: str, levels: list[str]) -> Any:
    import numpy as np
    import pandas as pd

    places = {level: place for place, level in enumerate(levels)}
    codes = np.full(len(column), np.nan)
    for row, value in enumerate(_values(column, name).astype(object)):
        if not (value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))):
            codes[row] = places.get(_text(value, name), np.nan)
    return codes


def _text(value: Any, name: str) -> str:
    """A value of a category as text; null among whole numbers makes doubles of them."""
    import numpy as np

    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer) or (isinstance(value, float | np.floating) and float(value).is_integer()):
        return str(int(value))
    raise _refused(f"column {name}: expected texts, booleans, whole numbers or null, found {value!r}")


def _numbers(column: Any, name: str) -> Any:
    import numpy as np
    import pandas as pd

    column = _values(column, name)
    try:
        values = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise _refused(f"column {name}: expected numbers or null: {error}") from error
    if (np.abs(values) > np.finfo(np.float32).max).any():
        raise _refused(f"column {name}: expected null or finite numbers in 32 bits, as XGBoost reads them")
    return values


def _refused(what: str) -> Exception:
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import BAD_REQUEST

    return MlflowException(what, error_code=BAD_REQUEST)


def _load_pyfunc(path: str) -> NightjarModel:
    """What MLflow calls; nothing is unpickled."""
    if path.endswith(".json"):
        import nightjar_linear  # type: ignore[import-not-found]

        with open(path, "rb") as file:
            return NightjarModel(nightjar_linear.read(file.read(), lambda content: Trees(_booster(bytearray(content)))))
    return NightjarModel(_booster(path))


def _booster(file: Any) -> Any:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(file)
    return booster
