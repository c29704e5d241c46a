"""Tells now what is open: ``python -m include.orchestration.send_alerts``, for when a server is back and nobody wants to wait.

It needs what tasks have: Airflow's connections, from its database or as ``AIRFLOW_CONN_<ID>``. Exit code 0: nothing is left;
1: a server did not take what was sent to it.
"""

from __future__ import annotations

import sys

from include.orchestration import alerts
from lakehouse.declaration import loader


def main() -> int:
    """Write down what is new, send what is due, and say how much."""
    sent, away = alerts.tell(loader.declared(), [], lambda fact: alerts.link(fact, "", ""))
    print(f"{sent} message(s) sent; {away} receiver(s) could not be told")
    print("python -m lakehouse alerts --open lists what is left, with the errors")
    return int(away > 0)


if __name__ == "__main__":
    sys.exit(main())
