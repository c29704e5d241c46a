"""What a run of calls has done so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lakehouse.ops.call import Call


@dataclass
class Tally:
    """Counts of one run; `lakehouse.teacher.teaching.Outcome` says what each is."""

    requests: int = 0
    shared: int = 0
    recorded: int = 0
    attempts: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    open: int = 0
    cost_micros: int = 0
    unsure_micros: int = 0
    budget_spent: bool = False

    def add(self, before: Call, after: Call) -> None:
        """Count what an attempt has cost."""
        self.cost_micros += after.cost_micros - before.cost_micros
        self.unsure_micros += after.unsure_micros - before.unsure_micros
