"""Who is told what happened, by which way, and by which hour a night's scores are to be there."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from lakehouse.declaration.section import HourOfDay, Name, Section, refuse, twice

Event = Literal[
    "late", "failed", "refused", "violated", "retraining", "promoted", "held", "approval", "rolled_back", "fallback",
    "budget",
]  # fmt: skip
EVENTS: tuple[Event, ...] = get_args(Event)

# As Airflow names connections.
Connection = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,200}$")]
Mailbox = Annotated[str, Field(pattern=r"^[^@\s<>,;\"]+@[^@\s<>,;\"]+$")]


class Email(Section):
    """E-mail, by the server of an Airflow connection of type ``smtp``."""

    to: tuple[Mailbox, ...] = Field(min_length=1)
    connection: Connection = "smtp_default"
    # None: the connection's own, ``from_email``.
    sender: Mailbox | None = None

    @property
    def address(self) -> str:
        """Where it goes, in words that no other place has."""
        return f"email {', '.join(sorted(self.to))} by {self.connection}"


class Webhook(Section):
    """A service that is told by HTTP POST, at the address of an Airflow connection of type ``http``.

    The address, its password and its tokens are the connection's alone. ``slack`` has the text that chats show (Slack, Mattermost
    and others take it), ``json`` has the fields one by one.
    """

    connection: Connection
    form: Literal["json", "slack"] = "json"

    @property
    def address(self) -> str:
        """Where it goes, in words that no other place has."""
        return f"webhook {self.connection} ({self.form})"


class AlertFile(Section):
    """A file on the machine that runs the tasks, a message a paragraph. None: ``alerts.log`` in ``NIGHTJAR_HOME``."""

    path: str | None = Field(default=None, min_length=1)

    @property
    def address(self) -> str:
        """Where it goes, in words that no other place has."""
        return f"file {self.path or 'alerts.log'}"


class Receiver(Section):
    """Somebody who is told: by one way, of these events."""

    name: Name
    email: Email | None = None
    webhook: Webhook | None = None
    file: AlertFile | None = None
    events: tuple[Event, ...] = Field(default=EVENTS, min_length=1)

    @model_validator(mode="after")
    def _one_way(self) -> Receiver:
        ways = [way for way in (self.email, self.webhook, self.file) if way is not None]
        if len(ways) != 1:
            raise ValueError(f"{self.name}: expected one of email, webhook and file, found {len(ways)}")
        refuse(twice("events", self.events))
        return self

    @property
    def way(self) -> Email | Webhook | AlertFile:
        """How it is told."""
        found = self.email or self.webhook or self.file
        assert found is not None
        return found


class Alerts(Section):
    """Who is told. Left out, a file has every message, and whom the deployment declares."""

    to: tuple[Receiver, ...] = ()
    # By this hour, in the calendar's time zone, the scores of the day are to be there. None: no night is late.
    late_after: HourOfDay | None = None

    @field_validator("to")
    @classmethod
    def _names_differ(cls, to: tuple[Receiver, ...]) -> tuple[Receiver, ...]:
        refuse(twice("to", (one.name for one in to)))
        refuse(twice("to", (one.way.address for one in to)))
        return to
