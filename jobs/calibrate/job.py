"""Calibrate: a walk through ordinary days -> limits of drift and margins of the gate, with their false-alarm rates.

Nothing is written to the registry, and to the lakehouse only computed labels that a training would write too. With ``write`` the
declaration gets the proposed values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from jobs.calibrate import drift_limits, equals, gate_margins, history, outcome, page, parameters, plan, walk
from jobs.calibrate.arguments import CalibrateArguments
from jobs.calibrate.declared_file import DeclaredFile
from jobs.calibrate.limit import Limit
from jobs.calibrate.result import CalibrateResult
from jobs.calibrate.yaml_edit import SIGN, Edit
from lakehouse.declaration import loader


def run(arguments: CalibrateArguments) -> CalibrateResult:
    """Walk, propose, print, and write where that was asked for."""
    use_case = loader.by_name(arguments.use_case)
    file = DeclaredFile.of(use_case) if arguments.write else None
    chosen = parameters.choose(use_case)
    steps = plan.make(use_case, history.built_days(use_case), arguments.first, arguments.last, arguments.refits)
    rows = history.read(use_case, steps.read_from, steps.last)
    walked = walk.through(use_case, rows, steps, chosen.point)
    watches = walked.watches
    drift = drift_limits.propose(use_case, watches, arguments.rate)
    comparisons = equals.of_walk(use_case, walked.models)
    gate = gate_margins.propose(use_case, walked.models, comparisons, arguments.rate)
    limits = [*drift.limits, *gate.margins]
    days = sorted({day for watch in watches for day in watch.days})
    result = CalibrateResult(
        status="measured",
        use_case=use_case.name,
        first=days[0],
        last=days[-1],
        days=len(days),
        windows=outcome.windows(watches, use_case.drift),
        refits=[past.day for past in walked.models],
        parameters=chosen.origin,
        rate=arguments.rate,
        expected=drift.expected,
        limits=limits,
        drift_declared=drift.declared,
        drift_proposed=drift.proposed,
        gate_declared=gate.declared,
        gate_proposed=gate.proposed,
    )
    # Before the file is written: it may be refused, and the answer took minutes.
    print(page.text(result))
    if file is None:
        print("nothing is written")
        return result
    written = file.write(_edits(limits, days[0], days[-1]))
    print(f"written to {file.file}" if written else f"{file.file} has these values already")
    return replace(result, status="written" if written else "unchanged", written=str(file.file) if written else None)


def _edits(limits: Sequence[Limit], first: dt.date, last: dt.date) -> dict[str, dict[str, Edit]]:
    """What is to be written: the fields for which another value is proposed than is declared."""
    sections: dict[str, dict[str, Edit]] = {}
    for one in limits:
        if one.changed and one.proposed is not None:
            beyond = (
                "" if one.at_proposed is None else f": {one.at_proposed.beyond} of {one.at_proposed.measured} beyond it"
            )
            comment = f"{SIGN} {first}..{last}{beyond}"
            sections.setdefault(one.section, {})[one.field] = Edit(one.proposed, comment)
    return sections
