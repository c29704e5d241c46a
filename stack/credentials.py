"""The secrets of one stack: made once, kept in its state folder, readable by its owner alone."""

from __future__ import annotations

import base64
import json
import os
import secrets
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Credentials:
    """The secrets that the services of one stack share.

    Attributes:
        admin_password: of Airflow's user ``admin``.
        fernet_key: with which Airflow encrypts connections and variables.
        jwt_secret: with which Airflow's API signs tokens.
        api_secret_key: with which Airflow's components sign their messages to one another.
        spark_session_id: the one Spark Connect session that all tasks share.
    """

    admin_password: str
    fernet_key: str
    jwt_secret: str
    api_secret_key: str
    spark_session_id: str

    @classmethod
    def load_or_create(cls, state_root: Path) -> Self:
        """The credentials kept under ``state_root``; created when there are none yet."""
        file = state_root / "credentials.json"
        if file.exists():
            return cls(**json.loads(file.read_text()))
        created = cls(
            admin_password=secrets.token_urlsafe(12),
            fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            jwt_secret=secrets.token_urlsafe(48),
            api_secret_key=secrets.token_urlsafe(32),
            spark_session_id=str(uuid.uuid4()),
        )
        write_private(file, json.dumps(asdict(created), indent=2) + "\n")
        return created


def write_private(file: Path, text: str) -> None:
    """Write ``text`` whole or not at all, readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    part.replace(file)
