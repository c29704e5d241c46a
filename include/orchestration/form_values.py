"""What the form of a run by hand was filled in with, as templates of a task's arguments read it.

A run has its day from one of two places: the partition key, set by schedules, backfills and updated assets; or the
form's ``partition``. The key comes first.
"""

from __future__ import annotations

PARTITION = "{{ dag_run.partition_key or params.partition or '' }}"
THROUGH = "{{ params.through or '' }}"
MODEL_VERSION = "{{ params.model_version or '' }}"
# The actor, for the event tables, from Airflow's own record alone: the user who triggered the run, where there is one; else, and
# where another run came between, how the run was started. No field of a form, and nothing of the run's `conf`, reaches it.
_STARTED = "(dag_run.run_type.value | replace('_', ' '))"
ACTOR = (
    "{% set user, started = dag_run.triggering_user_name, " + _STARTED + " %}"
    "{{ 'airflow:' ~ user if user else 'airflow' }}"
    "{{ ' (' ~ started ~ ')' if not user or started == 'operator triggered' else '' }}"
)
CASCADE = "{{ params.cascade }}"
CHAMPION = "{{ params.champion or '' }}"
ANY_VOLUME = "{{ params.any_volume }}"
# Only DAGs of topics have it.
ANY_GAP = "{{ params.get('any_gap', '') }}"
DRY_RUN = "{{ params.dry_run }}"
DESPITE_HOLD = "{{ params.despite_hold }}"
FORCE = "{{ params.force }}"
# Of a rollback. By the run's name a cleared task is the same rollback, and not another one.
TO_VERSION = "{{ params.to_version or '' }}"
FROM_VERSION = "{{ params.from_version or '' }}"
RESCORE = "{{ params.rescore }}"
REASON = "{{ params.reason }}"
NO_REASON = "no reason was given"
# Of a training by hand; what monitoring asks for is recorded with its reasons already.
RETRAIN = "retrain__"
WHY_TRAIN = f"{{{{ '' if dag_run.run_id.startswith('{RETRAIN}') else params.reason or '{NO_REASON}' }}}}"
RUN = "{{ dag_run.run_id }}"
# Of datasets.
AGAIN = "{{ (params.again or []) | join(',') }}"
VERSION = "{{ params.version or '' }}"
WHY = f"{{{{ params.reason or '{NO_REASON}' }}}}"
# The last day of the run: decisions on a whole range are made on its last day.
LAST_DAY = "{{ params.through or dag_run.partition_key or params.partition or '' }}"
