"""From the feature table to a registered challenger: tuned, fitted, measured on a holdout that tuning never saw."""

import os

# Both are read when the libraries load. Waiting OpenMP threads spin by default: on a machine whose cores others use
# too (Spark, Airflow) a search took 137 s spinning and 42 s sleeping, with the same result.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# MLflow prints two lines with an address for every run that ends, between which a trial's own line is lost.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
