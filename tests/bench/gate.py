"""How often the gate is wrong: pairs of made-up models whose true difference is known, judged over 200 seeds.

    make bench-gate            # some minutes on two cores

For each pair the share that is promoted, with the flights' limits; and, for comparison, what intervals from drawn rows (not
days) and the margin alone would have promoted of the equal ones. tests/jobs/gate/pairs.py says how the models are made.
"""

from __future__ import annotations

import time

import numpy as np

from jobs.gate import measurement
from lakehouse.declaration import UseCase
from lakehouse.declaration.metric_catalogue import METRICS, Sums
from tests.jobs.gate.pairs import Holdout, Model, judge, use_case

SEEDS = range(200)
GATE = {"min_improvement": 0.001, "max_slice_worsening": 0.03, "min_slice_rows": 300, "max_calibration_error": 0.15}
GOOD = Model()
CHAMPIONS = {
    "equal": GOOD,
    "a little worse": Model(row=0.5, day=0.3),
    "worse": Model(row=0.6, day=0.35),
    "much worse": Model(row=0.7, day=0.4),
}


def main() -> None:
    """Print one table of verdicts and one of the rules that were not chosen."""
    strict, started = use_case(**GATE), time.monotonic()
    print(
        "| the champion is | days | mean true gain | promoted | held for a slice alone |\n| --- | --- | --- | --- | --- |"
    )
    for name, champion in CHAMPIONS.items():
        for days in (7, 14):
            show(strict, name, champion, days)
    print(f"| better | 7 | | {shares(strict, Model(row=0.5, day=0.3), GOOD, 7)[0]:.1%} | |\n")
    others()
    print(f"\n{len(SEEDS)} seeds each, 900 rows a day; {time.monotonic() - started:.0f} s")


def show(case: UseCase, name: str, champion: Model, days: int) -> None:
    """One line of the table."""
    promoted, sliced = shares(case, GOOD, champion, days)
    # What a long holdout measures: 100 days, five times over.
    long = [Holdout.of(10_000 + seed, days=100) for seed in range(5)]
    true = np.mean([gain(case, holdout, champion)[0] for holdout in long])
    print(f"| {name} | {days} | {true:.4f} | {promoted:.1%} | {sliced:.1%} |", flush=True)


def shares(case: UseCase, challenger: Model, champion: Model, days: int) -> tuple[float, float]:
    """The share promoted, and the share held for nothing but a slice."""
    decisions = [judge(case, Holdout.of(seed, days=days), challenger, champion) for seed in SEEDS]
    promoted = sum(decision.verdict == "promoted" for decision in decisions)
    sliced = sum(
        decision.verdict == "held" and "its lower end is at least" in "; ".join(decision.reasons)
        for decision in decisions
    )
    return promoted / len(decisions), sliced / len(decisions)


def gain(case: UseCase, holdout: Holdout, champion: Model) -> tuple[float, float]:
    """The challenger's gain and its lower end by days."""
    span, _ = measurement.gains(case, holdout.measured(GOOD), holdout.measured(champion))
    assert span is not None and span.low is not None
    return span.value, span.low


def others() -> None:
    """What other rules would have promoted of the equal models, at no margin and at that of the flights."""
    rules: dict[str, list[float]] = {"lower end by days (chosen)": [], "lower end by rows": [], "the gain itself": []}
    case = use_case()
    for seed in SEEDS:
        holdout = Holdout.of(seed)
        mine, theirs = holdout.measured(GOOD), holdout.measured(GOOD)
        span, _ = measurement.gains(case, mine, theirs)
        assert span is not None and span.low is not None
        formula = METRICS["log_loss"].formula
        assert isinstance(formula, Sums)
        difference = formula.columns(theirs.predictions)[0] - formula.columns(mine.predictions)[0]
        drawn = np.random.default_rng(seed).integers(0, len(difference), (400, len(difference)))
        rules["lower end by days (chosen)"].append(span.low)
        rules["lower end by rows"].append(float(np.quantile(difference[drawn].mean(axis=1), 0.025)))
        rules["the gain itself"].append(span.value)
    print("| equal models are promoted by | margin 0 | margin 0.001 |\n| --- | --- | --- |")
    for name, found in rules.items():
        shares = [np.mean([value > 0 and value >= margin for value in found]) for margin in (0, 0.001)]
        print(f"| {name} | {shares[0]:.1%} | {shares[1]:.1%} |")


if __name__ == "__main__":
    main()
