"""A mail server that keeps each message as a file and sends none on: what would be sent can be read."""

from __future__ import annotations

import os
import socketserver
import uuid
from pathlib import Path

PORT = 2525
ANSWERS = {
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "RSET": "250 ok",
    "NOOP": "250 ok",
    "HELO": "250 sink",
    "EHLO": "250 sink",
}


class Conversation(socketserver.StreamRequestHandler):
    """One client's conversation."""

    server: Sink
    timeout = 60

    def handle(self) -> None:
        """Answer line by line."""
        self._say("220 sink")
        while line := self.rfile.readline(4096):
            word = line.decode(errors="replace").strip().partition(" ")[0].upper()
            if word == "QUIT":
                self._say("221 bye")
                return
            if word == "DATA":
                self._take()
            else:
                self._say(ANSWERS.get(word, "502 not here"))

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
    """The server; ``folder`` gets a file a message."""

    daemon_threads, allow_reuse_address = True, True

    def __init__(self, address: tuple[str, int], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        super().__init__(address, Conversation)


if __name__ == "__main__":
    Sink(("0.0.0.0", PORT), Path(os.environ["MAIL_FOLDER"])).serve_forever()
