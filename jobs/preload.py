"""Imports what jobs import, for a process that job after job is copied from: Airflow's fork server, on one machine.

No thread may run in it, since a copy has none of them: so nothing is opened or computed here. Training's libraries are left to
training: they are the heaviest, and it is rare.
"""

from __future__ import annotations

import gc
import http.client  # noqa: F401

from lakehouse.models import xgboost_model

# First of all: whatever imports scikit-learn would have XGBoost import it too.
xgboost_model.import_alone()

import deltalake  # noqa: E402, F401
import pyspark.sql.connect.session  # noqa: E402, F401
import scipy.special  # noqa: E402, F401

import jobs.command_line  # noqa: E402
import jobs.features.batch  # noqa: E402
import jobs.features.job  # noqa: E402
import jobs.monitor.job  # noqa: E402
import jobs.report.job  # noqa: E402
import jobs.score.job  # noqa: E402

# What is here stays, and a collection in a copy would only make the pages of its own.
gc.collect()
gc.freeze()

# These import DuckDB, which reports what was never released when the process ends: what is frozen never is.
import jobs.deliver.job  # noqa: E402
import jobs.ingest.job  # noqa: E402, F401
