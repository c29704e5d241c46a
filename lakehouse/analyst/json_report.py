"""An explanation of a score as JSON, for programs."""

from __future__ import annotations

import json
from dataclasses import asdict

from lakehouse.analyst.explanation import Explanation
from lakehouse.analyst.rendering import plain
from lakehouse.declaration import UseCase


def report(use_case: UseCase, explanation: Explanation) -> str:
    """One JSON object: the fields of `Explanation`, the use case, and of the reasons also margin, unit and descriptions."""
    history = [vars(event) for event in explanation.history]
    content = asdict(explanation) | {"use_case": use_case.name, "history": history}
    if explanation.decided is None:
        del content["decided"]
    if explanation.reasoned is not None:
        content["reasoned"] |= {"margin": explanation.reasoned.margin, "unit": use_case.model.objective.unit}
        descriptions = {feature.name: feature.description for feature in use_case.table_features}
        for reason in content["reasoned"]["reasons"]:
            reason["description"] = descriptions.get(reason["feature"], "")
    return json.dumps(plain(content), indent=1, ensure_ascii=False)
