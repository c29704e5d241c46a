"""Alerts: which facts people are told, in which words, and the sending that tells each of them once."""
