"""An emulator of MongoDB on the network (stack/mongo_emulator.py): no registry has MongoDB itself."""

from __future__ import annotations

import signal

from stack.mongo_emulator import Emulator

PORT = 27017

if __name__ == "__main__":
    emulator = Emulator("128m", ("0.0.0.0", PORT))
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    emulator.close()
