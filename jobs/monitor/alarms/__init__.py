"""Alarms with a known error rate: what is beyond chance follows from a window's rows and from how training's own days differ."""
