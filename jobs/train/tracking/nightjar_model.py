"""The registered model as other applications load it; MLflow carries this file with the model, and it needs no more than XGBoost.

It takes rows of named columns as clients send them: whole numbers, decimals, truths, numbers as text and null, in any order, with
columns that the model does not need. MLflow's own check of declared doubles refuses whole numbers of 64 bits.
"""

from __future__ import annotations

from typing import Any


class NightjarModel:
    """A booster behind MLflow's ``predict``."""

    def __init__(self, booster: Any) -> None:
        self._booster = booster

    def get_raw_model(self) -> Any:
        """The booster itself."""
        return self._booster

    def predict(self, rows: Any, params: Any = None) -> Any:
        """Scores of rows.

        Args:
            rows: a table of pandas', or what makes one: a mapping of columns, or a list of mappings.
            params: MLflow passes them; there are none.

        Returns:
            Probability or predicted value of each row, float32.

        Raises:
            MlflowException: a column is missing, or has a value that is no number; it names the column.
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
            matrix[:, position] = _numbers(frame[name], name)
        return self._booster.inplace_predict(matrix, missing=np.nan, validate_features=False)


def _numbers(column: Any, name: str) -> Any:
    import numpy as np
    import pandas as pd

    if getattr(column, "ndim", 1) != 1:
        raise _refused(f"expected the column {name} once, found it {column.shape[1]} times")
    if column.dtype == object:
        # MLflow's server makes arrays without a dimension of the values in a list of mappings.
        column = column.map(lambda value: value.item() if isinstance(value, np.ndarray) and not value.ndim else value)
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
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    return NightjarModel(booster)
