"""An emulator of MongoDB on the network (stack/mongo_emulator.py): no registry has MongoDB itself."""

from __future__ import annotations

import signal
from pathlib import Path

from stack.cluster.host import PAIR
from stack.mongo_emulator import Emulator

PORT = 27017

if __name__ == "__main__":
    emulator = Emulator("128m", ("0.0.0.0", PORT), Path(PAIR).read_bytes())
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    emulator.close()
