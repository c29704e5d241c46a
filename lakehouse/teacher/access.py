"""The key of a service: taken from a connection or the environment, sent in a header, and shown nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field

from lakehouse.connections import airflow_form
from lakehouse.connections.service import Service
from lakehouse.declaration.dataset_teacher import ServiceTeacher
from lakehouse.errors import ConnectionWrong
from lakehouse.settings import secret_variables


@dataclass(frozen=True)
class Access:
    """A key, or none. Its ``repr`` shows none."""

    key: str | None = field(default=None, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What a request carries."""
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}

    def without_key(self, text: str) -> str:
        """``text`` with stars where it quotes the key, or so much of it that the rest could be guessed."""
        if not self.key:
            return text
        text = text.replace(self.key, "***")
        # Services quote wrong keys with stars in their middle.
        head, tail = self.key[:8], self.key[-4:]
        return " ".join(
            "***" if len(self.key) >= 12 and (head in word or (tail in word and "*" in word)) else word
            for word in text.split(" ")
        )


def of(teacher: ServiceTeacher, connection: Service | None = None) -> Access:
    """The access that a declared service is asked with.

    Args:
        teacher: as declared.
        connection: of Airflow, where the caller has it; else the environment's is looked for.

    Raises:
        ConnectionWrong: when the key is not there, or can't be a key. It is never shown.
    """
    if teacher.connection is not None:
        found = connection or airflow_form.named(teacher.connection)
        token = found.extra.get("token")
        key = found.password or (token if isinstance(token, str) else None)
        return Access(_sound(key, f"connection {teacher.connection}: expected the key as its password"))
    if teacher.key_variable is not None:
        return Access(
            _sound(
                secret_variables.value(teacher.key_variable),
                f"{teacher.key_variable}: expected the key in this variable",
            )
        )
    return Access()


def _sound(key: str | None, expected: str) -> str:
    key = (key or "").strip()
    if not key:
        raise ConnectionWrong(f"{expected}, found nothing; set it where the job runs")
    # A header can have no other: the HTTP library would quote the key when it says so.
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConnectionWrong(f"{expected}, found characters that no key has, such as spaces; its text is not shown")
    return key
