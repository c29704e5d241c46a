"""The answer for people: a table of the limits, and in words what they do on ordinary days."""

from __future__ import annotations

from tabulate import tabulate

from jobs.calibrate.result import CalibrateResult

HEAD = ("limit", "declared", "proposed", "quantile", "median", "greatest", "beyond declared", "beyond proposed")


def text(result: CalibrateResult) -> str:
    """The whole answer."""
    rows = [
        (
            f"{one.section}.{one.field}",
            _number(one.declared),
            _number(one.proposed),
            "" if one.quantile is None else f"{one.quantile * 100:.3g} %",
            _number(one.median),
            _number(one.greatest),
            "" if one.at_declared is None else str(one.at_declared),
            "" if one.at_proposed is None else str(one.at_proposed),
        )
        for one in result.limits
    ]
    effects = [
        ("drift: days violated", result.drift_declared.violated, result.drift_proposed.violated),
        ("drift: needless retrainings", result.drift_declared.retrainings, result.drift_proposed.retrainings),
        ("gate: equal models promoted", result.gate_declared.equals, result.gate_proposed.equals),
        ("gate: next training's model promoted", result.gate_declared.successors, result.gate_proposed.successors),
    ]
    lines = [
        f"{result.use_case}: {result.days} ordinary days, {result.first} to {result.last}; windows overlap, so they count as "
        f"{result.windows:.1f} that share no day",
        f"models trained for {', '.join(map(str, result.refits))}, with {result.parameters}",
        "",
        tabulate(rows, headers=HEAD, disable_numparse=True),
        "",
        *(f"{one.section}.{one.field}: {one.note}" for one in result.limits if one.note),
        "",
        tabulate(
            [(name, _words(before), _words(after)) for name, before, after in effects],
            headers=("on ordinary days (95 % interval)", "as declared", "as proposed"),
            disable_numparse=True,
        ),
        "",
        f"By the proposed limits at most {result.expected * 100:.2g} % of fresh ordinary days are expected to be violated "
        f"({result.rate * 100:.3g} % were asked for).",
    ]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _words(measured: object) -> str:
    return "not measured" if measured is None else str(measured)
