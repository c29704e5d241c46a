"""An MLflow flavor: XGBoost's own, but that other applications load the model by ``nightjar_model``, which goes with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LOADER = Path(__file__).with_name("nightjar_model.py")


def save_model(xgb_model: Any, path: str, mlflow_model: Any, **options: Any) -> None:
    """Save the booster to the folder ``path``, described by ``mlflow_model``."""
    import mlflow.xgboost

    mlflow.xgboost.save_model(
        xgb_model, path, mlflow_model=mlflow_model, model_format="ubj", code_paths=[str(LOADER)], **options
    )
    mlflow_model.flavors["python_function"]["loader_module"] = LOADER.stem
    mlflow_model.save(str(Path(path) / "MLmodel"))
