from __future__ import annotations

import json
import stat
from pathlib import Path

from stack.cluster import secrets


def test_secrets_are_made_once_and_kept_for_their_owner_alone(tmp_path: Path) -> None:
    made = secrets.load_or_make(tmp_path, {})
    assert made.keys() == secrets.NAMES.keys()
    assert len(set(made.values())) == len(made)
    assert secrets.load_or_make(tmp_path, {}) == made
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_the_environment_decides(tmp_path: Path) -> None:
    secrets.load_or_make(tmp_path, {})
    assert secrets.load_or_make(tmp_path, {"MLFLOW_PASSWORD": "chosen"})["MLFLOW_PASSWORD"] == "chosen"
    assert json.loads((tmp_path / "secrets.json").read_text())["MLFLOW_PASSWORD"] == "chosen"
