"""A mail server that keeps each message as a file and sends none on: what would be sent can be read.

It takes messages by TLS alone, which begins with STARTTLS.
"""

from __future__ import annotations

import os
import socketserver
import ssl
import uuid
from pathlib import Path

from stack.cluster.host import PAIR

PORT = 2525
ANSWERS = {
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "RSET": "250 ok",
    "NOOP": "250 ok",
    "HELO": "250 sink",
}
# Asked before anything that a message has.
OPEN = ("HELO", "EHLO", "NOOP", "STARTTLS", "QUIT")


class Conversation(socketserver.StreamRequestHandler):
    """One client's conversation."""

    server: Sink
    timeout = 60

    def handle(self) -> None:
        """Answer line by line."""
        self._encrypted = False
        self._say("220 sink")
        while line := self.rfile.readline(4096):
            word = line.decode(errors="replace").strip().partition(" ")[0].upper()
            if word == "QUIT":
                self._say("221 bye")
                return
            if not self._encrypted and word not in OPEN:
                self._say("530 STARTTLS first")
            elif word == "STARTTLS":
                self._encrypt()
            elif word == "EHLO":
                self._say("250 sink" if self._encrypted else "250-sink\r\n250 STARTTLS")
            elif word == "DATA":
                self._take()
            else:
                self._say(ANSWERS.get(word, "502 not here"))

    def _encrypt(self) -> None:
        self._say("220 go on")
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        # What was sent in the clear behind the word is none of the conversation any more.
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self._encrypted = True

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        file = self.server.folder / f"{uuid.uuid4()}.eml"
        file.write_bytes(b"".join(lines))
        self._say("250 kept")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Sink(socketserver.ThreadingTCPServer):
    """The server; ``folder`` gets a file a message, ``pair`` has its key and certificate."""

    daemon_threads, allow_reuse_address = True, True

    def __init__(self, address: tuple[str, int], folder: Path, pair: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(pair)
        super().__init__(address, Conversation)


if __name__ == "__main__":
    Sink(("0.0.0.0", PORT), Path(os.environ["MAIL_FOLDER"]), PAIR).serve_forever()
