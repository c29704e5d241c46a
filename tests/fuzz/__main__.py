"""``python -m tests.fuzz --files 10000 --seed 1``: drawn damaged deliveries through the real job, each line counted."""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections import Counter
from pathlib import Path

from tests.fuzz import campaign

AT_ONCE = 500


def main() -> None:
    """Run the campaign and print what it met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    told = Counter[str]()
    for number, first in enumerate(range(0, asked.files, AT_ONCE)):
        with tempfile.TemporaryDirectory() as root:
            told += campaign.run(Path(root), asked.seed + number, min(AT_ONCE, asked.files - first))
        print(f"seed {asked.seed + number}: {first + AT_ONCE} files, all lines accounted for", flush=True)
    for what, count in told.most_common():
        print(f"{count:7,} {what}")


if __name__ == "__main__":
    main()
