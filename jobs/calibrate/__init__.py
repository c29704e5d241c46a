"""How far ordinary weeks stray: limits of drift and margins of the gate from a walk through history, and their false alarms."""
