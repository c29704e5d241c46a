"""Recomputing what a changed input made stale, and no more."""
