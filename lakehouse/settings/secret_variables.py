"""The variables that hold secrets."""

from __future__ import annotations

import os
import re

# Names of variables whose values are secrets, or addresses with a password in them.
_SECRET = re.compile(
    r"^(NIGHTJAR_CONNECTION_|AIRFLOW_CONN_|MONGO_URI$)|SQL_ALCHEMY_CONN|BROKER_URL$|RESULT_BACKEND$|"
    r"(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|SECRET_KEY|FERNET_KEY|PRIVATE_KEY)$"
)


def value(variable: str) -> str | None:
    """The value of a variable that a declaration names for a key; None when it is not set."""
    return os.environ.get(variable) or None


def values() -> list[str]:
    """The values of the variables that hold a secret, or an address with one: what must be in no text that is shown."""
    return [
        value for name, value in os.environ.items() if value and _SECRET.search(name) and not name.endswith("_FILE")
    ]
