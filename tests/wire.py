"""A line to a server that can be cut and joined again while the server keeps its documents."""

from __future__ import annotations

import contextlib
import socket
import threading


class Wire:
    """Listens on a free port of 127.0.0.1 and passes every byte on to another, both ways."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listening: socket.socket | None = None
        self._open: list[socket.socket] = []
        self.port = 0
        self.join()

    def join(self) -> None:
        """Listen, unless it does: the first time on a free port, then on the same again."""
        if self._listening is not None:
            return
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def cut(self) -> None:
        """Stop listening and drop every connection, in the middle of whatever is being said."""
        if self._listening is not None:
            # Wakes the thread that waits there: closing alone would leave it, and the port, as they are.
            with contextlib.suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        while self._open:
            end = self._open.pop()
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near = listening.accept()[0]
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._open += [near, far]
            threading.Thread(target=_pass_on, args=(near, far), daemon=True).start()
            threading.Thread(target=_pass_on, args=(far, near), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while said := source.recv(1 << 16):
            target.sendall(said)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
