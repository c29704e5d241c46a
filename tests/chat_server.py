"""A service on loopback that is posted to, as a chat is: keeps what came, and answers as a test asks for."""

from __future__ import annotations

import http.server
import json
import threading
import time
from typing import Any


class _Request(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Take what is posted."""
        chat = self.server.chat
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        chat.posts.append((self.path, dict(self.headers.items()), content))
        time.sleep(chat.seconds)
        self.send_response(chat.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    chat: Chat


class Chat:
    """The service: ``posts`` has path, headers and content of each; ``status`` and ``seconds`` say how it answers."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.status, self.seconds = 200, 0.0
        self._server = _Server(("127.0.0.1", 0), _Request)
        self._server.chat = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_port)

    def clear(self) -> None:
        """Forget everything."""
        self.posts, self.status, self.seconds = [], 200, 0.0

    def close(self) -> None:
        """End the service."""
        self._server.shutdown()
        self._server.server_close()
