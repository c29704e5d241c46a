"""Backup and restore of the whole platform: tables, deliveries, models, Airflow's state, in one consistent cut."""
