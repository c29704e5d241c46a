"""The ways to tell people: e-mail, webhook, file. Addresses and passwords are those of Airflow's connections, and in no error."""

from __future__ import annotations

import html
import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

from include.orchestration import connections
from lakehouse import settings, terminal
from lakehouse.alerts.fact import Message
from lakehouse.alerts.sending import NotSent
from lakehouse.connections import outside_trust
from lakehouse.connections.service import Service
from lakehouse.declaration import Receiver, UseCase
from lakehouse.declaration.alerts import AlertFile, Email, Webhook
from lakehouse.errors import ConnectionWrong

log = logging.getLogger(__name__)

# A connection of this name is told wherever a use case declares nobody: of type smtp (``to`` in its extra) or http.
DEPLOYMENT = "nightjar_alerts"
# What chats take for a call of all who are there: with a space of no width in it, it is a word.
_EVERYBODY = re.compile(r"@(?=(?:all|channel|everyone|here)\b)", re.IGNORECASE)
# How long each step of a conversation with a server may take.
SECONDS = 15.0


def receivers(use_cases: Sequence[UseCase], everybody: Sequence[Receiver]) -> list[Receiver]:
    """Who is told of these use cases, each once; ``everybody`` (`of_deployment`) where none is given, or one declares nobody."""
    found = {one.way.address: one for use_case in use_cases for one in use_case.alerts.to}
    if not use_cases or any(not use_case.alerts.to for use_case in use_cases):
        found |= {one.way.address: one for one in everybody}
    return list(found.values())


def of_deployment() -> list[Receiver]:
    """Who is told where nobody is declared: the file, and the deployment's connection if Airflow has it."""
    file = Receiver(name="log", file=AlertFile())
    try:
        connection = BaseHook.get_connection(DEPLOYMENT)
    except AirflowNotFoundException:
        return [file]
    except Exception:
        log.warning("alerts: the connection %s can't be looked up; the file alone is told", DEPLOYMENT, exc_info=True)
        return [file]
    if connection.conn_type != "smtp":
        way = Webhook(connection=DEPLOYMENT, form="slack" if connection.conn_type == "slackwebhook" else "json")
        return [file, Receiver(name="deployment", webhook=way)]
    to = connection.extra_dejson.get("to") or ()
    to = tuple(part.strip() for part in to.split(",")) if isinstance(to, str) else tuple(to)
    try:
        return [file, Receiver(name="deployment", email=Email(to=to, connection=DEPLOYMENT))]
    except ValueError as error:
        log.warning("alerts: the connection %s: expected addresses as `to` in its extra: %s", DEPLOYMENT, error)
        return [file]


def send(receiver: Receiver, message: Message) -> None:
    """Send a message.

    Raises:
        NotSent: when the server or the file does not take it.
    """
    way = receiver.way
    if isinstance(way, Email):
        _mail(way, message)
    elif isinstance(way, Webhook):
        _post(way, message)
    else:
        _append(way, message)


def _mail(way: Email, message: Message) -> None:
    import smtplib

    from airflow.providers.smtp.hooks.smtp import SmtpHook

    class OneTry(SmtpHook):
        """Airflow's hook, that sends once: it takes any failure for a reason to send again, also one after the server has it."""

        @property
        def smtp_retry_limit(self) -> int:
            """No second try."""
            return 0

        @property
        def timeout(self) -> int:
            """At most so many seconds a step."""
            return int(min(super().timeout, SECONDS))

    try:
        with OneTry(way.connection) as hook:
            hook.send_email_smtp(
                to=list(way.to),
                from_email=way.sender,
                subject=message.subject,
                html_content=message.as_html,
                # The same of a message that a kill repeats: mail programs show it once.
                custom_headers={"Message-ID": f"<{message.id}@nightjar>", "X-Nightjar-Fact": message.id},
            )
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({str(code) for code, _ in error.recipients.values()})
        raise NotSent(f"the server of {way.connection} refuses the recipients ({', '.join(codes)})", False) from None
    except smtplib.SMTPResponseException as error:
        # Its words may quote what was sent to it, a login among that.
        why = f"the server of {way.connection} answers {error.smtp_code} ({type(error).__name__})"
        raise NotSent(why, not 550 <= error.smtp_code <= 554) from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"the server of {way.connection} does not answer ({_kind(error)})") from None
    except (AirflowException, RuntimeError, ValueError) as error:
        if isinstance(error.__context__, smtplib.SMTPServerDisconnected):
            raise NotSent(f"the server of {way.connection} does not answer (SMTPServerDisconnected)") from None
        raise NotSent(
            f"the connection {way.connection} can't be used ({_kind(error)}); correct it in Airflow"
        ) from None


def _post(way: Webhook, message: Message) -> None:
    import httpx

    try:
        service = connections.service(way.connection)
    except (ConnectionWrong, AirflowException) as error:
        raise NotSent(f"the connection {way.connection} can't be used ({_kind(error)}); add it to Airflow") from None
    address, headers = _address(service, way.form)
    content: dict[str, Any] = {"text": _chat(f"*{message.subject}*\n{message.body}")}
    if way.form == "json":
        content["text"] = f"*{message.subject}*\n{message.body}"
        content |= {name: getattr(message, name) for name in ("id", "event", "whose", "subject", "body", "run", "page")}
        content["at"] = message.at.isoformat()
    login = None if service.login is None else (service.login, service.password or "")
    try:
        answer = httpx.post(
            address,
            json=content,
            headers={"Idempotency-Key": message.id, **headers},
            auth=login,
            timeout=SECONDS,
            verify=outside_trust.context() if address.startswith("https:") else True,
        )
    # Not the library's words: they may have the address, which is the secret of many services.
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(f"the service of {way.connection} does not answer ({_kind(error)})") from None
    if not answer.is_success:
        its = answer.status_code >= 500 or answer.status_code in (401, 403, 404, 408, 429)
        raise NotSent(f"the service of {way.connection} answers {answer.status_code}", its)


def _address(service: Service, form: str) -> tuple[str, dict[str, str]]:
    """The address to post to. Without a login the password is a token: of ``slack`` the end of the address, else a bearer's."""
    token = service.password if service.login is None else None
    if token is None:
        return service.url, {}
    if form == "slack":
        return f"{service.url.rstrip('/')}/{token.lstrip('/')}", {}
    return service.url, {"Authorization": f"Bearer {token}"}


def _chat(text: str) -> str:
    """A text as chats show it: what was delivered, or typed by people, is no link and no call of everybody in it."""
    return _EVERYBODY.sub("@\u200b", html.escape(text, quote=False))


def _append(way: AlertFile, message: Message) -> None:
    file = Path(way.path) if way.path else settings.load().state_root / "alerts.log"
    # It is read on terminals, which obey what a delivered value may have in it.
    paragraph = "\n  ".join(
        terminal.one_line(line)
        for line in (
            f"{message.at:%Y-%m-%d %H:%M:%S} UTC {message.subject} ({message.id})",
            *message.body.split("\n"),
        )
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # In one write, at the end: two at once do not mix.
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, f"{paragraph}\n\n".encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NotSent(f"the file {file} takes nothing ({error.strerror or _kind(error)})") from None


def _kind(error: BaseException) -> str:
    return type(error).__name__
