"""Which gold partitions have become stale, and why."""
