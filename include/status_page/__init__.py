"""The status page in Airflow's UI: how each use case, dataset and source stands, and what to do.

It is served by Airflow's API server under ``/nightjar/`` and reads only. `lazy` is what the plugin registers; all else is imported
when somebody opens the page.
"""
