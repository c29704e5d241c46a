"""An MLflow flavor: XGBoost's own, but that other applications load the model by ``nightjar_model``, which goes with it.

A model with coefficients has MLflow's Python function alone, loaded by the same file, and ``nightjar_linear`` beside it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from lakehouse.scorers import model_files, nightjar_linear

LOADER = Path(__file__).with_name("nightjar_model.py")
FILE = "model.json"


def save_model(xgb_model: Any, path: str, mlflow_model: Any, **options: Any) -> None:
    """Save the model to the folder ``path``, described by ``mlflow_model``; a booster may come as it is."""
    scorer = model_files.of(xgb_model)
    if scorer.kind != "boosted":
        _save_coefficients(scorer.content(), path, mlflow_model, **options)
        return
    import mlflow.xgboost

    mlflow.xgboost.save_model(
        getattr(scorer, "booster", xgb_model),
        path,
        mlflow_model=mlflow_model,
        model_format="ubj",
        code_paths=[str(LOADER)],
        **options,
    )
    mlflow_model.flavors["python_function"]["loader_module"] = LOADER.stem
    mlflow_model.save(str(Path(path) / "MLmodel"))


def _save_coefficients(content: bytes, path: str, mlflow_model: Any, **options: Any) -> None:
    import mlflow.pyfunc

    with tempfile.TemporaryDirectory(prefix="nightjar-rows-") as folder:
        file = Path(folder) / FILE
        file.write_bytes(content)
        mlflow.pyfunc.save_model(
            path,
            loader_module=LOADER.stem,
            data_path=str(file),
            code_paths=[str(LOADER), nightjar_linear.__file__],
            mlflow_model=mlflow_model,
            **options,
        )
