"""Judging rows that were delivered before by the contract as it is now."""
