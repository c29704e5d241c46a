"""Challenger against champion on rows that neither was trained on: promoted or held, with reasons."""
