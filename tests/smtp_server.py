"""A mail server on loopback: takes what it is sent, and is as badly behaved as a test asks for."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
import time
from email.message import EmailMessage
from typing import Any, Literal

Fault = Literal["", "slow", "refuses recipients", "refuses login", "busy", "cut", "silent"]


class Conversation(socketserver.StreamRequestHandler):
    """One client's conversation."""

    server: _Server

    def handle(self) -> None:
        """Answer line by line."""
        mail, self.recipients = self.server.mail, list[str]()
        mail.conversations += 1
        if mail.fault == "silent":
            time.sleep(mail.seconds)
            return
        self.say("220 mail of tests")
        while line := self.rfile.readline():
            if not self.answer(line.decode().strip()):
                return

    def answer(self, line: str) -> bool:
        """Answer a line; whether the conversation goes on."""
        mail, word = self.server.mail, line.partition(" ")[0].upper()
        if word == "EHLO":
            self.say("250-mail of tests\r\n250 AUTH PLAIN LOGIN")
        elif word == "AUTH":
            # As servers do that tell too much.
            self.say(f"535 no: {line}" if mail.fault == "refuses login" else "235 welcome")
        elif word == "RCPT":
            self.recipients.append(line.partition("<")[2].rstrip(">"))
            self.say("550 nobody here" if mail.fault == "refuses recipients" else "250 ok")
        elif word == "MAIL" and mail.fault == "busy":
            self.say("421 too many")
            return False
        elif word == "DATA":
            return self.take()
        elif word == "QUIT":
            self.say("221 bye")
            return False
        else:
            self.say("250 ok")
        return True

    def take(self) -> bool:
        """Take a message."""
        mail = self.server.mail
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        mail.taken(b"".join(lines), self.recipients)
        if mail.fault == "slow":
            time.sleep(mail.seconds)
        if mail.fault == "cut":
            return False
        self.say("250 taken")
        return True

    def say(self, text: str) -> None:
        """Send a line."""
        try:
            self.wfile.write(f"{text}\r\n".encode())
        except OSError:
            return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address = True, True
    mail: Mail

    def handle_error(self, *_: Any) -> None:
        """A client that is gone is what some tests are about."""


class Mail:
    """The server: ``messages`` has what it took, ``fault`` how it behaves, ``seconds`` how slow it is."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.fault: Fault = ""
        self.seconds, self.conversations = 2.0, 0
        self._server = _Server(("127.0.0.1", 0), Conversation)
        self._server.mail = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def clear(self) -> None:
        """Forget everything."""
        self.messages, self.recipients, self.fault, self.conversations = [], [], "", 0

    def taken(self, content: bytes, recipients: list[str]) -> None:
        """Keep a message."""
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(list(recipients))

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()
