"""What a backup covers, and where a restored platform has it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from lakehouse import settings
from lakehouse.settings import service_stores
from lakehouse.storage import object_store

# The parts that are files. Each file of a backup belongs to one.
LAKEHOUSE, LANDING, ARTIFACTS, CALLS, STATE = "lakehouse", "landing", "artifacts", "calls", "state"
# The files of the part ``STATE``.
MLFLOW, AIRFLOW = "mlflow", "airflow"
SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Covered:
    """The places of one platform, each a folder or an address such as ``s3://bucket/prefix``.

    Attributes:
        lakehouse: of the tables.
        landing: of the deliveries.
        artifacts: of MLflow's models and pictures.
        calls: of the journals of paid calls that are not in ``ops.calls`` yet.
        mlflow: address of MLflow's database.
        airflow: address of Airflow's database.
        home: folder of the stack's own state.
    """

    lakehouse: str
    landing: str
    artifacts: str
    calls: str
    mlflow: str
    airflow: str
    home: Path

    @classmethod
    def by_settings(cls) -> Covered:
        """The platform that the settings name."""
        where = settings.load()
        home = where.state_root.absolute()
        services = service_stores.load(home)
        return cls(
            lakehouse=where.lakehouse_root,
            landing=where.landing_root,
            artifacts=services.mlflow_artifacts,
            calls=_calls(where.lakehouse_root, home),
            mlflow=services.mlflow_database,
            airflow=services.airflow_database,
            home=home,
        )

    @classmethod
    def below(cls, root: Path) -> Covered:
        """A platform below one folder, laid out as in the folder of the project."""
        home, lakehouse = root / ".nightjar", str(root / "warehouse")
        services = service_stores.load(home, {})
        return cls(
            lakehouse=lakehouse,
            landing=str(root / "landing"),
            artifacts=services.mlflow_artifacts,
            calls=_calls(lakehouse, home),
            mlflow=services.mlflow_database,
            airflow=services.airflow_database,
            home=home,
        )

    @property
    def folders(self) -> dict[str, str]:
        """The parts that are folders of files, by name."""
        return {LAKEHOUSE: self.lakehouse, LANDING: self.landing, ARTIFACTS: self.artifacts, CALLS: self.calls}

    @property
    def databases(self) -> dict[str, str]:
        """The address of each database, by name."""
        return {MLFLOW: self.mlflow, AIRFLOW: self.airflow}


def sqlite_file(address: str) -> Path | None:
    """The file of an SQLite database; None where the address is of another."""
    return Path(address.removeprefix(SQLITE).partition("?")[0]) if address.startswith(SQLITE) else None


def _calls(lakehouse: str, home: Path) -> str:
    """Where `lakehouse.teacher` keeps its journals: beside the tables, or on the host where these are in a store."""
    if not object_store.is_address(lakehouse):
        return f"{lakehouse}/.calls"
    return str(home / "calls" / hashlib.sha256(lakehouse.encode()).hexdigest()[:16])
