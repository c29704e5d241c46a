"""The summary at the end of the demo, queried from the tables as an analyst would."""

from __future__ import annotations

import datetime as dt
import json

from lakehouse.analyst import query

NAMES = {"log_loss": "log loss", "roc_auc": "ROC-AUC", "average_precision": "average precision", "brier": "Brier"}

SCORED = """
select partition, model_version, count(*) as rows, sum(decision::int) as called_late
from gold.flight_delays_scores where role = 'champion' and partition between '{first}' and '{last}'
group by all order by all
"""
REJECTS = """
select source, sum(delivered_rows)::bigint, sum(accepted_rows)::bigint, sum(rejected_rows)::bigint,
       sum(duplicate_rows)::bigint
from ops.deliveries group by source order by source
"""
VERDICTS = """
select partition, violated, reason from gold.flight_delays_drift
where kind = 'verdict' and partition between '{first}' and '{last}' order by partition
"""
EVENTS = """
select model_version, event, reason, evidence from ops.model_events
where model_name = 'flight_delays' order by happened_at
"""


def show(root: str, first: dt.date, last: dt.date) -> None:
    """Print the summary of the days from ``first`` to ``last``."""

    def ask(sql: str) -> list[tuple[object, ...]]:
        return list(query.ask(root, sql.format(first=first, last=last)).rows)

    scored = ask(SCORED)
    print(f"\nNights scored: {len(scored)}, rows: {sum(int(str(row[2])) for row in scored):,}")
    for partition, version, rows, called_late in scored:
        print(f"  {partition}  by version {version}: {rows} flights, {called_late} called late")
    print("\nDeliveries: delivered = accepted + rejected + duplicates")
    for source, *counts in ask(REJECTS):
        delivered, accepted, rejected, duplicates = counts
        print(f"  {source}: {delivered:,} = {accepted:,} + {rejected:,} + {duplicates:,}")
    print("\nDrift verdicts (the reasons of ordinary days are in gold.flight_delays_drift)")
    for partition, violated, reason in ask(VERDICTS):
        print(f"  {partition}  {f'VIOLATED: {reason}' if violated else 'ordinary'}")
    print("\nThe models' audit log")
    for version, event, reason, evidence in ask(EVENTS):
        print(f"  version {version} {event}: {reason}")
        _show_evidence(str(evidence))
    print(
        """
Look further:
  make up                                            Airflow, MLflow and Spark, and where they are
  source .nightjar/env.sh                            a shell that talks to them
  python -m lakehouse tables                         every table, its rows and how fresh it is
  python -m lakehouse sql "select * from gold.flight_delays_scores limit 5" """
    )


def _show_evidence(evidence: str) -> None:
    """The metrics of the challenger and the champion on the same rows, where the event has them."""
    content = json.loads(evidence)
    for who in ("challenger", "champion"):
        metrics = content.get(who)
        if isinstance(metrics, dict):
            values = ", ".join(f"{words} {metrics[name]:.4f}" for name, words in NAMES.items() if metrics.get(name))
            print(f"      {who}: {values}")
